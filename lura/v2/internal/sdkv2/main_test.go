package sdkv2

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
)

// TestMain hides the machine's AWS configuration from the tests.
func TestMain(m *testing.M) {
	if url := os.Getenv(processURL); url != "" {
		http.Get(url)
		return
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	leaktest.Main(m)
}

const gatewayRole = "arn:aws:iam::123456789012:role/gateway"

var (
	role              = invoke.Role{ARN: gatewayRole, SessionName: "krakend-lambda"}
	keysOfEnvironment = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}
)

const (
	defaultKeys = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = s\n"
	shopKeys    = "[shop]\naws_access_key_id = AKIDSHOP\naws_secret_access_key = s\n"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// environment sets variables of the environment, and the shared AWS files.
func environment(t *testing.T, env map[string]string, config, credentials string) {
	t.Helper()
	for k, v := range env {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", config))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", writeFile(t, "credentials", credentials))
}

// customConfig returns a config like that of a build.
func customConfig() *aws.Config {
	return &aws.Config{
		Region:      "us-west-2",
		Credentials: sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}
}

// serve starts a server on loopback and returns its URL.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// An stsCall is a request to STS.
type stsCall struct {
	url.Values
	authorization string
}

// signed returns the access key id and the region of the signature. Both are empty without one.
func (c stsCall) signed() string {
	if m := regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/sts/`).FindStringSubmatch(c.authorization); m != nil {
		return m[1] + " " + m[2]
	}
	return ""
}

// fakeSTS returns the credentials AKIDROLE1, AKIDROLE2 and so on.
type fakeSTS struct {
	mu    sync.Mutex
	calls []stsCall
}

func newSTS(t *testing.T) *fakeSTS {
	t.Helper()
	s := new(fakeSTS)
	t.Setenv("AWS_ENDPOINT_URL_STS", serve(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.calls = append(s.calls, stsCall{r.PostForm, r.Header.Get("Authorization")})
		n := len(s.calls)
		s.mu.Unlock()
		fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials>`+
			`<AccessKeyId>AKIDROLE%[2]d</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>`+
			`<Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
			r.PostForm.Get("Action"), n, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	return s
}

func (s *fakeSTS) received() []stsCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// silent is a logger that drops all lines.
type silent struct{}

func (silent) Debug(...any)   {}
func (silent) Info(...any)    {}
func (silent) Warning(...any) {}
func (silent) Error(...any)   {}

// newSDK returns an SDK that logs nothing. Without a custom config it reads the environment.
func newSDK(custom *aws.Config) *SDK { return NewSDK(custom, silent{}, false) }

// clientOf returns the client for settings.
func clientOf(t *testing.T, sdk *SDK, settings invoke.Settings) *invoke.Client {
	t.Helper()
	client, _, err := sdk.Client(settings)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// call calls the function f.
func call(ctx context.Context, client *invoke.Client) error {
	return client.Invoke(ctx, &invoke.Request{Function: "f"}, &invoke.Policy{}, func(*invoke.Response) error { return nil })
}

// target returns the target for settings. The default region is eu-west-1.
func target(t *testing.T, sdk *SDK, s invoke.Settings) invoke.Target {
	t.Helper()
	s.Region = cmp.Or(s.Region, "eu-west-1")
	got, _, err := sdk.target(s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// finder returns the Finder for valid settings.
func finder(t *testing.T, sdk *SDK, s invoke.Settings) credentials.Finder {
	t.Helper()
	target(t, sdk, s)
	return sdk.lookups(keyOf(s)).Find
}

func keyOf(s invoke.Settings) cacheKey {
	return cacheKey{s.Profile, cmp.Or(s.Region, "eu-west-1"), s.Role}
}

// find looks up the credentials for settings. It returns the id of the key, or the error.
func find(t *testing.T, c *SDK, s invoke.Settings) string {
	t.Helper()
	return findWithin(t.Context(), t, c, s, false)
}

func findWithin(ctx context.Context, t *testing.T, c *SDK, s invoke.Settings, renew bool) string {
	t.Helper()
	found, err := finder(t, c, s)(ctx, renew)
	if err != nil {
		return "error: " + err.Error()
	}
	if temporary := strings.HasPrefix(found.AccessKeyID, "AKIDROLE"); temporary != (found.SessionToken == "role-token") || temporary == found.Expires.IsZero() {
		t.Errorf("%s: got the session token %q, which expires at %v", found.AccessKeyID, found.SessionToken, found.Expires)
	}
	if found.Source == "" {
		t.Errorf("%s: got no source", found.AccessKeyID)
	}
	return found.AccessKeyID
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// replaceDefaultTransport replaces http.DefaultTransport, as KrakenD's router does when it starts.
func replaceDefaultTransport(t *testing.T, with http.RoundTripper) {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = with
	t.Cleanup(func() { http.DefaultTransport = before })
}

// redirectHost sends HTTPS requests for a host to a server over HTTP.
func redirectHost(t *testing.T, host, server string) {
	t.Helper()
	original := http.DefaultTransport
	replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == host {
			r = r.Clone(r.Context())
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server, "http://")
		}
		return original.RoundTrip(r)
	}))
}

// message returns an event of an event stream.
func message(t *testing.T, event, payload string) []byte {
	t.Helper()
	return encode(t, map[string]string{":message-type": "event", ":event-type": event}, payload)
}

// exception returns an exception of an event stream.
func exception(t *testing.T, kind, payload string) []byte {
	t.Helper()
	return encode(t, map[string]string{":message-type": "exception", ":exception-type": kind}, payload)
}

func encode(t *testing.T, headers map[string]string, payload string) []byte {
	t.Helper()
	m := eventstream.Message{Payload: []byte(payload)}
	for k, v := range headers {
		m.Headers.Set(k, eventstream.StringValue(v))
	}
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
