package sdkv1

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

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// selfSigned returns a self-signed certificate for 127.0.0.1.
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

// bundle sets AWS_CA_BUNDLE to the certificate of a server.
func bundle(t *testing.T, s *httptest.Server) {
	t.Helper()
	t.Setenv("AWS_CA_BUNDLE", writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))))
}

// With AWS_CA_BUNDLE, calls trust only its certificates.
func TestBundle(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{}`) }))
	t.Cleanup(s.Close)
	bundle(t, s)
	environment(t, keysOfEnvironment, "", shopKeys)
	sdk := New(nil, &recorder{}, false)
	for _, profile := range []string{"", "shop"} {
		if err := call(t.Context(), clientOf(t, sdk, invoke.Settings{Profile: profile, Region: "us-west-2", Endpoint: s.URL})); err != nil {
			t.Errorf("%q: %v", profile, err)
		}
		if _, found, err := sdk.Client(invoke.Settings{Profile: profile, Region: "us-west-2", Endpoint: s.URL}); err != nil || !found.CABundle {
			t.Errorf("%q: got %+v, %v; want the bundle to be found", profile, found, err)
		}
		transport := sdk.sessions[profile].session.Config.HTTPClient.Transport
		if _, sdks := transport.(*http.Transport); sdks || transport == nil {
			t.Errorf("%q: got the transport %T, want KrakenD's with the bundle", profile, transport)
		}
		t.Cleanup(sdk.sessions[profile].session.Config.HTTPClient.CloseIdleConnections)
	}
	if http.DefaultClient.Transport != nil {
		http.DefaultClient.Transport = nil
		t.Error("http.DefaultClient was changed")
	}

	t.Setenv("AWS_CA_BUNDLE", "")
	client := clientOf(t, New(nil, &recorder{}, false), invoke.Settings{Region: "us-west-2", Endpoint: s.URL})
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	var e *invoke.Error
	if err := call(t.Context(), client); !errors.As(err, &e) || e.Kind != invoke.KindConnection {
		t.Errorf("got %v without the bundle", err)
	}
}

// Calls do not reach a server that is not in the bundle, even if KrakenD's settings for other backends
// allow it.
func TestBundleExcludesOthers(t *testing.T) {
	known := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(known.Close)
	bundle(t, known)
	environment(t, keysOfEnvironment, "", "")
	stranger := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("got a request to the stranger") }))
	stranger.TLS = &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	replaceDefaultTransport(t, &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})
	if err := call(t.Context(), clientOf(t, New(nil, &recorder{}, false), invoke.Settings{Region: "us-west-2", Endpoint: stranger.URL})); err == nil {
		t.Error("got no error for a stranger")
	}
}
