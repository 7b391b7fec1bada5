package backend

import (
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestClientsAreShared(t *testing.T) {
	t.Setenv("AWS_REGION", "us-west-2")
	f := NewFactory(Options{Logger: &recorder{}})
	client := func(settings map[string]any) Invoker {
		t.Helper()
		settings["function_name"] = "f"
		b := f.New(Spec{Settings: ns(settings)})
		if b.broken != nil {
			t.Fatal(b.broken.detail)
		}
		return b.invoker
	}
	first := client(map[string]any{})
	for name, settings := range map[string]map[string]any{
		"the same settings":   {},
		"the region, spelled": {"region": "us-west-2"},
		"other retries":       {"max_retries": 0},
	} {
		if client(settings) != first {
			t.Errorf("%s: got another client", name)
		}
	}
	for name, settings := range map[string]map[string]any{
		"another region":   {"region": "eu-west-1"},
		"another endpoint": {"endpoint": "http://127.0.0.1:1"},
	} {
		if client(settings) == first {
			t.Errorf("%s: got the same client", name)
		}
	}
}

func TestRegion(t *testing.T) {
	shared := writeFile(t, "config", "[default]\nregion = ap-south-1\n")
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings map[string]any
		want     string
	}{
		{"configured", map[string]string{"AWS_REGION": "eu-west-1"}, map[string]any{"region": "us-west-2"}, "us-west-2"},
		{"the ARN's", map[string]string{"AWS_REGION": "eu-west-1"}, map[string]any{"function_name": "arn:aws:lambda:us-east-2:123456789012:function:f"}, "us-east-2"},
		{"AWS_REGION", map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, nil, "eu-west-1"},
		{"AWS_DEFAULT_REGION", map[string]string{"AWS_DEFAULT_REGION": "eu-west-2", "AWS_CONFIG_FILE": shared}, nil, "eu-west-2"},
		{"shared config", map[string]string{"AWS_CONFIG_FILE": shared}, nil, "ap-south-1"},
		{"the documentation's, which is none", nil, map[string]any{"region": "us-west1"}, "us-west1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			settings := map[string]any{"function_name": "f"}
			maps.Copy(settings, tc.settings)
			l := &recorder{}
			b := NewFactory(Options{Logger: l}).New(Spec{Settings: ns(settings)})
			if b.broken != nil {
				t.Fatal(b.broken.detail)
			}
			if b.cfg.Region != tc.want || b.cfg.Endpoint != "https://lambda."+tc.want+".amazonaws.com" {
				t.Errorf("got %s at %s, want %s", b.cfg.Region, b.cfg.Endpoint, tc.want)
			}
			if got, want := len(l.level("WARNING")), map[bool]int{true: 1}[tc.want == "us-west1"]; got != want {
				t.Errorf("got warnings %q, want %d", l.level("WARNING"), want)
			}
		})
	}
}

func TestClientErrors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings map[string]any
		want     string
	}{
		{"no region", nil, nil, "region: none is configured, and none is in AWS_REGION, AWS_DEFAULT_REGION or the shared config"},
		{"no region, but an endpoint", nil, map[string]any{"endpoint": "http://127.0.0.1:1"}, "region: none is configured"},
		{"a region that is none, from the environment", map[string]string{"AWS_REGION": "us west"}, nil, `region: the AWS SDK finds no endpoint for "us west"`},
		{"a CA bundle that is not there", map[string]string{"AWS_REGION": "us-west-2", "AWS_CA_BUNDLE": "/does/not/exist"}, nil, "the AWS SDK makes no session"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			settings := map[string]any{"function_name": "f"}
			maps.Copy(settings, tc.settings)
			l := &recorder{}
			f := NewFactory(Options{Logger: l})
			for range 2 { // an error is an error for all backends
				_, err := invoke(t.Context(), f.New(Spec{Settings: ns(settings)}), &Request{})
				var e *Error
				if !errors.As(err, &e) || e.StatusCode() != http.StatusInternalServerError {
					t.Errorf("got %v, want a 500", err)
				}
			}
			lines := l.level("ERROR")
			if len(lines) != 2 || !strings.Contains(lines[0], tc.want) || !strings.Contains(lines[1], tc.want) {
				t.Errorf("got log %q, want %q in it, twice", lines, tc.want)
			}
		})
	}
}

func TestNoSessionWithoutBackends(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/does/not/exist")
	f := NewFactory(Options{Logger: &recorder{}})
	if len(f.clients.sessions) != 0 {
		t.Errorf("got sessions %v before the first backend", f.clients.sessions)
	}
}

