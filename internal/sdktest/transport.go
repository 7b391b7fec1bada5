package sdktest

import (
	"net/http"
	"strings"
	"testing"
)

// RoundTripper makes a function a transport.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ReplaceDefaultTransport sets http.DefaultTransport, as KrakenD's router does at start, until the end of
// the test.
func ReplaceDefaultTransport(t *testing.T, with http.RoundTripper) {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = with
	t.Cleanup(func() { http.DefaultTransport = before })
}

// RedirectHost sends requests for a host to a server over HTTP instead, until the end of the test.
func RedirectHost(t *testing.T, host, server string) {
	t.Helper()
	original := http.DefaultTransport
	ReplaceDefaultTransport(t, RoundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == host {
			r = r.Clone(r.Context())
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server, "http://")
		}
		return original.RoundTrip(r)
	}))
}
