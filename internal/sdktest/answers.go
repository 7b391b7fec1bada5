package sdktest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// AnswersToLookups lets STS return answers that are incomplete, too large or too deep. The SDK reads
// them in a goroutine in which this module cannot recover a panic. Each must become an error of the
// request. limit is the size of the largest answer, in bytes.
func AnswersToLookups(t *testing.T, sdk New, limit int) {
	const fields = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>"
	wrap := func(action, credentials string) string {
		return "<" + action + "Response><" + action + "Result>" + credentials + "</" + action + "Result></" + action + "Response>"
	}
	answers := map[string]func(action string) string{
		"nothing":   func(string) string { return "" },
		"HTML":      func(string) string { return "<html>login</html>" },
		"no result": func(action string) string { return wrap(action, "") },
		"too large": func(action string) string {
			return wrap(action, "<Credentials>"+fields+"<x>"+strings.Repeat("x", limit)+"</x></Credentials>")
		},
		"deep": func(action string) string {
			return "<" + action + "Response><" + action + "Result>" + strings.Repeat("<a>", limit/4)
		},
	}
	for _, field := range []string{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} {
		answers["no "+field] = func(action string) string {
			before, rest, _ := strings.Cut(fields, "<"+field+">")
			_, after, _ := strings.Cut(rest, "</"+field+">")
			return wrap(action, "<Credentials>"+before+after+"</Credentials>")
		}
	}
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}
	webIdentity := map[string]string{"AWS_ROLE_ARN": GatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": WriteFile(t, "token", "web-identity")}
	for name, answer := range answers {
		for action, env := range map[string]map[string]string{"AssumeRole": keys, "AssumeRoleWithWebIdentity": webIdentity} {
			t.Run(action+", "+name, func(t *testing.T) {
				Environment(t, env, "", "")
				asked := false
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					asked = true
					io.WriteString(w, answer(action))
				}))
				t.Cleanup(s.Close)
				t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
				t.Setenv("AWS_MAX_ATTEMPTS", "1")
				settings := invoke.Settings{Region: "eu-west-1", Endpoint: "http://127.0.0.1:1"}
				if action == "AssumeRole" {
					settings.Role = invoke.Role{ARN: GatewayRole, SessionName: "krakend-lambda"}
				}
				client, err := sdk(t, nil, false)(settings)
				if err != nil {
					t.Fatal(err)
				}
				var e *invoke.Error
				if err := Call(t.Context(), client); !asked || !errors.As(err, &e) || e.Kind != invoke.KindCredentials {
					t.Errorf("got %v, want an error of the credentials", err)
				}
			})
		}
	}
}
