package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// replaceDefault replaces http.DefaultTransport, as KrakenD's router does when it starts.
func replaceDefault(t *testing.T, with http.RoundTripper) {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = with
	t.Cleanup(func() { http.DefaultTransport = before })
}

func get(t *testing.T, rt http.RoundTripper, url string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestDefaultIsReadForEachCall(t *testing.T) {
	rt, want := Default(), errors.New("the new one")
	replaceDefault(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, want }))
	if _, err := get(t, rt, "http://127.0.0.1:1"); !errors.Is(err, want) {
		t.Errorf("got %v, want the error of the transport that was set later", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	s := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1", http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	if status, err := get(t, Default(), s.URL); status != http.StatusTemporaryRedirect || err != nil {
		t.Errorf("got %d, %v, want the redirect itself", status, err)
	}
}

// bundle returns the transport that an SDK makes of a CA bundle with the certificate of a server.
func bundle(s *httptest.Server) *http.Transport {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
}

// Calls trust only the bundle. KrakenD still configures their connections.
func TestWithCertificates(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	rt := WithCertificates(bundle(s)).(*trusting)
	t.Cleanup(rt.CloseIdleConnections)
	if !HasCertificates(rt) || HasCertificates(Default()) || HasCertificates(nil) {
		t.Error("HasCertificates does not tell the transport from others")
	}

	first := &http.Transport{MaxIdleConnsPerHost: 77}
	replaceDefault(t, first)
	if status, err := get(t, rt, s.URL); status != http.StatusNotFound || err != nil {
		t.Errorf("got %d, %v, want a 404", status, err)
	}
	used := rt.transport()
	if used.MaxIdleConnsPerHost != 77 || used == first || first.TLSClientConfig != nil && first.TLSClientConfig.RootCAs != nil {
		t.Errorf("got %d idle connections; the default transport has changed: %v", used.MaxIdleConnsPerHost, first.TLSClientConfig)
	}
	if rt.transport() != used {
		t.Error("got another transport for the second call, so connections are not reused")
	}
	replaceDefault(t, &http.Transport{MaxIdleConnsPerHost: 78})
	if n := rt.transport().MaxIdleConnsPerHost; n != 78 {
		t.Errorf("got %d idle connections, want 78 of the new default transport", n)
	}
	replaceDefault(t, http.NewFileTransport(http.Dir(t.TempDir())))
	if rt.transport() != rt.own {
		t.Error("the default transport cannot have certificates: got another transport than the SDK's")
	}
}

// Calls do not reach a server that the bundle does not know, even if KrakenD's settings for other
// backends allow it.
func TestStrangersAreNotTrusted(t *testing.T) {
	stranger := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("got a request to the stranger") }))
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	replaceDefault(t, &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})
	own := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool()}}
	if _, err := get(t, WithCertificates(own), stranger.URL); err == nil {
		t.Error("got no error for a stranger")
	}
}

func TestClientCertificates(t *testing.T) {
	own := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{{1}}}}}}
	replaceDefault(t, &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})
	got := WithCertificates(own).(*trusting).transport().TLSClientConfig
	if len(got.Certificates) != 1 || !got.InsecureSkipVerify {
		t.Errorf("got %d certificates, InsecureSkipVerify %t; want 1 and true", len(got.Certificates), got.InsecureSkipVerify)
	}
	if got := WithCertificates(&http.Transport{}).(*trusting).transport(); got.TLSClientConfig != nil && got.TLSClientConfig.RootCAs != nil {
		t.Errorf("got %v for a transport without certificates", got.TLSClientConfig)
	}
}

// After a build restarts its router, an unused transport leaves no connections.
func TestDroppedTransportClosesItsConnections(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	closed := make(chan struct{})
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	replaceDefault(t, &http.Transport{})
	if _, err := get(t, WithCertificates(bundle(s)), s.URL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(30 * time.Second); ; {
		runtime.GC()
		select {
		case <-closed:
			return
		case <-deadline:
			t.Fatal("the connection is still open")
		case <-time.After(time.Millisecond):
		}
	}
}
