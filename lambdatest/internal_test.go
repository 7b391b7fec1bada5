package lambdatest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A hijackable is a ResponseWriter over a connection of the test's choice.
type hijackable struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, nil, nil }

// A hijacked connection is out of net/http's hands, and its client may not read.
func TestCloseDuringCut(t *testing.T) {
	server := NewServer(nil)
	defer server.Close()
	client, conn := net.Pipe() // has no buffer
	defer client.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.sendCut(hijackable{conn: conn}, newReply(http.StatusOK, []byte("12")), WithinBody)
	}()
	if _, err := io.ReadFull(client, make([]byte, len("HTTP/1.1"))); err != nil {
		t.Fatal(err)
	}

	server.Close()
	select {
	case <-done:
	default:
		t.Error("Close returned before the cut was done")
	}
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
