package sdkv2

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// lateConn is a connection whose Write of the payload returns only while the answer is read.
type lateConn struct {
	net.Conn
	payload []byte
	reading <-chan struct{}
}

func (c lateConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if bytes.Contains(p, c.payload) {
		<-c.reading
	}
	return n, err
}

// announced is a reader that closes a channel at the first read.
type announced struct {
	io.ReadCloser
	read func()
}

func (b announced) Read(p []byte) (int, error) {
	b.read()
	return b.ReadCloser.Read(p)
}

type announcing struct {
	http.RoundTripper
	read func()
}

func (a announcing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = announced{resp.Body, a.read}
	}
	return resp, err
}

// The SDK closes the body of a request when the head of the answer has arrived. net/http may still use
// the body. That must not break the connection.
func TestEarlyCloseKeepsTheConnection(t *testing.T) {
	payload := []byte(`{"a":"b"}`)
	reading, written := make(chan struct{}), make(chan error, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"a":`)
		_ = http.NewResponseController(w).Flush()
		<-reading
		_, _ = io.WriteString(w, `"b"}`)
	}))
	defer s.Close()
	httpClient := &http.Client{Transport: announcing{
		&http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return lateConn{conn, payload, reading}, err
		}},
		sync.OnceFunc(func() { close(reading) }),
	}}
	options := client(s.URL).Options()
	options.HTTPClient = httpClient
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { written <- info.Err },
	})
	r, err := attempt(ctx, lambda.New(options), &invoke.Request{Function: "f", Payload: invoke.PayloadOf(payload)}, &invoke.Policy{})
	if writeErr := <-written; writeErr != nil || err != nil || !bytes.Equal(r.Payload, payload) {
		t.Errorf("got %+v, %v; writing the request: %v", r, err, writeErr)
	}
}
