package sdktest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// fakeSecret is longer than what two texts may share.
const fakeSecret = "IQoJb3JpZ2luX2VjEXAMPLEfake-session-token"

// LookupsRepeatNoSecrets has STS and the metadata services put a secret of the request into their
// errors, which are then told without. left is what stands for such a message.
func LookupsRepeatNoSecrets(t *testing.T, sdk New, left string) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		planted := r.Header.Get("X-Amz-Security-Token") + form.Get("WebIdentityToken")
		if planted == "" {
			planted = r.Header.Get("Authorization")
		}
		w.WriteHeader(http.StatusForbidden)
		if r.Method == http.MethodGet {
			fmt.Fprintf(w, `{"code":"Odd","message":"got %s"}`, planted)
			return
		}
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>Odd</Code><Message>got %s</Message></Error></ErrorResponse>`, planted)
	}))
	t.Cleanup(s.Close)
	file := write(t, "token", fakeSecret)
	role := invoke.Role{ARN: gatewayRole, SessionName: "krakend-lambda"}
	for name, tc := range map[string]struct {
		env  map[string]string
		role invoke.Role
	}{
		"a role":         {map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_SESSION_TOKEN": fakeSecret}, role},
		"a web identity": {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": gatewayRole}, invoke.Role{}},
		"a container":    {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": s.URL, "AWS_CONTAINER_AUTHORIZATION_TOKEN": fakeSecret}, invoke.Role{}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.env["AWS_ENDPOINT_URL_STS"] = s.URL
			environment(t, tc.env, "")
			before := asked
			client, err := sdk(t, nil, false)(invoke.Settings{Role: tc.role, Region: "eu-west-1", Endpoint: "http://127.0.0.1:1"})
			if err != nil {
				t.Fatal(err)
			}
			var e *invoke.Error
			if err := call(t.Context(), client); asked == before || !errors.As(err, &e) || e.Kind != invoke.KindCredentials ||
				!strings.Contains(err.Error(), left) || strings.Contains(err.Error(), fakeSecret[:16]) {
				t.Errorf("got %v after %d requests", err, asked-before)
			}
		})
	}
}
