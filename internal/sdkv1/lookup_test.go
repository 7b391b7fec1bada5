package sdkv1

import (
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws/awserr"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestAnswerOfSSO(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
	t.Cleanup(portal.Close)
	redirectHost(t, ssoPortal, portal.URL)
	environment(t, map[string]string{"HOME": ssoHome(t, ssoURL)}, ssoProfile, "")
	if got := sign(t, invoke.Settings{}); !strings.Contains(got, "SerializationError: 'the answer has no credentials'") {
		t.Errorf("got %s", got)
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// This also applies to roles based on the build's session.
func TestLookupsWithTheSessionOfTheBuild(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was called", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	for name, answer := range map[string]http.Handler{
		"nothing":    http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		"a redirect": http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect),
		"no end":     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, endless{}) }),
		"a switch of protocols, then silence": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { conn.Close() })
			io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			rw.Flush()
		}),
	} {
		s := httptest.NewServer(answer)
		t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
		sdk := New(testSession(t, "http://127.0.0.1:1"), &recorder{}, false)
		if got := signer(t, sdk, invoke.Settings{Role: role}); !strings.HasPrefix(got, "no AWS credentials in the role ") {
			t.Errorf("%s: got %s", name, got)
		}
		s.Close()
	}
}

// Secrets in foreign error messages stay out of the log.
func TestSecretsInErrors(t *testing.T) {
	environment(t, nil, "[default]\ncredential_process = echo warning '{SecretAccessKey:hunter2}'\n", "")
	if got := sign(t, invoke.Settings{}); !strings.Contains(got, "ProcessProviderParseError") || strings.Contains(got, "hunter2") {
		t.Errorf("got %s", got)
	}
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://user:hunter2@ho st/"}, "", "")
	if got := sign(t, invoke.Settings{}); !strings.Contains(got, "no AWS credentials") || strings.Contains(got, "hunter2") {
		t.Errorf("got %s", got)
	}
	swapped := awserr.NewRequestFailure(awserr.New("Proxied", "not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 Credential=hunter2/x'", nil), 400, "")
	if got := describe(awserr.New("Outer", "around", swapped)); got != "Outer: 'around: Proxied'" || describe(swapped) != "Proxied (400)" {
		t.Errorf("got %s and %s", got, describe(swapped))
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"SecretAccessKey":"hunter2",`)
	}))
	t.Cleanup(s.Close)
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": s.URL}, "", "")
	got := sign(t, invoke.Settings{})
	if !strings.Contains(got, "no AWS credentials") || strings.Contains(got, "hunter2") || strings.Contains(got, "68 75 6e 74 65 72") {
		t.Errorf("got %s", got)
	}
}

// The SDK refreshes the token of an SSO session with another client, but with this module's HTTP
// client: redirects are not followed.
func TestTokenOfSSOFollowsNoRedirects(t *testing.T) {
	home := t.TempDir()
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	// The file's name is the SHA-1 of the session's name.
	name := fmt.Sprintf("%x.json", sha1.Sum([]byte("tea")))
	token := `{"accessToken":"old","expiresAt":"2020-01-01T00:00:00Z","clientId":"c","clientSecret":"hunter2","refreshToken":"hunter2","region":"us-west-2","startUrl":"https://tea.example.com/start"}`
	if err := os.WriteFile(filepath.Join(cache, name), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, map[string]string{"HOME": home}, "[default]\nsso_session = tea\nsso_account_id = 123456789012\nsso_role_name = Gateway\n"+
		"[sso-session tea]\nsso_start_url = https://tea.example.com/start\nsso_region = us-west-2\n", "")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was called", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	asked := false
	oidc := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = true
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(oidc.Close)
	redirectHost(t, "oidc.us-west-2.amazonaws.com", oidc.URL)
	if got := sign(t, invoke.Settings{}); !asked || !strings.Contains(got, "no AWS credentials") || strings.Contains(got, "hunter2") {
		t.Errorf("asked: %t, got %s", asked, got)
	}
}
