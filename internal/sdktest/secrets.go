package sdktest

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// fakeSecret is longer than any text that two messages share by chance.
const fakeSecret = "IQoJb3JpZ2luX2VjEXAMPLEfakesessiontoken"

// echoes are the ways in which an answer may repeat a secret of the request. The first is for
// STS, the second for services that answer in JSON.
var echoes = map[string][2]string{
	"a message":          {"403 <ErrorResponse><Error><Code>Odd</Code><Message>got PLANTED</Message></Error></ErrorResponse>", `403 {"code":"Odd","message":"got PLANTED"}`},
	"a message, encoded": {"403 <ErrorResponse><Error><Code>Odd</Code><Message>got BASE64</Message></Error></ErrorResponse>", `403 {"code":"Odd","message":"got BASE64"}`},
	"a code":             {"400 <ErrorResponse><Error><Code>PLANTED</Code><Message>no</Message></Error></ErrorResponse>", `400 {"code":"PLANTED","message":"no"}`},
	"a request id":       {"400 <ErrorResponse><Error><Code>Odd</Code></Error><RequestId>PLANTED</RequestId></ErrorResponse>", `400 {"code":"Odd","requestId":"PLANTED"}`},
	"an element":         {"200 <PLANTED></PLANTED>", `200 {"PLANTED":"PLANTED"}`},
	"an odd element":     {"200 <a></PLANTED>", `200 {"Expiration":"PLANTED","AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"not-a-secret"}`},
	"an odd type":        {"200 <AssumeRoleResponse><AssumeRoleResult><Credentials><Expiration>PLANTED</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>", `200 {"Expiration":{"PLANTED":1}}`},
	"not XML":            {"200 PLANTED", "200 PLANTED"},
	"an error in a text": {"500 PLANTED", "400 PLANTED"},
	"a redirect":         {"302 PLANTED", "302 PLANTED"},
	"not HTTP":           {"0 PLANTED", "0 PLANTED"},
}

// echo answers with a secret of the request.
func echo(w http.ResponseWriter, r *http.Request, answers [2]string, planted string) {
	answer := answers[0]
	if r.Method == http.MethodGet {
		answer = answers[1]
	}
	status, body, _ := strings.Cut(strings.NewReplacer("PLANTED", planted, "BASE64", base64.StdEncoding.EncodeToString([]byte(planted))).Replace(answer), " ")
	code, _ := strconv.Atoi(status)
	if code == 0 {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+body+"\r\n\r\n")
			conn.Close()
		}
		return
	}
	w.Header().Set("X-Amzn-Requestid", planted)
	if code == http.StatusFound {
		w.Header().Set("Location", "https://"+planted+".example/"+planted)
	}
	w.WriteHeader(code)
	io.WriteString(w, body)
}

// LookupsRepeatNoSecrets lets STS and the metadata services put a secret of the request into
// their errors. The reported errors must not contain it. left is the text that replaces such a
// message.
func LookupsRepeatNoSecrets(t *testing.T, sdk New, left string) {
	asked := 0
	var answers [2]string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		planted := r.Header.Get("X-Amz-Security-Token") + form.Get("WebIdentityToken")
		if planted == "" {
			planted = r.Header.Get("Authorization")
		}
		echo(w, r, answers, planted)
	}))
	t.Cleanup(s.Close)
	file := WriteFile(t, "token", fakeSecret)
	role := invoke.Role{ARN: GatewayRole, SessionName: "krakend-lambda"}
	for name, tc := range map[string]struct {
		env  map[string]string
		role invoke.Role
	}{
		"a role":         {map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_SESSION_TOKEN": fakeSecret}, role},
		"a web identity": {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": GatewayRole}, invoke.Role{}},
		"a container":    {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": s.URL, "AWS_CONTAINER_AUTHORIZATION_TOKEN": fakeSecret}, invoke.Role{}},
	} {
		for how := range echoes {
			t.Run(name+", "+how, func(t *testing.T) {
				answers = echoes[how]
				tc.env["AWS_ENDPOINT_URL_STS"] = s.URL
				tc.env["AWS_MAX_ATTEMPTS"] = "2" // the delays before further attempts would take real time
				Environment(t, tc.env, "", "")
				before := asked
				client, err := sdk(t, nil, false)(invoke.Settings{Role: tc.role, Region: "eu-west-1", Endpoint: "http://127.0.0.1:1"})
				if err != nil {
					t.Fatal(err)
				}
				var e *invoke.Error
				err = Call(t.Context(), client)
				if asked == before || !errors.As(err, &e) || e.Kind != invoke.KindCredentials ||
					how == "a message" && !strings.Contains(err.Error(), left) || strings.Contains(err.Error(), fakeSecret[:16]) {
					t.Errorf("got %v after %d requests", err, asked-before)
				}
			})
		}
	}
}