func TestHTTPClient(t *testing.T) {
	s, err := newSession(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Config.HTTPClient == http.DefaultClient || s.Config.HTTPClient.Transport != nil {
		t.Error("got a client that is http.DefaultClient, or has a transport of its own")
	}

	given := session.Must(session.NewSession(&aws.Config{HTTPClient: &http.Client{Timeout: 7}}))
	s, err = newSession(given, "")
	if err != nil {
		t.Fatal(err)
	}
	if s == given || s.Config.HTTPClient == given.Config.HTTPClient || s.Config.HTTPClient.Timeout != 7 || given.Config.HTTPClient.CheckRedirect != nil {
		t.Error("the given session's client is not used, or changed")
	}

	given.Config.HTTPClient = nil
	if s, err = newSession(given, ""); err != nil || s.Config.HTTPClient == nil {
		t.Errorf("got %v, %v; want a client", s.Config.HTTPClient, err)
	}
}

// With AWS_CA_BUNDLE, the SDK changes the client that it is given.
func TestDefaultClientIsNotChanged(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{
		Type: "CERTIFICATE", Bytes: httptestCertificate(t),
	}))))
	s, err := newSession(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Config.HTTPClient.Transport == nil {
		t.Error("the bundle is not used")
	}
	if http.DefaultClient.Transport != nil {
		http.DefaultClient.Transport = nil
		t.Error("http.DefaultClient has been changed")
	}
}

func httptestCertificate(t *testing.T) []byte {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	return s.Certificate().Raw
}

// Every backend has its warnings, also where it shares a client, and pipes may be
// built at once.
func TestClientsConcurrently(t *testing.T) {
	l := &recorder{}
	f := NewFactory(Options{Logger: l})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, region := range []string{"us-west1", "us-west2"} {
				f.New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": region})})
			}
		})
	}
	wg.Wait()
	if n := len(l.level("WARNING")); n != 16 {
		t.Errorf("got %d warnings, want 16", n)
	}
	if n := len(f.clients.made); n != 2 {
		t.Errorf("got %d clients, want 2", n)
	}
}

// A session that cannot be made is not tried again for the next backend.
func TestSessionIsMadeOnce(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/does/not/exist")
	f := NewFactory(Options{Logger: &recorder{}})
	settings := ns(map[string]any{"function_name": "f", "region": "us-west-2"})
	f.New(Spec{Settings: settings})
	t.Setenv("AWS_CA_BUNDLE", "")
	if b := f.New(Spec{Settings: settings}); b.broken == nil {
		t.Error("the second backend has a session")
	}
}

// KrakenD replaces http.DefaultTransport after the pipes are built.
func TestDefaultTransportAtTheTimeOfTheCall(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{}, nil)
	used := false
	transport := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = transport })
	http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		used = true
		return transport.RoundTrip(r)
	})
	if _, err := invoke(t.Context(), b, &Request{}); err != nil || !used {
		t.Errorf("got %v, transport used: %t", err, used)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect has been followed")
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, s.URL, nil)}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f"}), Method: "POST",
		})
		_, err := invoke(t.Context(), b, &Request{Body: &body{Reader: strings.NewReader("{}")}})
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
			t.Errorf("%d: got %v, want a 502", status, err)
		}
	}
}

func TestCredentialsFromTheSharedFile(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	t.Cleanup(s.Close)
	s.RequireCredentials("AKIDFROMFILE", "not-a-secret-either")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", writeFile(t, "credentials", "[default]\naws_access_key_id = AKIDFROMFILE\naws_secret_access_key = not-a-secret-either\n"))
	b := NewFactory(Options{Logger: &recorder{}}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "us-west-2", "endpoint": s.URL})})
	if _, err := invoke(t.Context(), b, &Request{}); err != nil {
		t.Error(err)
	}
}

func TestNoCredentials(t *testing.T) {
	s := api(t, `{}`)
	l := &recorder{}
	b := NewFactory(Options{Logger: l}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "us-west-2", "endpoint": s.URL})})
	_, err := invoke(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || e.kind != "NoCredentialProviders" || len(s.Calls()) != 0 {
		t.Errorf("got %v after %d calls, want a 502 without one", err, len(s.Calls()))
	}
	const where = "no AWS credentials in the environment, the profile \"default\" of the shared AWS files, and the metadata service of the container or the instance: NoCredentialProviders: "
	lines := l.level("ERROR")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "ERROR [Lambda] "+where) || !strings.HasPrefix(lines[1], "ERROR [BACKEND: ][Lambda] invocation failed: "+where) {
		t.Errorf("got log %q, want it to say where they were looked for, at start and of the request", lines)
	}
}
