package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// backendOf returns a backend of an encoding, with answer as the Invoke API.
func backendOf(t *testing.T, encoding string, settings map[string]any, answer http.HandlerFunc) (*Backend, *recorder, *int) {
	t.Helper()
	url, calls := hostile(t, answer)
	all := map[string]any{"function_name": "f", "max_retries": 1.0}
	maps.Copy(all, settings)
	l := &recorder{}
	b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: url, transport: announced{}}}).New(Spec{Encoding: encoding, Settings: ns(all)})
	return b, l, calls
}

// long returns a JSON document of n bytes.
func long(n int) string { return `{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}` }

// abort ends the connection within the answer.
func abort(w http.ResponseWriter) {
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Replies of all lengths arrive unchanged, with and without a Content-Length.
func TestRepliesOfAllLengths(t *testing.T) {
	for _, encoding := range []string{"no-op", "json", "string", "xml"} {
		for _, announced := range []bool{true, false} {
			for _, n := range []int{10, 512, 4<<10 - 1, 4 << 10, 4<<10 + 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
				want := long(n)
				b, l, _ := backendOf(t, encoding, nil, func(w http.ResponseWriter, _ *http.Request) {
					if announced {
						w.Header().Set("Content-Length", strconv.Itoa(n))
					} else {
						http.NewResponseController(w).Flush()
					}
					io.WriteString(w, want)
				})
				response, err := do(t.Context(), b, &Request{})
				if err != nil {
					t.Fatalf("%s of %d bytes, announced: %t: %v, %q", encoding, n, announced, err, l.lines)
				}
				if got := readAll(t, response); got != want {
					t.Errorf("%s of %d bytes, announced: %t: got %d bytes", encoding, n, announced, len(got))
				}
				length := response.Header.Get("Content-Length")
				if passes := encoding == "no-op" && announced && n > 64<<10; (length == strconv.Itoa(n)) != passes || !passes && length != "" {
					t.Errorf("%s of %d bytes, announced: %t: got Content-Length %q", encoding, n, announced, length)
				}
				if len(l.level("ERROR")) != 0 {
					t.Errorf("%q", l.lines)
				}
			}
		}
	}
}

// Read and WriteTo return the same bytes of a long reply.
func TestLongReplyAsReader(t *testing.T) {
	want := long(200 << 10)
	b, _, _ := backendOf(t, "no-op", nil, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, want) })
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(struct{ io.Reader }{response.Body}, []byte(want)); err != nil {
		t.Error(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}

// If the connection of a reply breaks, the call is retried, unless the client already has a part of
// it.
func TestLongReplyThatBreaksOff(t *testing.T) {
	whole := long(1 << 20)
	for _, tc := range []struct {
		name, encoding string
		some           int // bytes of the first answer
		settings       map[string]any
		calls          int
		fails          string // the beginning of the log line; empty for a reply
	}{
		{"for the client, before it has a part", "no-op", 10 << 10, nil, 2, ""},
		{"for the client", "no-op", 100 << 10, nil, 1, "the reply broke off: "},
		{"decoded, within the first bytes", "json", 1 << 10, nil, 2, ""},
		{"decoded", "json", 100 << 10, nil, 2, ""},
		{"decoded, without a retry", "json", 100 << 10, map[string]any{"max_retries": 0.0}, 1, "the reply broke off: "},
		{"a string", "string", 100 << 10, nil, 2, ""},
	} {
		for _, announced := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, announced: %t", tc.name, announced), func(t *testing.T) {
				first := true
				b, l, calls := backendOf(t, tc.encoding, tc.settings, func(w http.ResponseWriter, _ *http.Request) {
					if announced {
						w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
					}
					if first {
						first = false
						io.WriteString(w, whole[:tc.some])
						abort(w)
					}
					io.WriteString(w, whole)
				})
				var got string
				response, err := do(t.Context(), b, &Request{})
				if err == nil {
					var body []byte
					body, err = io.ReadAll(response.Body)
					got = string(body)
				}
				if tc.fails == "" {
					if err != nil || got != whole {
						t.Errorf("got %d bytes, %v; want them all", len(got), err)
					}
				} else if lines := l.level("ERROR"); err == nil || len(lines) != 1 || !strings.Contains(lines[0], tc.fails) {
					t.Errorf("got %v, log %q; want %q", err, l.lines, tc.fails)
				}
				if *calls != tc.calls {
					t.Errorf("got %d calls, want %d", *calls, tc.calls)
				}
			})
		}
	}
}

