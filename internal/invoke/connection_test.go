package invoke

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// misbehaving starts an Invoke API whose first answer is broken. All others are valid.
func misbehaving(t *testing.T, first func(conn *net.TCPConn, w *bufio.ReadWriter)) (url string, calls *atomic.Int32) {
	t.Helper()
	calls = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if calls.Add(1) > 1 {
			io.WriteString(w, `"good"`)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		first(conn.(*net.TCPConn), rw)
		rw.Flush()
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// A call whose connection breaks is retried, at any point of the answer.
func TestBrokenConnections(t *testing.T) {
	send := func(text string) func(*net.TCPConn, *bufio.ReadWriter) {
		return func(_ *net.TCPConn, w *bufio.ReadWriter) { io.WriteString(w, text) }
	}
	reset := func(text string) func(*net.TCPConn, *bufio.ReadWriter) {
		return func(conn *net.TCPConn, w *bufio.ReadWriter) {
			io.WriteString(w, text)
			w.Flush()
			conn.SetLinger(0)
		}
	}
	for name, tc := range map[string]struct {
		first func(*net.TCPConn, *bufio.ReadWriter)
		kind  Kind // without retries
	}{
		"cut before an answer":           {send(""), KindConnection},
		"reset before an answer":         {reset(""), KindConnection},
		"cut within headers":             {send("HTTP/1.1 200 OK\r\nContent-"), KindConnection},
		"reset within headers":           {reset("HTTP/1.1 200 OK\r\nContent-"), KindConnection},
		"not HTTP":                       {send("SSH-2.0-OpenSSH\r\n\r\n"), KindConnection},
		"cut before a body":              {send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), KindTruncated},
		"cut within a body":              {send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), KindTruncated},
		"reset within a body":            {reset("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), KindTruncated},
		"cut within a chunk":             {send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"), KindTruncated},
		"cut between chunks":             {send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"), KindTruncated},
		"cut within an error":            {send("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{"), KindTruncated},
		"reset within an error":          {reset("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{"), KindTruncated},
		"cut within a function's report": {send("HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled\r\nContent-Length: 100\r\n\r\n{"), KindTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			for retries := range 2 {
				url, calls := misbehaving(t, tc.first)
				w := newWorld(good)
				w.Endpoint, w.Transport = url, nil
				p := all()
				p.MaxRetries = retries
				reply, err := invoke(t.Context(), w.client(t), p)
				if calls.Load() != int32(1+retries) {
					t.Errorf("%d retries: got %d calls", retries, calls.Load())
				}
				if retries == 1 {
					if err != nil || reply != `"good"` {
						t.Errorf("got %s, %v", reply, err)
					}
					continue
				}
				if e := errorOf(t, err); e.Kind != tc.kind || e.Err == nil {
					t.Errorf("got %+v, want the kind %d", e, tc.kind)
				}
			}
		})
	}
}

// A call is also retried if there is no server, or if its certificate is wrong.
func TestNoConnection(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, endpoint := range map[string]string{
		"refused": gone.URL, "a certificate that is not trusted": tls.URL, "no TLS": "https" + plain.URL[len("http"):],
	} {
		w := newWorld(good)
		w.Endpoint, w.Transport = endpoint, nil
		_, err := invoke(t.Context(), w.client(t), all())
		if e := errorOf(t, err); e.Kind != KindConnection || e.Attempts != 4 || len(w.delays) != 3 {
			t.Errorf("%s: got %+v", name, e)
		}
	}
}

// hangs is a step that waits until the attempt's context ends.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// The gateway does not retry after the HTTP client's timeout: Lambda may still execute the function.
func TestTimeout(t *testing.T) {
	within := func(status int, header ...string) step {
		return func(r *http.Request) (*http.Response, error) {
			a := answer(status, "", header...)
			a.ContentLength, a.Body = -1, &brokenBody{`{"a`, func() { <-r.Context().Done() }, context.DeadlineExceeded}
			return a, nil
		}
	}
	for name, tc := range map[string]struct {
		step   step
		kind   Kind
		stream bool
	}{
		"before an answer":           {hangs, KindConnection, false},
		"within a reply":             {within(200), KindTruncated, false},
		"within an error":            {within(500), KindTruncated, false},
		"within a function's report": {within(200, "X-Amz-Function-Error", "Unhandled"), KindTruncated, false},
		"within a stream":            {within(200), KindTruncated, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(tc.step)
			w.Timeout, w.Now, w.Sleep = 5*time.Second, nil, nil
			c := w.client(t)
			start := time.Now()
			_, err := send(t.Context(), c, all(), &Request{Function: "f", Stream: tc.stream})
			e := errorOf(t, err)
			if e.Kind != tc.kind || !errors.Is(err, errTimeout) || len(w.attempts) != 1 || time.Since(start) != 5*time.Second {
				t.Errorf("%s: got %+v after %d attempts and %v", name, e, len(w.attempts), time.Since(start))
			}

			// The end of the request's context comes first.
			w.attempts = nil
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = send(ctx, c, all(), &Request{Function: "f", Stream: tc.stream})
			if e := errorOf(t, err); e.Kind != KindEnded || !errors.Is(err, context.DeadlineExceeded) || len(w.attempts) != 1 {
				t.Errorf("%s: got %+v after %d attempts", name, e, len(w.attempts))
			}
		})
	}
}

// A request without a deadline ends a minute after Lambda's longest execution, without a retry. It
// does not matter whether its context can be canceled.
func TestCallWithoutADeadline(t *testing.T) {
	for name, tc := range map[string]struct {
		ctx    func(context.Context) context.Context
		stream bool
	}{
		"that can be canceled": {func(ctx context.Context) context.Context { return ctx }, false},
		"that cannot":          {context.WithoutCancel, false},
		"of a stream":          {context.WithoutCancel, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(hangs)
			w.Now, w.Sleep = nil, nil
			start := time.Now()
			_, err := send(tc.ctx(t.Context()), w.client(t), all(), &Request{Function: "f", Stream: tc.stream})
			if e := errorOf(t, err); e.Kind != KindConnection || !errors.Is(err, errLongestCall) || len(w.attempts) != 1 || time.Since(start) != 16*time.Minute {
				t.Errorf("%s: got %+v after %d attempts and %v", name, e, len(w.attempts), time.Since(start))
			}
		})
	}
}

// After a transport's ResponseHeaderTimeout there is no retry either.
func TestTimeoutOfATransport(t *testing.T) {
	var calls atomic.Int32
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		calls.Add(1)
		<-release
	}))
	defer s.Close()
	defer close(release)
	transport := &http.Transport{ResponseHeaderTimeout: 10 * time.Millisecond}
	w := newWorld(good)
	w.Endpoint, w.Transport = s.URL, transport
	_, err := invoke(t.Context(), w.client(t), all())
	if e := errorOf(t, err); e.Kind != KindConnection || e.Attempts != 1 {
		t.Errorf("got %+v", e)
	}
	// Other timeouts mean that there was no connection.
	if timedOut(&net.OpError{Op: "dial", Err: timeoutError{}}) || timedOut(errReset) || !timedOut(errTimeout) || !timedOut(errLongestCall) {
		t.Error("got false for a dial timeout")
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// A reply within the timeout is complete, and its end releases the timer.
func TestTimeoutIsReleased(t *testing.T) {
	var ctx context.Context
	w := newWorld(func(r *http.Request) (*http.Response, error) {
		ctx = r.Context() //nolint:fatcontext // the attempt's own is what is tested
		return good(r)
	})
	w.Timeout = time.Hour
	if reply, err := invoke(t.Context(), w.client(t), all()); err != nil || reply != `"tea"` || ctx.Err() == nil {
		t.Errorf("got %s, %v; the attempt's context: %v", reply, err, ctx.Err())
	}
}

// KrakenD replaces http.DefaultTransport after the clients are made.
func TestDefaultTransportIsReadForEachCall(t *testing.T) {
	w := newWorld(good)
	own := w.Transport
	w.Transport = nil
	c := w.client(t)
	transport := http.DefaultTransport
	defer func() { http.DefaultTransport = transport }()
	http.DefaultTransport = own
	if _, err := invoke(t.Context(), c, all()); err != nil || len(w.attempts) != 1 {
		t.Errorf("got %v after %d attempts", err, len(w.attempts))
	}
}
