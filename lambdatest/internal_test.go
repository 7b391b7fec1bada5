package lambdatest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A hijackable is a ResponseWriter over a connection that the test sets.
type hijackable struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, nil, nil }

// net/http no longer manages a hijacked connection, and its client may not read.
func TestCloseDuringCut(t *testing.T) {
	server := NewServer(nil)
	defer server.Close()
	client, pipe := net.Pipe() // has no buffer
	defer client.Close()
	conn := &closeCounter{Conn: pipe}
	go server.sendCut(hijackable{conn: conn}, newReply(http.StatusOK, []byte("12")), WithinBody)
	if _, err := io.ReadFull(client, make([]byte, len("HTTP/1.1"))); err != nil {
		t.Fatal(err)
	}

	server.Close()
	if got, want := conn.closed.Load(), int32(2); got != want { // by Close, and when it is cut
		t.Errorf("got %d calls of the connection's Close when the server's returned, want %d", got, want)
	}
}

type closeCounter struct {
	net.Conn
	closed atomic.Int32
}

func (c *closeCounter) Close() error {
	c.closed.Add(1)
	return c.Conn.Close()
}

func TestCutWithoutHijacker(t *testing.T) {
	server := NewServer(nil)
	defer server.Close()
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("got panic %v, want %v", got, http.ErrAbortHandler)
		}
	}()
	server.sendCut(httptest.NewRecorder(), newReply(http.StatusOK, nil), BeforeHeaders)
}

// net/http's Close does not know of a connection between its Accept and its first
// ConnState.
func TestConnectionAcceptedDuringClose(t *testing.T) {
	server := NewServer(nil)
	server.Close()
	client, conn := net.Pipe()
	defer client.Close()
	server.connState(conn, http.StateNew)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want %v: the connection is open still", err, io.EOF)
	}
	server.connState(conn, http.StateClosed)
}

// A sink is a ResponseWriter that drops what is written to it.
type sink struct{ http.ResponseWriter }

func (sink) Write(p []byte) (int, error) { return len(p), nil }

func (sink) Flush() {}

// An endless reader always fills the buffer.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestStreamLimit(t *testing.T) {
	for name, test := range map[string]struct {
		size     int64
		tooLarge bool
	}{
		"largest":   {209_715_200, false},
		"too large": {209_715_201, true},
	} {
		t.Run(name, func(t *testing.T) {
			events := newEventWriter(t.Context(), sink{}, 0)
			body := &io.LimitedReader{R: endless{}, N: test.size}
			failure := events.copy(body)
			if body.N != 0 {
				t.Errorf("left %d bytes unread", body.N)
			}
			if !test.tooLarge {
				if failure != nil {
					t.Errorf("got %v, want no error", failure)
				}
				return
			}
			const want = "Response payload size exceeded maximum allowed payload size (209715200 bytes)."
			if failure == nil || failure.Type != "Function.ResponseSizeTooLarge" || failure.Message != want {
				t.Errorf("got %v, want %s", failure, want)
			}
		})
	}
}

// A write shows that the caller has disconnected, if nothing else did before.
func TestStreamAfterDisconnect(t *testing.T) {
	for name, w := range map[string]http.ResponseWriter{
		"the write fails": brokenWriter{},
		"the flush fails": struct{ http.ResponseWriter }{sink{}}, // has no Flush
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := recover(); got != http.ErrAbortHandler {
					t.Errorf("got panic %v, want %v", got, http.ErrAbortHandler)
				}
			}()
			newEventWriter(t.Context(), w, 0).sendChunk([]byte("a"))
		})
	}
}

type brokenWriter struct{ sink }

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
