package sdkv1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// writeKeys writes a key to the credentials file of the environment.
func writeKeys(t *testing.T, profile, key string) {
	t.Helper()
	content := "[" + profile + "]\naws_access_key_id = " + key + "\naws_secret_access_key = " + secretKey + "\n"
	if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A key that the operator replaces in the shared files is in use without a restart, within two
// seconds of AWS's first refusal.
func TestRotatedKey(t *testing.T) {
	environment(t, nil, "", "")
	writeKeys(t, "default", "AKIDOLD")
	s := api(t)
	s.RequireCredentials("AKIDOLD", secretKey)
	l := &recorder{}
	client := clientOf(t, New(nil, l, false), invoke.Settings{Region: "us-west-2", Endpoint: s.URL})
	if err := call(t.Context(), client); err != nil {
		t.Fatal(err)
	}

	s.RequireCredentials("AKIDNEW", secretKey)
	writeKeys(t, "default", "AKIDNEW")
	var e *invoke.Error
	if err := call(t.Context(), client); !errors.As(err, &e) || e.Code != "UnrecognizedClientException" {
		t.Fatalf("got %v", err)
	}
	refused := time.Now()
	l.await(t, "INFO [Lambda] found a new access key in the environment, the profile ")
	if took := time.Since(refused); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := call(t.Context(), client); err != nil {
		t.Error(err)
	}
}

// A key that comes after the start is found as well.
func TestKeyThatComesLater(t *testing.T) {
	environment(t, nil, "", "")
	find := New(nil, &recorder{}, false).finder(cacheKey{region: "us-west-2"})
	if found, err := find(t.Context(), false); err == nil {
		t.Fatalf("got %+v", found)
	}
	writeKeys(t, "default", "AKIDLATER")
	if found, err := find(t.Context(), false); err != nil || found.AccessKeyID != "AKIDLATER" {
		t.Errorf("got %+v, %v", found, err)
	}
}

// memory is an Invoke API and an STS, at any host and without a network.
type memory struct {
	mu      sync.Mutex
	key     string // that is accepted; empty for any
	roles   int    // that STS has handed out
	refused map[string]string
	calls   map[string]int // by host
}

// RoundTrip implements http.RoundTripper.
func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header), Request: r}
	body := "{}"
	host, _, _ := strings.Cut(r.URL.Host, ".")
	switch code := m.refused[host]; {
	case host == "sts":
		m.roles++
		body = fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, m.roles, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	case code == "" && m.key != "" && !strings.Contains(r.Header.Get("Authorization"), "Credential="+m.key+"/"):
		code = "InvalidSignatureException"
		fallthrough
	case code != "":
		answer.StatusCode = http.StatusForbidden
		answer.Header.Set("X-Amzn-Errortype", code)
	}
	m.calls[host]++
	answer.Body = io.NopCloser(strings.NewReader(body))
	return answer, nil
}

// memorySDK is an SDK that reads the shared files and calls a memory.
func memorySDK(t *testing.T, m *memory) *SDK {
	t.Helper()
	m.calls = make(map[string]int)
	custom := testSession(t, "")
	custom.Config.HTTPClient = &http.Client{Transport: m}
	return New(custom, &recorder{}, false)
}

// The traffic does not matter: a look at the keys just before the refusal does not keep new ones
// from being found, nor do many refusals.
func TestRotatedKeyUnderTraffic(t *testing.T) {
	for name, interval := range map[string]time.Duration{"1 request every 7 s": 7 * time.Second, "100 requests a second": 10 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			environment(t, nil, "", "")
			writeKeys(t, "shop", "AKIDOLD")
			synctest.Test(t, func(t *testing.T) {
				m := &memory{key: "AKIDOLD"}
				client := clientOf(t, memorySDK(t, m), invoke.Settings{Profile: "shop", Region: "us-west-2"})
				rotated := time.Now().Add(3 * time.Minute)
				var refused time.Time
				failures := 0
				for end := rotated.Add(3 * time.Minute); time.Now().Before(end); time.Sleep(interval) {
					if m.key == "AKIDOLD" && !time.Now().Before(rotated) {
						writeKeys(t, "shop", "AKIDNEW")
						m.mu.Lock()
						m.key = "AKIDNEW"
						m.mu.Unlock()
					}
					if err := call(t.Context(), client); err != nil {
						failures++
						if refused.IsZero() {
							refused = time.Now()
						}
						if since := time.Since(refused); since > 2*time.Second {
							t.Fatalf("%v, %v after the first refusal", err, since)
						}
					}
				}
				if failures == 0 {
					t.Error("the old key was accepted")
				}
			})
		})
	}
}

// An endpoint that takes all credentials for expired takes them from no other one, and does not
// have roles assumed again and again.
func TestExpiredTokensOfOneEndpoint(t *testing.T) {
	environment(t, nil, "", shopKeys)
	synctest.Test(t, func(t *testing.T) {
		m := &memory{refused: map[string]string{"bad": "ExpiredTokenException"}}
		sdk := memorySDK(t, m)
		settings := invoke.Settings{Profile: "shop", Region: "us-west-2", Role: role}
		client := func(host string) *invoke.Client {
			s := settings
			s.Endpoint = "https://" + host + ".example.com"
			return clientOf(t, sdk, s)
		}
		bad, good := client("bad"), client("good")
		start := time.Now()
		var calls sync.WaitGroup
		for time.Since(start) < time.Minute {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				if err := call(ctx, bad); err == nil {
					t.Error("the bad endpoint has answered")
				}
			})
			before := time.Now()
			if err := call(t.Context(), good); err != nil {
				t.Errorf("the good endpoint, after %v: %v", time.Since(start), err)
			}
			if waited := time.Since(before); waited > 0 && before != start {
				t.Errorf("the good endpoint has waited for %v, after %v", waited, before.Sub(start))
			}
			time.Sleep(100 * time.Millisecond)
		}
		calls.Wait()
		if m.calls["good"] != 600 || m.roles > 8 {
			t.Errorf("got %d calls of the good endpoint and %d roles assumed in a minute, want 600 and no more than 8", m.calls["good"], m.roles)
		}
	})
}