// A client must see that a response is incomplete, with and without a Content-Length.
func TestLongReplyCutForTheClient(t *testing.T) {
	whole := long(1 << 20)
	for _, announced := range []bool{true, false} {
		b, _, _ := backendOf(t, "no-op", nil, func(w http.ResponseWriter, _ *http.Request) {
			if announced {
				w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
			}
			io.WriteString(w, whole[:100<<10])
			abort(w)
		})
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			response, err := do(r.Context(), b, &Request{})
			if err != nil {
				t.Error(err)
				return
			}
			maps.Copy(w.Header(), response.Header)
			io.Copy(w, response.Body) // like KrakenD's routers, which drop the error
		}))
		defer gateway.Close()
		response, err := http.Get(gateway.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err == nil || !strings.HasPrefix(whole, string(body)) {
			t.Errorf("announced: %t: got %d bytes and no error", announced, len(body))
		}
	}
}

// The deadline ends a reply that stalls, with every encoding.
func TestLongReplyAndDeadline(t *testing.T) {
	for encoding, want := range map[string]string{"no-op": "the deadline passed while the reply was coming", "json": "the deadline passed while the reply was coming"} {
		release := make(chan struct{})
		b, l, calls := backendOf(t, encoding, nil, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, long(200 << 10)[:100<<10])
			http.NewResponseController(w).Flush()
			<-release
		})
		response, err := do(newStalled(t), b, &Request{})
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		close(release)
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", encoding, err)
		}
		if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], want) || *calls != 1 {
			t.Errorf("%s: got %q in %d calls, want %q in one", encoding, lines, *calls, want)
		}
	}
}

// If the deadline passes while a decoder reads on after the value, the client gets a 504, and the log
// the reason.
func TestLongReplyThatStallsAfterItsValue(t *testing.T) {
	b, l, calls := backendOf(t, "json", nil, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, long(100<<10))
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	read := 0
	err := b.Invoke(newStalled(t), &Request{}, func(r *http.Response) error {
		body, _ := io.ReadAll(r.Body)
		read = len(body)
		return nil
	})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || read != 100<<10 || *calls != 1 {
		t.Errorf("got %v for %d bytes in %d calls, want a 504", err, read, *calls)
	}
	if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "the deadline passed while the reply was coming") {
		t.Errorf("got %q", lines)
	}
}

// A call whose connection breaks after the value of the reply is not retried.
func TestLongReplyThatBreaksAfterItsValue(t *testing.T) {
	b, _, calls := backendOf(t, "json", nil, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, long(100<<10))
		abort(w)
	})
	err := b.Invoke(t.Context(), &Request{}, func(r *http.Response) error {
		_, _ = io.ReadAll(r.Body)
		return nil
	})
	if err != nil || *calls != 1 {
		t.Errorf("got %v in %d calls, want a reply in one", err, *calls)
	}
}

// An empty reply or a null has no body, with any spaces before it and any text after it.
func TestLongNothing(t *testing.T) {
	spaces := strings.Repeat(" \n", 50<<10)
	for name, reply := range map[string]string{"spaces": spaces, "null": spaces + "null", "null, and more": "null" + spaces} {
		b, _, _ := backendOf(t, "json", nil, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, reply) })
		response, err := do(t.Context(), b, &Request{})
		if err != nil || response.Body != http.NoBody {
			t.Errorf("%s: got %v, %v; want no body", name, response, err)
		}
	}
}

