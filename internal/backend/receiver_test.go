package backend

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Writers that lack methods cause no panic.
func TestReceiver(t *testing.T) {
	r := receiverOf(io.Discard)
	r.flush()
	if r.abort(false) {
		t.Error("aborted a plain writer")
	}
	if r.gone != nil {
		t.Error("got a client that has gone from a plain writer")
	}

	recorder := httptest.NewRecorder()
	r = receiverOf(wrapped{recorder})
	r.flush()
	if !recorder.Flushed {
		t.Error("not flushed")
	}
	if r.abort(false) || receiverOf(refusing{recorder}).abort(false) {
		t.Error("aborted what cannot be")
	}
	r = receiverOf(panicking{recorder})
	r.flush()
	if r.abort(false) {
		t.Error("aborted what cannot be")
	}

	here, there := net.Pipe()
	defer there.Close()
	if !receiverOf(wrapped{hijackable{recorder, here}}).abort(false) {
		t.Error("not aborted")
	}
	if _, err := there.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want a closed connection", err)
	}
}

type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type refusing struct{ http.ResponseWriter }

func (refusing) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }

type panicking struct{ http.ResponseWriter }

func (panicking) Hijack() (net.Conn, *bufio.ReadWriter, error) { panic("interface conversion") }
func (panicking) CloseNotify() <-chan bool                     { panic("interface conversion") }
func (panicking) Flush()                                       { panic("interface conversion") }

type hijackable struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, nil, nil }

// serverRuns finds the server through any number of calls.
func TestServerRuns(t *testing.T) {
	var deep func(n int) bool
	deep = func(n int) bool {
		if n == 0 {
			return serverRuns()
		}
		return deep(n - 1)
	}
	if deep(200) {
		t.Error("found a server, want none")
	}
	var found atomic.Bool
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { found.Store(deep(200)) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	get(t, s)
	if !found.Load() {
		t.Error("found no server")
	}
}
