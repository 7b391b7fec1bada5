package transport

import (
	"crypto/tls"
	"net/http"
	"runtime"
	"sync"
)

// Default returns a transport that uses http.DefaultTransport as it is at the time of each call:
// KrakenD replaces it when its router starts, after the pipes are built.
func Default() http.RoundTripper { return current{} }

type current struct{}

// RoundTrip implements http.RoundTripper.
func (current) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r)
}

// WithCertificates returns a transport that is Default with the certificates of own, which an
// AWS SDK has made from AWS_CA_BUNDLE and similar settings. It uses own itself only if
// http.DefaultTransport does not accept certificates. The rest of own's settings come from Go or
// the SDK, not from KrakenD: own would keep few idle connections for a host, and a gateway under
// load would dial for most of its calls.
func WithCertificates(own *http.Transport) http.RoundTripper { return &trusting{own: own} }

// HasCertificates tells whether WithCertificates made rt. It returns false for nil.
func HasCertificates(rt http.RoundTripper) bool {
	_, ok := rt.(*trusting)
	return ok
}

type trusting struct {
	own *http.Transport

	mu   sync.Mutex
	base *http.Transport // the base of with; nil before the first call
	with *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *trusting) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.transport().RoundTrip(r)
}

func (t *trusting) transport() *http.Transport {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok || base.DialTLSContext != nil { // a custom transport, which accepts no certificates
		return t.own
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.base != base {
		if t.with != nil {
			t.with.CloseIdleConnections()
		}
		t.base, t.with = base, withCertificates(base, t.own.TLSClientConfig)
		// A build that restarts its router drops the backends, and cannot close their
		// connections.
		runtime.AddCleanup(t, (*http.Transport).CloseIdleConnections, t.with)
	}
	return t.with
}

// withCertificates returns a copy of base with the certificates of own, which may be nil.
func withCertificates(base *http.Transport, own *tls.Config) *http.Transport {
	with := base.Clone()
	if own == nil {
		return with
	}
	if with.TLSClientConfig == nil {
		with.TLSClientConfig = new(tls.Config)
	}
	if own.RootCAs != nil {
		// An operator who configures authorities wants servers to be verified, regardless of the
		// settings for other backends.
		with.TLSClientConfig.RootCAs, with.TLSClientConfig.InsecureSkipVerify = own.RootCAs, false
	}
	if len(own.Certificates) > 0 {
		with.TLSClientConfig.Certificates = own.Certificates
	}
	return with
}

// CloseIdleConnections closes the idle connections.
func (t *trusting) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.with != nil {
		t.with.CloseIdleConnections()
	}
	t.own.CloseIdleConnections()
}
