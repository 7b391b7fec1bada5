package sdktest

import (
	"net/http"
	"strings"
	"testing"
)

// RoundTripper is a function as a transport.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ReplaceDefaultTransport does what KrakenD's router does when it starts.
func ReplaceDefaultTransport(t *testing.T, with http.RoundTripper) {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = with
	t.Cleanup(func() { http.DefaultTransport = before })
}

// RedirectHost sends what goes to a host over HTTPS to a server over HTTP.
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
