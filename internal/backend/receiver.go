package backend

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"
)

// receiver is the receiving end of a stream.
type receiver struct {
	writers []http.ResponseWriter // the router's, and what it wraps, innermost last
	gone    <-chan bool           // nil where nobody tells
}

func receiverOf(w io.Writer) (r receiver) {
	for {
		rw, ok := w.(http.ResponseWriter)
		if !ok {
			break
		}
		r.writers = append(r.writers, rw)
		wrapper, ok := rw.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = wrapper.Unwrap()
	}
	if len(r.writers) > 0 {
		// Deprecated in favor of the request's context, which KrakenD 1.x hides.
		if n, ok := r.writers[len(r.writers)-1].(http.CloseNotifier); ok {
			can(func() { r.gone = n.CloseNotify() })
		}
	}
	return r
}

// onGone calls do once the client has gone, until the function that it returns is called.
func (r receiver) onGone(do func()) (stop func()) {
	if r.gone == nil {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		select {
		case <-r.gone:
			do()
		case <-stopped:
		}
	}()
	return func() { close(stopped) }
}

// flush sends what has been written. A writer that cannot do so sends it when it
// likes.
func (r receiver) flush() {
	if len(r.writers) > 0 {
		can(func() { _ = http.NewResponseController(r.writers[0]).Flush() })
	}
}

// abort ends the response so that the client can tell it is not whole, and reports
// whether there was a way. With reset, what the connection has not sent yet is dropped. Without, it
// may end the calling goroutine, see serverRuns: deferred functions run, and nothing else does.
func (r receiver) abort(reset bool) (aborted bool) {
	// The innermost first: gin refuses to hand a connection over that has been written to.
	for _, w := range slices.Backward(r.writers) {
		if h, ok := w.(http.Hijacker); ok && can(func() { aborted = hijack(h, reset) }) && aborted {
			return true
		}
	}
	if len(r.writers) == 0 {
		return false
	}
	// A connection with more than one stream is none to be hijacked. net/http resets
	// the stream when its time to write is over.
	if http.NewResponseController(r.writers[0]).SetWriteDeadline(time.Unix(1, 0)) == nil {
		return true
	}
	// Lura's router for KrakenD 2 hides the connection's writer. A panic would not reach the server,
	// because gin recovers all of them and ends the response as if it were complete.
	if !reset && serverRuns() {
		runtime.Goexit()
	}
	return false
}

// serverRuns tells whether an HTTP server of Go has started this goroutine to run a handler. When
// such a goroutine exits before the handler has returned, the server takes it for a handler that
// has panicked: over HTTP/2 it resets the stream, over HTTP/1.1 it closes the connection. Other
// goroutines may have somebody who waits for them.
func serverRuns() bool {
	callers := make([]uintptr, 64)
	n := runtime.Callers(1, callers)
	for n == len(callers) {
		callers = make([]uintptr, 2*len(callers))
		n = runtime.Callers(1, callers)
	}
	frames := runtime.CallersFrames(callers[:n])
	for {
		frame, more := frames.Next()
		// The method of net/http's HTTP/2 server, and of golang.org/x/net/http2's for h2c; and that
		// of HTTP/1.1.
		if strings.HasSuffix(frame.Function, "erverConn).runHandler") || frame.Function == "net/http.(*conn).serve" {
			return true
		}
		if !more {
			return false
		}
	}
}

// hijack closes a connection, and reports whether it could. With reset it sends no FIN and, over
// TLS, no close_notify: a response of HTTP/1.0 ends with these.
func hijack(h http.Hijacker, reset bool) bool {
	conn, _, err := h.Hijack()
	if err != nil {
		return false
	}
	if reset {
		if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // *tls.Conn
			conn = t.NetConn()
		}
		if t, ok := conn.(interface{ SetLinger(sec int) error }); ok { // *net.TCPConn
			_ = t.SetLinger(0)
		}
	}
	return conn.Close() == nil
}

// can reports whether do did without a panic. Of what a writer wraps, gin 1.1 takes for
// granted that it can flush, tell of its client's going away and be hijacked.
func can(do func()) (ok bool) {
	defer func() { ok = recover() == nil }()
	do()
	return
}
