package transport

import (
	"crypto/tls"
	"net/http"
	"runtime"
	"sync"
)

// Default returns a transport that is http.DefaultTransport as it is at the time of each call:
// KrakenD replaces that one when its router starts, after the pipes are built.
func Default() http.RoundTripper { return current{} }

type current struct{}

// RoundTrip implements http.RoundTripper.
func (current) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r)
}

// WithCertificates returns a transport that is Default with the certificates of own, which an
// AWS SDK has made of AWS_CA_BUNDLE and the like. Own itself is used only where
// http.DefaultTransport takes no certificates. The rest of own's settings are Go's or the SDK's,
// not KrakenD's: it would keep a few idle connections for a host, and a gateway under load would
// dial for most of its calls.
func WithCertificates(own *http.Transport) http.RoundTripper { return &trusting{own: own} }

// HasCertificates tells whether rt is a transport of WithCertificates. It is false for nil.
func HasCertificates(rt http.RoundTripper) bool {
	_, ok := rt.(*trusting)
	return ok
}

type trusting struct {
	own *http.Transport

	mu   sync.Mutex
	base *http.Transport // that with is made of; nil before the first call
	with *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *trusting) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.transport().RoundTrip(r)
}

func (t *trusting) transport() *http.Transport {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok || base.DialTLSContext != nil { // the build's own kind, which takes no certificates
		return t.own
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.base != base {
		if t.with != nil {
			t.with.CloseIdleConnections()
		}
		t.base, t.with = base, withCertificates(base, t.own.TLSClientConfig)
		// A build that restarts its router drops the backends, and has no way to close their
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
		// An operator who names authorities wants servers to be verified, whatever holds for
		// other backends.
		with.TLSClientConfig.RootCAs, with.TLSClientConfig.InsecureSkipVerify = own.RootCAs, false
	}
	if len(own.Certificates) > 0 {
		with.TLSClientConfig.Certificates = own.Certificates
	}
	return with
}

// CloseIdleConnections closes the connections that no call uses.
func (t *trusting) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.with != nil {
		t.with.CloseIdleConnections()
	}
	t.own.CloseIdleConnections()
}
