package backend

import (
	"crypto/tls"
	"net/http"
	"sync"
)

// trusting is http.DefaultTransport, as it is at the time of the call, with the
// certificates that the SDK has found for its calls (AWS_CA_BUNDLE and the like). The
// transport that the SDK makes for them has Go's settings, not KrakenD's: it keeps two idle
// connections for a host, and a gateway under load would dial for most of its calls.
type trusting struct {
	own *http.Transport // the SDK's

	mu   sync.Mutex
	base *http.Transport // that with is made of; nil before the first call
	with *http.Transport
}

var _ http.RoundTripper = (*trusting)(nil)

// RoundTrip implements http.RoundTripper.
func (t *trusting) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.transport().RoundTrip(r)
}

func (t *trusting) transport() *http.Transport {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok || base.DialTLSContext != nil { // of a build's own kind, which takes no certificates
		return t.own
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.base != base {
		if t.with != nil {
			t.with.CloseIdleConnections()
		}
		t.base, t.with = base, base.Clone()
		if t.with.TLSClientConfig == nil {
			t.with.TLSClientConfig = new(tls.Config)
		}
		if own := t.own.TLSClientConfig.RootCAs; own != nil {
			// Who names authorities wants servers to be verified, whatever holds for others.
			t.with.TLSClientConfig.RootCAs, t.with.TLSClientConfig.InsecureSkipVerify = own, false
		}
		if own := t.own.TLSClientConfig.Certificates; len(own) > 0 {
			t.with.TLSClientConfig.Certificates = own
		}
	}
	return t.with
}
