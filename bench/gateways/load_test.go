package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestReadResponse(t *testing.T) {
	const want = `{"a":1}`
	good := map[string]string{
		"plain":            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" + want,
		"another spelling": "HTTP/1.1 200 OK\r\nX-A: b\r\ncontent-length:7\r\nX-B: c\r\n\r\n" + want,
		"a line's end":     "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + want + "\n",
	}
	for name, response := range good {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(response + response))
			for range 2 {
				if err := readResponse(r, []byte(want)); err != nil {
					t.Fatal(err)
				}
			}
			if r.Buffered() != 0 {
				t.Errorf("%d bytes are left", r.Buffered())
			}
		})
	}
	bad := map[string]string{
		"nothing":       "",
		"status":        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 7\r\n\r\n" + want,
		"body":          "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" + `{"a":2}`,
		"short body":    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" + `{"a"`,
		"empty body":    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"no length":     "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n" + want,
		"a bad length":  "HTTP/1.1 200 OK\r\nContent-Length: 7x\r\n\r\n" + want,
		"no end":        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n",
		"not even HTTP": "hello\r\n\r\n",
	}
	for name, response := range bad {
		t.Run(name, func(t *testing.T) {
			if err := readResponse(bufio.NewReader(strings.NewReader(response)), []byte(want)); err == nil {
				t.Error("got no error")
			}
		})
	}
}

// TestUpstream sends what the gateways' backends send.
func TestUpstream(t *testing.T) {
	up, err := startUpstream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer up.stop()
	tests := []struct {
		method, path, body string
		status             int
	}{
		{"POST", invokePath, payload, 200},
		{"POST", invokePath, idPayload, 200},
		{"POST", invokePath, idPayload + "\n", 200},
		{"POST", plainPath, payload, 200},
		{"GET", plainPath + "/" + id, "", 200},
		{"POST", invokePath, "", 404},
		{"POST", invokePath, payload + payload, 404},
		{"POST", invokePath, strings.Repeat(" ", 2*bodySize), 404},
		{"GET", invokePath, "", 404},
		{"POST", plainPath, idPayload, 404},
		{"GET", plainPath + "/8", "", 404},
		{"POST", "/not-a-function", payload, 404},
	}
	for _, test := range tests {
		request, err := http.NewRequestWithContext(t.Context(), test.method, "http://"+up.addr+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s %s with %d bytes: got %d, want %d", test.method, test.path, len(test.body), response.StatusCode, test.status)
		}
	}
	got, err := askCounts(t.Context(), up.addr)
	if want := (counts{Invocations: 3, Posts: 1, Gets: 1, Others: 7}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestSizes(t *testing.T) {
	if len(payload) != 100 || len(reply) != 100 {
		t.Errorf("got %d bytes and a reply of %d, want 100 and 100", len(payload), len(reply))
	}
}

// serve returns the load for a server, which counts its requests.
func serve(t *testing.T, handle func(n int64, w http.ResponseWriter)) (load, *atomic.Int64) {
	t.Helper()
	n := new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(n.Add(1), w) }))
	t.Cleanup(s.Close)
	return newLoad(s.Listener.Addr().String(), http.MethodPost, "/"), n
}

func TestSendCounts(t *testing.T) {
	l, served := serve(t, func(_ int64, w http.ResponseWriter) { w.Write([]byte(reply)) })
	calls := 0
	got, err := l.send(t.Context(), 4, span{duration: time.Minute, requests: 100}, func() { calls++ }, func() { calls++ })
	if err != nil {
		t.Fatal(err)
	}
	if len(got.latencies) != 100 || served.Load() != 100 || got.errors != 0 {
		t.Errorf("got %d answers to %d requests and %d errors, want 100, 100 and none: %v", len(got.latencies), served.Load(), got.errors, got.err)
	}
	if got.elapsed <= 0 || got.elapsed >= time.Minute {
		t.Errorf("it took %v", got.elapsed)
	}
	if calls != 2 {
		t.Errorf("begin and end were called %d times", calls)
	}
}

func TestSendWarmsUp(t *testing.T) {
	l, served := serve(t, func(_ int64, w http.ResponseWriter) { w.Write([]byte(reply)) })
	got, err := l.send(t.Context(), 4, span{warmUp: 200 * time.Millisecond, duration: 100 * time.Millisecond}, func() {}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if int64(got.answered) != served.Load() {
		t.Errorf("%d of %d requests are answered", got.answered, served.Load())
	}
	if n := int64(len(got.latencies)); n == 0 || n >= served.Load() {
		t.Errorf("%d of %d requests count, want some and not all", n, served.Load())
	}
	if got.errors != 0 || got.elapsed != 100*time.Millisecond {
		t.Errorf("got %d errors in %v, want none in 100ms: %v", got.errors, got.elapsed, got.err)
	}
}

func TestSendGoesOnAfterErrors(t *testing.T) {
	l, _ := serve(t, func(n int64, w http.ResponseWriter) {
		switch n % 10 {
		case 3:
			w.WriteHeader(http.StatusBadGateway)
		case 6:
			w.Write([]byte("{}"))
		case 9:
			panic(http.ErrAbortHandler)
		default:
			w.Write([]byte(reply))
		}
	})
	got, err := l.send(t.Context(), 2, span{duration: time.Minute, requests: 50}, func() {}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if got.errors != 15 || len(got.latencies) != 35 || got.err == nil {
		t.Errorf("got %d errors and %d answers, want 15 and 35: %v", got.errors, len(got.latencies), got.err)
	}
}

// TestSendEnds is about a server that does not answer.
func TestSendEnds(t *testing.T) {
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	l, _ := serve(t, func(int64, http.ResponseWriter) {
		cancel()
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server's
	got, err := l.send(ctx, 4, span{duration: time.Hour}, func() {}, func() {})
	if err != context.Canceled {
		t.Errorf("got the error %v, want the context's", err)
	}
	if got.errors != 0 {
		t.Errorf("got %d errors: %v", got.errors, got.err)
	}
}
