package sdkv2

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// once makes the SDK make only one attempt, so that tests do not wait for retries.
func once(t *testing.T) { t.Setenv("AWS_MAX_ATTEMPTS", "1") }

// Answers of the other services are checked like those of STS.
func TestAnswersOfOthers(t *testing.T) {
	once(t)
	for _, tc := range []struct {
		name, answer string
		status       int
		header       string // Content-Type
		environment  func(t *testing.T, url string)
		want         string
	}{
		{"SSO, no credentials", `{}`, 200, "", fromSSO, "the answer has no credentials"},
		{"container, null", `null`, 200, "", fromContainer, "the answer has no credentials"},
		{"container, null as its error", `null`, 400, "application/json", fromContainer, "panic: "},
		{"container, not JSON", `{"SecretAccessKey":"hunter2",`, 200, "", fromContainer, "unexpected EOF"},
		{"container, no end", strings.Repeat(" ", maxAnswer+1), 200, "", fromContainer, "larger than 64 KB"},
		{"container, empty", `{}`, 200, "", fromContainer, "access key id and secret access key are empty"},
		{"instance, null", `null`, 200, "", fromInstance, "EC2 IMDS"},
		{"aws login, no credentials", `{}`, 200, "", fromLogin, "the answer has no credentials"},
		{"aws login, incomplete", `{"accessToken":{"accessKeyId":"x"}}`, 200, "", fromLogin, "the answer has no credentials"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, nil, "", "")
			tc.environment(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
				w.Header().Set("Content-Type", tc.header)
				w.WriteHeader(tc.status)
				io.WriteString(w, tc.answer)
			}))
			if got := find(t, newSDK(nil), invoke.Settings{}); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, tc.want) || strings.Contains(got, "hunter2") {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func fromContainer(t *testing.T, url string) { t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url) }

func fromInstance(t *testing.T, url string) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
}

func fromSSO(t *testing.T, url string) {
	environment(t, map[string]string{"HOME": ssoHome(t, "tea")}, ssoSession, "")
	redirectHost(t, "portal.sso.us-west-2.amazonaws.com", url)
}

func fromLogin(t *testing.T, url string) {
	t.Setenv("AWS_LOGIN_CACHE_DIRECTORY", loginCache(t, "tea", "2020-01-01T00:00:00Z"))
	environment(t, nil, "[default]\nlogin_session = tea\n", "")
	redirectHost(t, "eu-west-1.signin.aws.amazon.com", url)
}

// A lookup does not follow redirects, and fails on an endless answer and on a switch of protocols.
func TestHostileSTS(t *testing.T) {
	once(t)
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was called", r.Method, r.URL) })
	webIdentity := map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")}
	for name, answer := range map[string]http.HandlerFunc{
		"a redirect": http.RedirectHandler(elsewhere, http.StatusTemporaryRedirect).ServeHTTP,
		"no end": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, "<a/>"); err != nil {
					return
				}
			}
		},
		"a switch of protocols, then silence": func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { conn.Close() })
			switchProtocols(rw)
		},
	} {
		url := serve(t, answer)
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL_STS", url)
			environment(t, webIdentity, "", "")
			if got := find(t, newSDK(nil), invoke.Settings{}); !strings.HasPrefix(got, "error: ") {
				t.Errorf("got %s", got)
			}
			custom := customConfig()
			custom.BaseEndpoint, custom.RetryMaxAttempts = &url, 1
			if got := find(t, newSDK(custom), invoke.Settings{Role: role}); !strings.HasPrefix(got, "error: ") {
				t.Errorf("got %s with the custom config", got)
			}
		})
	}
}

func switchProtocols(rw *bufio.ReadWriter) {
	io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	rw.Flush()
}

// A container's network may lose the answer to a request for an IMDS token: the SDK continues without
// a token.
func TestInstanceThatLosesTheToken(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		if deadline, ok := r.Context().Deadline(); !ok || time.Until(deadline) > metadataTimeout {
			t.Errorf("%s %s may take until %v", r.Method, r.URL, deadline)
		}
		body := "gateway"
		switch {
		case r.Method == http.MethodPut: // as after a timeout
			return nil, lost{}
		case strings.HasSuffix(r.URL.Path, "/gateway"):
			body = fmt.Sprintf(`{"Code":"Success","AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}))
	environment(t, nil, "", "")
	fromInstance(t, "http://metadata.test")
	if got := find(t, newSDK(nil), invoke.Settings{}); got != "AKIDROLE0" {
		t.Errorf("got %s", got)
	}
}

// lost is the error of a request that took too long. The SDK does not retry it.
type lost struct{}

func (lost) Error() string        { return "lost" }
func (lost) Timeout() bool        { return true }
func (lost) RetryableError() bool { return false }

// The SDK refreshes the token of an SSO session with another client. It does not follow redirects
// either.
func TestTokenOfSSOFollowsNoRedirects(t *testing.T) {
	once(t)
	home := ssoHomeWith(t, "tea", `{"accessToken":"old","expiresAt":"2020-01-01T00:00:00Z","clientId":"c","clientSecret":"hunter2","refreshToken":"hunter2","region":"us-west-2","startUrl":"https://tea.example.com/start"}`)
	environment(t, map[string]string{"HOME": home}, ssoSession, "")
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was called", r.Method, r.URL) })
	asked := false
	redirectHost(t, "oidc.us-west-2.amazonaws.com", serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = true
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	}))
	if got := find(t, newSDK(nil), invoke.Settings{}); !asked || !strings.HasPrefix(got, "error: ") || strings.Contains(got, "hunter2") {
		t.Errorf("asked: %t, got %s", asked, got)
	}
}

// The endpoint of STS comes from the environment, or is the region's.
func TestEndpointOfSTS(t *testing.T) {
	for _, tc := range []struct{ variable, value, region, want string }{
		{"AWS_ENDPOINT_URL_STS", "", "eu-west-1", "https://sts.eu-west-1.amazonaws.com"},
		{"AWS_ENDPOINT_URL_STS", "", "us-east-1", "https://sts.us-east-1.amazonaws.com"},
		{"AWS_ENDPOINT_URL_STS", "", "eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu"},
		{"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1", "eu-west-1", "http://127.0.0.1:1"},
		{"AWS_ENDPOINT_URL", "http://127.0.0.1:3", "eu-west-1", "http://127.0.0.1:3"},
		{"AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:4", "eu-west-1", "https://sts.eu-west-1.amazonaws.com"},
		{"AWS_USE_DUALSTACK_ENDPOINT", "true", "eu-west-1", "https://sts.eu-west-1.api.aws"},
	} {
		t.Run(tc.variable+"="+tc.value+" "+tc.region, func(t *testing.T) {
			environment(t, keysOfEnvironment, "", "")
			t.Setenv(tc.variable, tc.value)
			var got string
			replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				got = r.URL.Scheme + "://" + r.URL.Host
				return nil, badAnswer("not sent")
			}))
			// An endpoint of Lambda does not apply to STS.
			settings := invoke.Settings{Region: tc.region, Endpoint: "http://127.0.0.1:2", Role: role}
			if failed := find(t, newSDK(nil), settings); !strings.Contains(failed, "not sent") || got != tc.want {
				t.Errorf("got %s, %s, want %s", got, failed, tc.want)
			}
		})
	}
}
