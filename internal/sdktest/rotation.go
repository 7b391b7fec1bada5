package sdktest

import (
	"context"
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

// writeKey writes a key of the profile shop to the credentials file of the environment.
func writeKey(t *testing.T, key string) {
	t.Helper()
	content := "[shop]\naws_access_key_id = " + key + "\naws_secret_access_key = s\n"
	if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A Memory is an Invoke API and an STS in memory, for any host.
type Memory struct {
	mu      sync.Mutex
	key     string // the accepted key; empty accepts any
	roles   int    // assumed roles
	refused map[string]string
	calls   map[string]int // by host
}

// NewMemory returns an API that accepts one key, or any if key is empty.
func NewMemory(key string) *Memory { return &Memory{key: key, calls: make(map[string]int)} }

// RoundTrip implements http.RoundTripper.
func (m *Memory) RoundTrip(r *http.Request) (*http.Response, error) {
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

// RotatedKeyUnderTraffic replaces a key in the shared files under traffic. The new key must be
// found even if the SDK read the files just before the refusal, and after many refusals. The tests
// of internal/credentials change the key at more points in time.
func RotatedKeyUnderTraffic(t *testing.T, sdk New) {
	for name, traffic := range map[string]struct{ interval, before, after time.Duration }{
		"1 request every 7 s":   {7 * time.Second, 3 * time.Minute, 3 * time.Minute},
		"100 requests a second": {10 * time.Millisecond, 65 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			Environment(t, nil, "", "")
			writeKey(t, "AKIDOLD")
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory("AKIDOLD")
				client, err := sdk(t, m, false)(invoke.Settings{Profile: "shop", Region: "us-west-2"})
				if err != nil {
					t.Fatal(err)
				}
				rotated := time.Now().Add(traffic.before)
				var refused time.Time
				failures := 0
				for end := rotated.Add(traffic.after); time.Now().Before(end); time.Sleep(traffic.interval) {
					if m.key == "AKIDOLD" && !time.Now().Before(rotated) {
						writeKey(t, "AKIDNEW")
						m.mu.Lock()
						m.key = "AKIDNEW"
						m.mu.Unlock()
					}
					if err := Call(t.Context(), client); err != nil {
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

// ExpiredTokensOfOneEndpoint lets one endpoint refuse all credentials as expired. The other
// endpoints must keep their credentials, and roles must not be assumed again and again.
func ExpiredTokensOfOneEndpoint(t *testing.T, sdk New) {
	Environment(t, nil, "", "")
	writeKey(t, "AKIDSHOP")
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory("")
		m.refused = map[string]string{"bad": "ExpiredTokenException"}
		newClient := sdk(t, m, false)
		client := func(host string) *invoke.Client {
			c, err := newClient(invoke.Settings{
				Profile: "shop", Region: "us-west-2", Endpoint: "https://" + host + ".example.com",
				Role: invoke.Role{ARN: GatewayRole, SessionName: "krakend-lambda"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		bad, good := client("bad"), client("good")
		start := time.Now()
		var calls sync.WaitGroup
		for time.Since(start) < time.Minute {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				if err := Call(ctx, bad); err == nil {
					t.Error("got no error from the bad endpoint")
				}
			})
			before := time.Now()
			if err := Call(t.Context(), good); err != nil {
				t.Errorf("the good endpoint, after %v: %v", time.Since(start), err)
			}
			if waited := time.Since(before); waited > 0 && before != start {
				t.Errorf("the good endpoint waited for %v, after %v", waited, before.Sub(start))
			}
			time.Sleep(100 * time.Millisecond)
		}
		calls.Wait()
		if m.calls["good"] != 600 || m.roles > 8 {
			t.Errorf("got %d calls of the good endpoint and %d roles assumed in a minute, want 600 and no more than 8", m.calls["good"], m.roles)
		}
	})
}
