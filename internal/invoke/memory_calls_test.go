package invoke

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// numbered returns the payload of a call: its number, repeated, in 4 to 100 KB.
func numbered(call int) string {
	text := fmt.Sprintf("%d,", call)
	return strings.Repeat(text, (4<<10+call*7919%(100<<10))/len(text)+1)
}

// overwriteFree overwrites the free buffers for payloads. If the memory of a payload was freed too
// early, its bytes change, and the race detector reports it.
func overwriteFree() {
	var free [4]*[]byte
	for i := range free {
		free[i] = freeBytes.Get().(*[]byte)
		all := (*free[i])[:cap(*free[i])]
		for j := range all {
			all[j] = '!'
		}
	}
	for _, b := range free {
		freeBytes.Put(b)
	}
}

// numberedAPI checks each byte of its payloads. From call to call it does one of these: it reads the
// whole payload, answers before it reads, breaks the connection in the middle, refuses the first
// attempt, or waits until the call is canceled.
type numberedAPI struct {
	t     *testing.T
	calls [60]struct {
		attempts atomic.Int32
		cancel   context.CancelFunc
		released chan struct{}
	}
}

// ServeHTTP implements http.Handler.
func (a *numberedAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call int
	if _, err := fmt.Sscanf(path.Base(path.Dir(r.URL.Path)), "f%d", &call); err != nil {
		a.t.Errorf("%s: %v", r.URL.Path, err)
	}
	first := a.calls[call].attempts.Add(1) == 1
	switch call % 5 {
	case 1:
		c := http.NewResponseController(w)
		if err := c.EnableFullDuplex(); err != nil && r.ProtoMajor == 1 {
			a.t.Error(err)
		}
		w.Header().Set("Content-Length", "2")
		io.WriteString(w, "{}")
		if r.ProtoMajor == 1 { // over HTTP/2 the response has an end
			c.Flush()
			<-a.calls[call].released
		}
		a.check(call, r.Body, 1<<20)
		return
	case 2:
		if first {
			a.check(call, r.Body, 8<<10)
			panic(http.ErrAbortHandler)
		}
	case 3:
		if first {
			w.Header().Set("X-Amzn-Errortype", "ServiceException")
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
	case 4:
		a.check(call, r.Body, 1)
		a.calls[call].cancel()
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			<-r.Context().Done()
		}
		return
	}
	if n := a.check(call, r.Body, 1<<20); n != len(numbered(call)) {
		a.t.Errorf("call %d: got %d bytes, want %d", call, n, len(numbered(call)))
	}
	io.WriteString(w, "{}")
}

// check reads up to limit bytes of a payload, and returns their number.
func (a *numberedAPI) check(call int, body io.Reader, limit int64) int {
	got, _ := io.ReadAll(io.LimitReader(body, limit)) // the call may be over
	if want := numbered(call); !strings.HasPrefix(want, string(got)) {
		a.t.Errorf("call %d: got the bytes of another call", call)
	}
	return len(got)
}

// Concurrent calls never send each other's payloads, even if connections break.
func TestMemoryOfConcurrentCalls(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){
		"HTTP/1.1": (*httptest.Server).Start,
		"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			api := &numberedAPI{t: t}
			s := httptest.NewUnstartedServer(api)
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.Config.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}
			s.Config.ConnState = func(conn net.Conn, state http.ConnState) {
				if c, ok := conn.(*net.TCPConn); ok && state == http.StateNew {
					c.SetReadBuffer(16 << 10)
				}
			}
			start(s)
			defer s.Close()
			transport := s.Client().Transport.(*http.Transport)
			defer transport.CloseIdleConnections()
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				if c, ok := conn.(*net.TCPConn); ok {
					c.SetWriteBuffer(16 << 10) // so that the transport is still reading payloads
				}
				return conn, err
			}
			checkNumbered(t, api, s.URL, transport)
		})
	}
}

// checkNumbered makes all calls of an API, several at once.
func checkNumbered(t *testing.T, api *numberedAPI, url string, transport http.RoundTripper) {
	t.Helper()
	w := newWorld(good)
	w.Endpoint, w.Transport = url, transport
	c := w.client(t)

	var calls sync.WaitGroup
	next := make(chan int)
	for range 8 {
		calls.Go(func() {
			for call := range next {
				ctx, cancel := context.WithCancel(t.Context())
				released := make(chan struct{})
				api.calls[call].cancel, api.calls[call].released = cancel, released
				p := BuildPayload(func(b []byte) []byte { return append(b, numbered(call)...) })
				_, err := send(ctx, c, all(), &Request{Function: fmt.Sprintf("f%d", call), Payload: p})
				p.Release()
				overwriteFree()
				close(released)
				cancel()
				if (err != nil) != (call%5 == 4) {
					t.Errorf("call %d: got %v", call, err)
				}
			}
		})
	}
	for call := range api.calls {
		next <- call
	}
	close(next)
	calls.Wait()
}
