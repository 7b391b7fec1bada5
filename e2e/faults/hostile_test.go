package faults

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A hostile server is an API that answers with raw bytes. They may be invalid HTTP, and may never
// end.
type hostile struct {
	listener net.Listener
	// connected handles a new connection. If it is nil, answer handles each call.
	connected func(x *exchange)
	answer    func(x *exchange)

	running sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool // open connections, and whether they have a call in progress
	calls  int
	bytes  int64 // the bytes that the gateway has taken
	closed bool

	closing chan struct{}
}

// An exchange is a call to a hostile server, or a new connection. The server closes the connection
// afterwards, unless keep is set.
type exchange struct {
	server  *hostile
	conn    net.Conn
	request *http.Request
	keep    bool
}

// hostileAPI answers each call with a function of the test.
func hostileAPI(answer func(x *exchange)) start {
	return func(t *testing.T, _ string) *api {
		t.Helper()
		return newHostile(t, &hostile{answer: answer})
	}
}

// rude handles new connections. Each counts as a call.
func rude(connected func(x *exchange)) start {
	return func(t *testing.T, _ string) *api {
		t.Helper()
		return newHostile(t, &hostile{connected: connected})
	}
}

// saying answers each call with these bytes and closes the connection.
func saying(raw ...string) start {
	return hostileAPI(func(x *exchange) { x.write(raw...) })
}

// untrusted has a certificate that the gateway does not trust.
func untrusted(t *testing.T, _ string) *api {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	a := newHostile(t, &hostile{connected: func(x *exchange) {
		conn := tls.Server(x.conn, &tls.Config{Certificates: certified.TLS.Certificates})
		conn.Handshake()
	}})
	return secure(a)
}

// secure makes the gateway use TLS for an API.
func secure(a *api) *api {
	a.url = "https" + strings.TrimPrefix(a.url, "http")
	return a
}

func newHostile(t *testing.T, h *hostile) *api {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.listener, h.conns, h.closing = l, make(map[net.Conn]bool), make(chan struct{})
	h.running.Go(h.serve)
	a := newAPI(t, "http://"+l.Addr().String(), h.close)
	a.calls = func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.calls
	}
	a.sent = func() int64 {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.bytes
	}
	a.busy = func() (n int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, busy := range h.conns {
			if busy {
				n++
			}
		}
		return n
	}
	return a
}

func (h *hostile) close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.closing)
	}
	h.listener.Close()
	for conn := range h.conns {
		conn.Close()
	}
	h.mu.Unlock()
	h.running.Wait()
}

func (h *hostile) serve() {
	for {
		conn, err := h.listener.Accept()
		if err != nil {
			return
		}
		// The count of bytes should not include many bytes in the kernel's buffer.
		conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
		h.running.Go(func() { h.talk(conn) })
	}
}

func (h *hostile) talk(conn net.Conn) {
	defer func() {
		conn.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.conns, conn)
	}()
	if h.connected != nil {
		if h.set(conn, true) {
			h.connected(&exchange{server: h, conn: conn})
		}
		return
	}
	if !h.set(conn, false) {
		return
	}
	for r := bufio.NewReader(conn); ; {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		x := &exchange{server: h, conn: conn, request: request}
		if !h.set(conn, true) {
			return
		}
		h.answer(x)
		if !x.keep || !h.set(conn, false) {
			return
		}
	}
}

// set records whether a connection has a call in progress, and reports whether the server still
// runs.
func (h *hostile) set(conn net.Conn, busy bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[conn] = busy
	if busy {
		h.calls++
	}
	if h.closed {
		conn.Close()
	}
	return !h.closed
}

// write sends raw bytes, and reports whether the gateway has taken them.
func (x *exchange) write(raw ...string) bool {
	for _, s := range raw {
		n, err := io.WriteString(x.conn, s)
		x.server.mu.Lock()
		x.server.bytes += int64(n)
		x.server.mu.Unlock()
		if err != nil {
			return false
		}
	}
	return true
}

// forever repeats raw until the gateway takes no more.
func (x *exchange) forever(raw string) {
	for x.write(raw) {
	}
}

// stall waits until the gateway closes the connection.
func (x *exchange) stall() { io.Copy(io.Discard, x.conn) }

// await waits until a channel or the server is closed.
func (x *exchange) await(done <-chan struct{}) {
	select {
	case <-done:
	case <-x.server.closing:
	}
}

// reset closes the connection with a RST.
func (x *exchange) reset() {
	x.conn.(*net.TCPConn).SetLinger(0)
	x.conn.Close()
}

// head returns the status line and headers of an answer. Each of the given headers ends with CRLF.
func head(status int, headers string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nX-Amzn-Requestid: hostile\r\n%s\r\n", status, http.StatusText(status), headers)
}

// whole returns an answer with a body and its length.
func whole(status int, headers, body string) string {
	return head(status, fmt.Sprintf("%sContent-Length: %d\r\n", headers, len(body))) + body
}

// chunked turns each part into a chunk. It does not write the last chunk, "0\r\n\r\n".
func chunked(parts ...string) string {
	var b bytes.Buffer
	for _, part := range parts {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
	}
	return b.String()
}

const chunks = "Transfer-Encoding: chunked\r\n"
