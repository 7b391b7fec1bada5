package backend

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// stalled is a context whose deadline passes after 100 KB of the reply were read.
type stalled struct {
	context.Context
	done chan struct{}
	read atomic.Int64
}

func newStalled(t *testing.T) *stalled {
	return &stalled{Context: t.Context(), done: make(chan struct{})}
}

func (*stalled) Deadline() (time.Time, bool) { return time.Now().Add(time.Hour), true }
func (s *stalled) Done() <-chan struct{}     { return s.done }

func (s *stalled) Err() error {
	if s.read.Load() < 100<<10 {
		return nil
	}
	return context.DeadlineExceeded
}

// Value implements context.Context. It is how the transport finds the context.
func (s *stalled) Value(key any) any {
	if key == (announced{}) {
		return s
	}
	return s.Context.Value(key)
}

// announced is a transport that tells stalled contexts how much of a reply was read.
type announced struct{}

func (announced) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if s, ok := r.Context().Value(announced{}).(*stalled); ok && err == nil {
		response.Body = &countedBody{response.Body, s}
	}
	return response, err
}

type countedBody struct {
	io.ReadCloser
	stalled *stalled
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if before := b.stalled.read.Add(int64(n)) - int64(n); before < 100<<10 && before+int64(n) >= 100<<10 {
		close(b.stalled.done)
	}
	return n, err
}
