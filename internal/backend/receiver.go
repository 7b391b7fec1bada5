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
	writers []http.ResponseWriter // the router's writer and those that it wraps, innermost last
	gone    <-chan bool           // nil if no writer can tell
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
		// Deprecated in favor of the request's context, but KrakenD 1.x hides that context.
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

// flush sends what has been written. A writer that cannot flush sends it later.
func (r receiver) flush() {
	if len(r.writers) > 0 {
		can(func() { _ = http.NewResponseController(r.writers[0]).Flush() })
	}
}

// abort ends the response so that the client can tell that it is incomplete, and reports whether
// it could. With reset, data that the connection has not sent yet is dropped. Without it, abort
// may end the calling goroutine, see serverRuns: then only deferred functions run.
func (r receiver) abort(reset bool) (aborted bool) {
	// Try the innermost first: gin refuses to hijack a connection that has been written to.
	for _, w := range slices.Backward(r.writers) {
		if h, ok := w.(http.Hijacker); ok && can(func() { aborted = hijack(h, reset) }) && aborted {
			return true
		}
	}
	if len(r.writers) == 0 {
		return false
	}
	// A connection with several streams cannot be hijacked. net/http resets the stream when its
	// write deadline passes.
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

// serverRuns tells whether a Go HTTP server started this goroutine to run a handler. If such a
// goroutine exits before the handler returns, the server treats it like a panic: over HTTP/2 it
// resets the stream, over HTTP/1.1 it closes the connection. On any other goroutine, something
// may wait for its end.
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
		// The methods of net/http's HTTP/2 server, of golang.org/x/net/http2's server for h2c,
		// and of the HTTP/1.1 server.
		if strings.HasSuffix(frame.Function, "erverConn).runHandler") || frame.Function == "net/http.(*conn).serve" {
			return true
		}
		if !more {
			return false
		}
	}
}

// hijack closes a connection, and reports whether it could. With reset it sends no FIN and, over
// TLS, no close_notify, because these end an HTTP/1.0 response normally.
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

// can reports whether do returned without a panic. gin 1.1 assumes that the writer it wraps can
// flush, report that its client is gone, and be hijacked.
func can(do func()) (ok bool) {
	defer func() { ok = recover() == nil }()
	do()
	return
}
