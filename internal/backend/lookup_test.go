package backend

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
	"time"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/config"
)

// The SDK's providers take answers for complete, in a goroutine where nobody can recover a
// panic: whatever they get, the process goes on, and the request has its 502.
func TestAnswersToLookups(t *testing.T) {
	const fields = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>"
	wrap := func(action, credentials string) string {
		return "<" + action + "Response><" + action + "Result>" + credentials + "</" + action + "Result></" + action + "Response>"
	}
	answers := map[string]func(action string) string{
		"nothing":   func(string) string { return "" },
		"HTML":      func(string) string { return "<html>login</html>" },
		"no result": func(action string) string { return wrap(action, "") },
		"too large": func(action string) string {
			return wrap(action, "<Credentials>"+fields+"<x>"+strings.Repeat("x", maxLookup)+"</x></Credentials>")
		},
		"too deep": func(action string) string {
			return "<" + action + "Response><" + action + "Result>" + strings.Repeat("<a>", 1_000_000)
		},
	}
	for _, field := range []string{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} {
		answers["no "+field] = func(action string) string {
			before, rest, _ := strings.Cut(fields, "<"+field+">")
			_, after, _ := strings.Cut(rest, "</"+field+">")
			return wrap(action, "<Credentials>"+before+after+"</Credentials>")
		}
	}
	webIdentity := map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")}
	for name, answer := range answers {
		for action, env := range map[string]map[string]string{"AssumeRole": keysOfEnvironment, "AssumeRoleWithWebIdentity": webIdentity} {
			t.Run(action+", "+name, func(t *testing.T) {
				environment(t, env, "", "")
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer(action)) }))
				t.Cleanup(s.Close)
				t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
				settings := map[string]any{}
				if action == "AssumeRole" {
					settings["assume_role"] = map[string]any{"role_arn": gatewayRole}
				}
				if got := sign(t, settings); !strings.Contains(got, "invocation failed: no AWS credentials in ") {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}

func TestAnswerOfSSO(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
	t.Cleanup(portal.Close)
	redirectHost(t, ssoPortal, portal.URL)
	environment(t, map[string]string{"HOME": ssoHome(t)}, ssoProfile, "")
	if got := sign(t, map[string]any{}); !strings.Contains(got, "SerializationError: \"the answer has no credentials\"") {
		t.Errorf("got %s", got)
	}
}

// The same goes for roles that the session of the build is the base of.
func TestLookupsWithTheSessionOfTheBuild(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was called", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	for name, answer := range map[string]http.Handler{
		"nothing":    http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		"a redirect": http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect),
		"no end":     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { endlessly(w) }),
		"a switch of protocols, and no word more": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
		l := &recorder{}
		f := NewFactory(Options{Logger: l, Session: testSession(t, "http://127.0.0.1:1", nil)})
		if got := signer(t, f, l, map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole}}); !strings.Contains(got, "invocation failed: no AWS credentials in the role ") {
			t.Errorf("%s: got %s", name, got)
		}
		s.Close()
	}
}

// An endpoint that a session has for Lambda is none of STS. What it says of endpoints
// otherwise is.
func TestEndpointOfSTS(t *testing.T) {
	for _, tc := range []struct{ variable, value, want string }{
		{"AWS_ENDPOINT_URL_STS", "", "https://sts.eu-west-1.amazonaws.com"},
		{"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1", "http://127.0.0.1:1"},
		{"AWS_ENDPOINT_URL", "http://127.0.0.1:3", "http://127.0.0.1:3"},
		{"AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:4", "https://sts.eu-west-1.amazonaws.com"},
		{"AWS_USE_DUALSTACK_ENDPOINT", "true", "https://sts.eu-west-1.api.aws"},
	} {
		t.Run(tc.variable+"="+tc.value, func(t *testing.T) {
			t.Setenv(tc.variable, tc.value)
			var got string
			original := http.DefaultTransport
			http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
				got = r.URL.Scheme + "://" + r.URL.Host
				return nil, io.ErrUnexpectedEOF
			})
			defer func() { http.DefaultTransport = original }()
			c := clients{given: testSession(t, "http://127.0.0.1:2", nil)}
			source, err := c.finder(keeperKey{region: "eu-west-1", role: config.Role{ARN: gatewayRole, SessionName: "gateway"}})(false)
			if err == nil {
				_, err = source.Get()
			}
			if err == nil || got != tc.want {
				t.Errorf("got %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestBadEndpointOfTheEnvironment(t *testing.T) {
	for _, variable := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"} {
		t.Run(variable, func(t *testing.T) {
			environment(t, keysOfEnvironment, "", "")
			t.Setenv(variable, "http://user:hunter2@ho st")
			l := &recorder{}
			b := NewFactory(Options{Logger: l}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "eu-west-1"})})
			if b.broken == nil || !strings.Contains(b.broken.detail, variable+": must be an http or https URL") || strings.Contains(fmt.Sprint(l.lines), "hunter2") {
				t.Errorf("got %+v, log %q", b.broken, l.lines)
			}
		})
	}
}

