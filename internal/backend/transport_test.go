package backend

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// selfSigned returns a certificate for 127.0.0.1 that nobody knows.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

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

	// Who is not in the bundle is not called, whatever KrakenD is told of other backends.
	stranger := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a stranger has been called") }))
	stranger.TLS = &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	defer stranger.Close()
	replaceDefaultTransport(t, &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})
	insecure := NewFactory(Options{Logger: l}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "us-west-2", "endpoint": stranger.URL, "max_retries": 0.0})})
	if _, err := invoke(t.Context(), insecure, &Request{}); err == nil {
		t.Error("got a reply of a stranger")
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
