package main

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

const (
	prefix = "/2015-03-31/functions/"
	suffix = "/invocations"
	// barrierTimeout is how long a barrier waits for the others.
	barrierTimeout = 30 * time.Second
)

// api is the Invoke API.
type api struct {
	functions sync.Map     // of function, by name
	buffers   sync.Pool    // of *[bufferSize]byte
	held      atomic.Int64 // calls that wait for their release
	calls     atomic.Int64 // that came whole
	bytes     atomic.Int64 // of their payloads

	mu       sync.Mutex
	released chan struct{}       // closed for those that wait
	barriers map[string]*barrier // by name
}

const bufferSize = 64 << 10

func newAPI() *api {
	return &api{
		buffers:  sync.Pool{New: func() any { return new([bufferSize]byte) }},
		released: make(chan struct{}),
		barriers: make(map[string]*barrier),
	}
}

// function answers a call whose body is read.
type function func(http.ResponseWriter, *http.Request)

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, prefix)
	if ok {
		name, ok = strings.CutSuffix(name, suffix)
	}
	if !ok || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	// AWS asks for both.
	if r.ContentLength < 0 {
		http.Error(w, "no Content-Length", http.StatusLengthRequired)
		return
	}
	if err := signed(r.Header); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if err := a.drain(r.Body, r.ContentLength); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f, err := a.function(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	a.calls.Add(1)
	a.bytes.Add(r.ContentLength) // drain has seen as many
	f(w, r)
}

func (a *api) drain(body io.Reader, want int64) error {
	buffer := a.buffers.Get().(*[bufferSize]byte)
	defer a.buffers.Put(buffer)
	var all int64
	for {
		n, err := body.Read(buffer[:])
		all += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if all != want {
		return errors.New("the body is not as long as its Content-Length says")
	}
	return nil
}

// function returns the function of the name. Each is prepared once.
func (a *api) function(name string) (function, error) {
	if f, ok := a.functions.Load(name); ok {
		return f.(function), nil
	}
	kind, number, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	size := n
	if kind == "barrier" {
		size = load.MinDocument
	}
	reply, err := newReply(size)
	if err != nil {
		return nil, err
	}
	var f function
	switch kind {
	case "reply":
		f = func(w http.ResponseWriter, _ *http.Request) { reply.write(w) }
	case "barrier":
		f = func(w http.ResponseWriter, r *http.Request) {
			if !a.barrier(name, n).wait(r) {
				http.Error(w, "not enough calls are waiting", http.StatusServiceUnavailable)
				return
			}
			reply.write(w)
		}
	case "half":
		f = func(w http.ResponseWriter, r *http.Request) {
			reply.writeHeaders(w)
			half := len(reply.body) / 2
			w.Write(reply.body[:half])
			http.NewResponseController(w).Flush()
			a.hold(r)
			w.Write(reply.body[half:])
		}
	case "late":
		f = func(w http.ResponseWriter, r *http.Request) {
			a.hold(r)
			reply.write(w)
		}
	default:
		return nil, errors.New("there is no such function")
	}
	a.functions.Store(name, f)
	return f, nil
}

// hold waits until release is called, or the client is gone.
func (a *api) hold(r *http.Request) {
	a.mu.Lock()
	released := a.released
	a.mu.Unlock()
	a.held.Add(1)
	defer a.held.Add(-1)
	select {
	case <-released:
	case <-r.Context().Done():
	}
}

func (a *api) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.released)
	a.released = make(chan struct{})
}

// barrier lets its calls go when all are there.
type barrier struct {
	missing int // api.mu guards it
	open    chan struct{}
}

// barrier counts one more call for the barrier of the name.
func (a *api) barrier(name string, n int) *barrier {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, ok := a.barriers[name]
	if !ok {
		b = &barrier{missing: n, open: make(chan struct{})}
		a.barriers[name] = b
	}
	if b.missing--; b.missing == 0 {
		close(b.open)
		delete(a.barriers, name)
	}
	return b
}

func (b *barrier) wait(r *http.Request) bool {
	timeout := time.NewTimer(barrierTimeout)
	defer timeout.Stop()
	select {
	case <-b.open:
		return true
	case <-r.Context().Done():
	case <-timeout.C:
	}
	return false
}
