package backend

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// bundleSDK is an SDK with a CA bundle.
type bundleSDK struct{ testSDK }

func (s bundleSDK) Client(settings invoke.Settings) (*invoke.Client, invoke.Found, error) {
	c, found, err := s.testSDK.Client(settings)
	found.CABundle = true
	return c, found, err
}

// Backends that share a client use their own transports. A backend without one uses the client's.
func TestTransports(t *testing.T) {
	var used []string
	through := func(name string) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			used = append(used, name)
			return http.DefaultTransport.RoundTrip(r)
		})
	}
	s := api(t, `{}`)
	f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL, transport: through("client")}})
	for name, transport := range map[string]func() http.RoundTripper{
		"own":    func() http.RoundTripper { return through("own") },
		"client": nil,
	} {
		used = nil
		if _, err := do(t.Context(), f.New(Spec{Settings: ns(map[string]any{"function_name": "f"}), Transport: transport}), &Request{}); err != nil {
			t.Fatal(err)
		}
		if want := []string{name}; !slices.Equal(used, want) {
			t.Errorf("the call went through %q, want %q", used, want)
		}
	}
	own := func() http.RoundTripper { return nil }
	used = nil
	if _, err := do(t.Context(), f.New(Spec{Settings: ns(map[string]any{"function_name": "f"}), Transport: own}), &Request{}); err != nil || !slices.Equal(used, []string{"client"}) {
		t.Errorf("got %v through %q, want the client's transport for a nil one", err, used)
	}
}

// A redirect from a transport is an error, and is not followed.
func TestTransportThatIsRedirected(t *testing.T) {
	calls := 0
	redirect := roundTripper(func(*http.Request) (*http.Response, error) {
		calls++
		return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"http://127.0.0.1:1"}}}, nil
	})
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: "http://127.0.0.1:1"}}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f"}), Transport: func() http.RoundTripper { return redirect },
	})
	_, err := do(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || calls != 1 {
		t.Errorf("got %v after %d calls, want a 502 after one", err, calls)
	}
}

func TestTransportBesideACABundle(t *testing.T) {
	for name, tc := range map[string]struct {
		transport func() http.RoundTripper
		warnings  int
	}{
		"a transport": {func() http.RoundTripper { return http.DefaultTransport }, 1},
		"nil":         {func() http.RoundTripper { return nil }, 0},
		"no option":   {nil, 0},
	} {
		l := &recorder{}
		NewFactory(Options{Logger: l, SDK: bundleSDK{testSDK{endpoint: "http://127.0.0.1:1"}}}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f"}), Transport: tc.transport,
		})
		lines := l.level("WARNING")
		if len(lines) != tc.warnings || tc.warnings > 0 && !strings.Contains(lines[0], "AWS_CA_BUNDLE") {
			t.Errorf("%s: got %q, want %d lines", name, lines, tc.warnings)
		}
	}
}

// The build's function is called once for a good configuration, and never during a request.
func TestTransportIsMadeOnce(t *testing.T) {
	s := api(t, `{}`)
	made := 0
	transport := func() http.RoundTripper {
		made++
		return nil
	}
	f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL}})
	if f.New(Spec{Settings: ns(map[string]any{"function_name": 1}), Transport: transport}); made != 0 {
		t.Errorf("made %d transports for a bad configuration", made)
	}
	b := f.New(Spec{Settings: ns(map[string]any{"function_name": "f"}), Transport: transport})
	for range 3 {
		if _, err := do(t.Context(), b, &Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if made != 1 {
		t.Errorf("made %d transports, want 1", made)
	}

	l := &recorder{}
	var r Report
	NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}, CheckOnly: true}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f"}), Transport: func() http.RoundTripper { panic("boom") }, Report: func(got Report) { r = got },
	})
	if r.Err == nil || !strings.HasPrefix(r.Err.Error(), "WithTransport: panic: ") || !strings.Contains(r.Err.Error(), "boom") || len(l.level("ERROR")) != 1 {
		t.Errorf("got %+v, log %q; want the panic as a bad configuration", r, l.lines)
	}
}
