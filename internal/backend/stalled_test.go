package backend

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
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

// Replies are passed on as they arrive with one call for each request, however that is configured.
func TestRepliesThatArrive(t *testing.T) {
	for _, tc := range []struct {
		encoding string
		size     int
		calls    int
		comes    bool
		length   int64
	}{
		{"no-op", 10, 0, false, 10},
		{"no-op", 100 << 10, 0, true, -1},
		{"no-op", 100 << 10, 1, true, -1},
		{"json", 10, 0, false, 10},
		{"json", 100 << 10, 1, false, -1},
	} {
		reply := long(tc.size)
		url, _ := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).Flush()
			io.WriteString(w, reply)
		})
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}).New(Spec{Encoding: tc.encoding, ConcurrentCalls: tc.calls, Settings: ns(map[string]any{"function_name": "f"})})
		got, e := b.call(t.Context(), config.Function{Name: "f"}, nil, &Request{Method: http.MethodGet}, func(r *http.Response) error {
			if r.ContentLength != tc.length {
				t.Errorf("%+v: got the length %d", tc, r.ContentLength)
			}
			if tc.encoding == "no-op" {
				return nil
			}
			_, err := io.Copy(io.Discard, r.Body)
			return err
		})
		if e != nil || got.streams != tc.comes {
			t.Errorf("%+v: got %v, and a reply that arrives: %t", tc, e, got.streams)
			continue
		}
		got.Body.Close()
	}
}

// A stream ends when it is dropped, if nothing else ends it: KrakenD 1.x drops the replies of
// shadow backends, whose contexts never end.
func TestDroppedStreamEnds(t *testing.T) {
	ended := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write(event("PayloadChunk", "tea"))
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	}))
	defer s.Close()
	b, _ := newStreamBackend(t, &lambdatest.Server{URL: s.URL})
	if _, err := do(context.Background(), b, &Request{}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(30 * time.Second); ; {
		runtime.GC()
		select {
		case <-ended:
			return
		case <-deadline:
			s.CloseClientConnections()
			t.Fatal("the stream goes on")
		case <-time.After(time.Millisecond):
		}
	}
}