// Where Lambda is: as configured, else as the build's session has it, else as the
// environment has it, and at AWS's in the end.
func TestEndpointOfTheEnvironment(t *testing.T) {
	const service, all, ignore = "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
	for _, tc := range []struct {
		name       string
		variables  map[string]string
		configured string
		session    bool
		want       string
	}{
		{"none", nil, "", false, "https://lambda.eu-west-1.amazonaws.com"},
		{"Lambda's", map[string]string{service: "http://127.0.0.1:1", all: "http://127.0.0.1:2"}, "", false, "http://127.0.0.1:1"},
		{"all services'", map[string]string{all: "http://127.0.0.1:2"}, "", false, "http://127.0.0.1:2"},
		{"another service's", map[string]string{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:3"}, "", false, "https://lambda.eu-west-1.amazonaws.com"},
		{"ignored", map[string]string{service: "http://127.0.0.1:1", ignore: "true"}, "", false, "https://lambda.eu-west-1.amazonaws.com"},
		{"not ignored", map[string]string{service: "http://127.0.0.1:1", ignore: "false"}, "", false, "http://127.0.0.1:1"},
		{"beside a configured one", map[string]string{service: "http://127.0.0.1:1"}, "http://127.0.0.1:4", false, "http://127.0.0.1:4"},
		{"beside a session's", map[string]string{service: "http://127.0.0.1:1"}, "", true, "http://127.0.0.1:5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, keysOfEnvironment, "", "")
			for variable, value := range tc.variables {
				t.Setenv(variable, value)
			}
			o := Options{Logger: &recorder{}}
			if tc.session {
				o.Session = testSession(t, "http://127.0.0.1:5", nil)
			}
			settings := map[string]any{"function_name": "f", "region": "eu-west-1"}
			if tc.configured != "" {
				settings["endpoint"] = tc.configured
			}
			b := NewFactory(o).New(Spec{Settings: ns(settings)})
			lookedFor(b)
			if b.broken != nil || b.cfg.Endpoint != tc.want {
				t.Errorf("got %s, %+v, want %s", b.cfg.Endpoint, b.broken, tc.want)
			}
		})
	}
}

// A given session's credentials are replaced before their end, as others are.
func TestCredentialsOfTheSessionAreRenewed(t *testing.T) {
	p := &counting{}
	s := testSession(t, "http://127.0.0.1:1", nil)
	s.Config.Credentials = credentials.NewCredentials(p)
	c := clients{given: s, logger: &recorder{}}
	k := c.keeper(keeperKey{region: "eu-west-1"})
	k.idle()
	for want, renew := range []bool{false, true, true} {
		source, err := k.find(renew)
		if err != nil {
			t.Fatal(err)
		}
		if value, err := source.Get(); err != nil || value.AccessKeyID != fmt.Sprint("key", want+1) {
			t.Errorf("renew %t: got %s, %v, want key%d", renew, value.AccessKeyID, err, want+1)
		}
	}
}

// counting is a provider whose credentials are numbered.
type counting struct{ n int }

func (p *counting) Retrieve() (credentials.Value, error) {
	p.n++
	return credentials.Value{AccessKeyID: fmt.Sprint("key", p.n), SecretAccessKey: "s"}, nil
}
func (p *counting) IsExpired() bool      { return false }
func (p *counting) ExpiresAt() time.Time { return time.Now().Add(time.Hour) }

// The role of a container or an instance is not a profile's.
func TestProfileWithoutCredentials(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
	}))
	t.Cleanup(s.Close)
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": s.URL}, "[profile shop]\nregion = eu-west-1\n", "[shop]\naws_acces_key_id = AKIDSHOP\naws_secret_access_key = s\n")
	if got := sign(t, map[string]any{}); got != "AKIDROLE0 eu-west-1" {
		t.Fatalf("got %s", got)
	}
	for _, more := range []map[string]any{{}, {"assume_role": map[string]any{"role_arn": gatewayRole}}} {
		newSTS(t)
		more["profile"] = "shop"
		if got := sign(t, more); !strings.Contains(got, `the profile "shop" of the shared AWS files: "it has none, and those of the container or the instance are not its own"`) {
			t.Errorf("%v: got %s", more, got)
		}
	}
}

// What others put into the messages of errors is not all for the log.
func TestSecretsInErrors(t *testing.T) {
	environment(t, nil, "[default]\ncredential_process = echo warning '{SecretAccessKey:hunter2}'\n", "")
	if got := sign(t, map[string]any{}); !strings.Contains(got, "ProcessProviderParseError") || strings.Contains(got, "hunter2") {
		t.Errorf("got %s", got)
	}
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://user:hunter2@ho st/"}, "", "")
	if got := sign(t, map[string]any{}); !strings.Contains(got, "no AWS credentials") || strings.Contains(got, "hunter2") {
		t.Errorf("got %s", got)
	}
	swapped := awserr.NewRequestFailure(awserr.New("Proxied", "not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 Credential=hunter2/x'", nil), 400, "")
	if got := explain(awserr.New("Outer", "around", swapped)); got != `Outer: "around: Proxied"` || explain(swapped) != "Proxied (400)" {
		t.Errorf("got %s and %s", got, explain(swapped))
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"SecretAccessKey":"hunter2",`)
	}))
	t.Cleanup(s.Close)
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": s.URL}, "", "")
	got := sign(t, map[string]any{})
	if !strings.Contains(got, "no AWS credentials") || strings.Contains(got, "hunter2") || strings.Contains(got, "68 75 6e 74 65 72") {
		t.Errorf("got %s", got)
	}
}

// The SDK refreshes the token of an SSO session with a client of its own making, which has
// nothing but our HTTP client.
func TestTokenOfSSOGoesNowhereElse(t *testing.T) {
	home := t.TempDir()
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	// The name is the SHA-1 of the session's.
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
	if got := sign(t, map[string]any{}); !asked || !strings.Contains(got, "no AWS credentials") || strings.Contains(got, "hunter2") {
		t.Errorf("asked: %t, got %s", asked, got)
	}
}
