package backend

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// replaceDefaultTransport does what KrakenD's router does when it starts.
func replaceDefaultTransport(t *testing.T, with http.RoundTripper) {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = with
	t.Cleanup(func() { http.DefaultTransport = before })
}

// With AWS_CA_BUNDLE, calls trust what is in it and nothing else, and their connections are
// KrakenD's to configure nevertheless.
func TestTransportWithABundle(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{}`)
	}))
	defer s.Close()
	t.Setenv("AWS_CA_BUNDLE", writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))))
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	l := &recorder{}
	b := NewFactory(Options{Logger: l}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "us-west-2", "endpoint": s.URL, "max_retries": 0.0})})
	transport, ok := b.client.Config.HTTPClient.Transport.(*trusting)
	if !ok {
		t.Fatalf("got %T", b.client.Config.HTTPClient.Transport)
	}

	first := &http.Transport{MaxIdleConnsPerHost: 77}
	replaceDefaultTransport(t, first)
	if _, err := invoke(t.Context(), b, &Request{}); err != nil {
		t.Error(err, l.lines)
	}
	used := transport.transport()
	if used.MaxIdleConnsPerHost != 77 || used == first || first.TLSClientConfig != nil && first.TLSClientConfig.RootCAs != nil {
		t.Errorf("got %d idle connections; the default transport has changed: %v", used.MaxIdleConnsPerHost, first.TLSClientConfig)
	}
	if transport.transport() != used {
		t.Error("made twice: connections would not be used again")
	}

	replaceDefaultTransport(t, &http.Transport{MaxIdleConnsPerHost: 78})
	if n := transport.transport().MaxIdleConnsPerHost; n != 78 {
		t.Errorf("got %d idle connections of the transport before", n)
	}
	replaceDefaultTransport(t, http.NewFileTransport(http.Dir(t.TempDir())))
	if transport.transport() != transport.own {
		t.Error("got another transport than the SDK's where the default one takes no certificates")
	}

	replaceDefaultTransport(t, http.DefaultTransport)
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	t.Setenv("AWS_CA_BUNDLE", "")
	b = NewFactory(Options{Logger: l}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "us-west-2", "endpoint": other.URL, "max_retries": 0.0})})
	var e *Error
	if _, err := invoke(t.Context(), b, &Request{}); !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v without the bundle, want a 502", err)
	}
}