// If a decoder stops before the end of a reply or panics, the connection is reused and the rest of
// the reply is closed.
func TestReplyThatIsNotReadToItsEnd(t *testing.T) {
	announced := func(reply string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(reply)))
			io.WriteString(w, reply)
		}
	}
	inChunks := func(chunks ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, chunk := range chunks {
				http.NewResponseController(w).Flush()
				io.WriteString(w, chunk)
			}
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"announced":               announced(long(10 << 10)),
		"with a line's end":       announced(long(4<<10) + "\n"),
		"with spaces":             announced(long(10<<10) + strings.Repeat(" ", 10<<10)),
		"in chunks":               inChunks(long(10 << 10)),
		"the line's end, a chunk": inChunks(long(10<<10), "\n"),
		"null":                    announced("null" + strings.Repeat(" ", 10<<10)),
	} {
		var mu sync.Mutex
		connections := make(map[string]bool)
		b, _, _ := backendOf(t, "json", nil, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			connections[r.RemoteAddr] = true
			mu.Unlock()
			answer(w, r)
		})
		for range 5 {
			err := b.Invoke(t.Context(), &Request{}, func(r *http.Response) error {
				if r.Body == http.NoBody {
					return nil
				}
				return json.NewDecoder(r.Body).Decode(new(map[string]any))
			})
			if err != nil {
				t.Error(err)
			}
		}
		if len(connections) != 1 {
			t.Errorf("%s: got %d connections for calls one by one, want 1", name, len(connections))
		}
	}

	b, _, _ := backendOf(t, "json", nil, announced(long(10<<10)))
	var body io.ReadCloser
	err := b.Invoke(t.Context(), &Request{}, func(r *http.Response) error {
		body = r.Body
		panic("a decoder")
	})
	if err == nil {
		t.Error("got no error of a decoder that panics")
	}
	if _, err := io.ReadAll(body); err == nil {
		t.Error("the rest of the reply is not closed")
	}
}

// If nothing ends a request, an unread reply holds no connection: KrakenD 1.x drops the replies of
// shadow backends.
func TestLongReplyThatIsDropped(t *testing.T) {
	var mu sync.Mutex
	connections := make(map[string]bool)
	b, _, _ := backendOf(t, "no-op", nil, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		connections[r.RemoteAddr] = true
		mu.Unlock()
		io.WriteString(w, long(1<<20))
	})
	for range 5 {
		if _, err := do(context.Background(), b, &Request{}); err != nil {
			t.Error(err)
		}
	}
	if len(connections) != 1 {
		t.Errorf("got %d connections for calls one by one, want 1", len(connections))
	}
}

// A long no-op reply takes at most 256 KB of memory.
func TestLongReplyMemory(t *testing.T) {
	const n, size = 20, 6 << 20
	whole := bytes.Repeat([]byte("x"), size)
	held, release := make(chan struct{}), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		w.Write(whole[:size/2])
		http.NewResponseController(w).Flush()
		held <- struct{}{}
		<-release
		w.Write(whole[size/2:])
	}))
	defer api.Close()
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: api.URL}}).New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f"})})

	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var calls sync.WaitGroup
	half := make(chan struct{}, n)
	for range n {
		calls.Go(func() {
			response, err := do(t.Context(), b, &Request{})
			if err != nil {
				t.Error(err)
				half <- struct{}{}
				return
			}
			var got int64
			_, err = io.Copy(writerFunc(func(p []byte) (int, error) {
				if got += int64(len(p)); got == size/2 {
					half <- struct{}{}
				}
				return len(p), nil
			}), response.Body)
			if err != nil || got != size {
				t.Errorf("got %d bytes, %v", got, err)
			}
		})
	}
	for range n {
		<-held
		<-half
	}
	each := (heap() - before) / n
	close(release)
	calls.Wait()
	if each > 256<<10 {
		t.Errorf("got %d bytes of heap for each reply of %d, want %d at most", each, size, 256<<10)
	}
}
