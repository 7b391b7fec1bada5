package sdkv2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func request(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A request ends with the lookup, even if the request's context does not end, and at its time limit.
func TestRequestEnds(t *testing.T) {
	waiting := roundTripper(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&sender{ctx: ended, transport: waiting}).send(request(t), time.Hour)
	var bad badAnswer
	if !errors.As(err, &bad) || bad.RetryableError() || !strings.Contains(err.Error(), "the lookup has ended") {
		t.Errorf("got %v, want an error that the SDK does not retry", err)
	}
	if _, err := (&sender{ctx: t.Context(), transport: waiting}).send(request(t), 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// endless is an endless body. It counts the bytes that are read.
type endless struct {
	read   int
	closed bool
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 10*maxAnswer {
		return 0, io.EOF // for a reader that does not stop
	}
	e.read += len(p)
	return len(p), nil
}

func (e *endless) Close() error { e.closed = true; return nil }

func TestAnswerWithoutEnd(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusForbidden, http.StatusSwitchingProtocols} {
		body := new(endless)
		rt := roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: body}, nil
		})
		if _, err := (&sender{ctx: t.Context(), transport: rt}).send(request(t), time.Hour); err == nil || body.read > 2*maxAnswer || !body.closed {
			t.Errorf("%d: got %v after %d bytes, closed: %t", status, err, body.read, body.closed)
		}
	}
}
