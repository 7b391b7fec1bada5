package sdkv1

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// fakeSecret is longer than what two texts may share.
const fakeSecret = "IQoJb3JpZ2luX2VjEXAMPLEfake-session-token"

// Errors of STS and of the metadata services repeat no secret of the request, whatever their code.
func TestLookupsRepeatNoSecrets(t *testing.T) {
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
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(fakeSecret), 0o600); err != nil {
		t.Fatal(err)
	}
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
			environment(t, tc.env, "", "")
			before := asked
			got := sign(t, invoke.Settings{Role: tc.role})
			if asked == before || !strings.Contains(got, "no AWS credentials") || !strings.Contains(got, secretMessage) || strings.Contains(got, fakeSecret[:16]) {
				t.Errorf("got %s after %d requests", got, asked-before)
			}
		})
	}
}
