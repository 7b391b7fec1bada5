package adaptertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// connections checks that calls share a connection, even if text follows the document in a
// reply: KrakenD's decoders stop at the document's end, and then KrakenD closes the body.
func connections(t *testing.T, adapter Adapter) {
	const calls = 4
	for _, size := range []int{100, 8 << 10, 200 << 10} {
		for _, tail := range []string{"", "\n", strings.Repeat(" ", 10<<10)} {
			for _, announced := range []bool{true, false} {
				name := fmt.Sprintf("%d bytes, %d after them, announced: %t", size, len(tail), announced)
				t.Run(name, func(t *testing.T) {
					document := `{"a":"` + strings.Repeat("x", size) + `"}`
					var opened atomic.Int64
					s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						io.Copy(io.Discard, r.Body)
						if announced {
							w.Header().Set("Content-Length", strconv.Itoa(len(document)+len(tail)))
						}
						io.WriteString(w, document)
						http.NewResponseController(w).Flush()
						io.WriteString(w, tail)
					}))
					s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
						if state == http.StateNew {
							opened.Add(1)
						}
					}
					s.Start()
					t.Cleanup(s.Close)

					built := adapter(with(Backend{}, map[string]any{"function_name": "f"}), Options{Session: newSession(t, s.URL), Logger: &Recorder{}})
					for range calls {
						response, err := built.Proxy(t.Context(), &Request{})
						if err != nil {
							t.Fatal(err)
						}
						if got, _ := response.Data["a"].(string); len(got) != size {
							t.Fatalf("got %d bytes, want %d", len(got), size)
						}
					}
					if n := opened.Load(); n != 1 {
						t.Errorf("got %d connections for %d calls, want 1", n, calls)
					}
				})
			}
		}
	}
}

// stalls checks that a reply which does not end after its first value ends with the deadline,
// because JSON is read to its end before it is decoded.
func stalls(t *testing.T, adapter Adapter) {
	for format, backend := range map[string]Backend{
		`{"a":"%s"}`: {}, `["%s"]`: {IsCollection: true}, `{"b":"%s"}`: {Encoding: "safejson"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, format, strings.Repeat("x", 8<<10))
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		t.Cleanup(s.Close)
		built := adapter(with(backend, map[string]any{"function_name": "f"}), Options{Session: newSession(t, s.URL), Logger: &Recorder{}})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		response, err := built.Proxy(ctx, &Request{})
		cancel()
		if response != nil || statusOf(err) != http.StatusGatewayTimeout {
			t.Errorf("%s: got %+v, %v; want a 504", format, response, err)
		}
	}
}

// abandoned checks that streams end even if nothing reads or closes their responses and their
// contexts do not end, as with KrakenD 1.x's shadow backends.
func abandoned(t *testing.T, adapter Adapter) {
	const calls = 5
	ended := make(chan struct{}, calls)
	s := lambdatest.NewServer(map[string]any{"f": func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
		body, function := io.Pipe()
		context.AfterFunc(ctx, func() {
			function.Close()
			ended <- struct{}{}
		})
		go io.WriteString(function, "begun")
		return &events.LambdaFunctionURLStreamingResponse{StatusCode: http.StatusOK, Body: body}, nil
	}})
	t.Cleanup(s.Close)

	built := adapter(with(Backend{Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true}), Options{Session: newSession(t, s.URL), Logger: &Recorder{}})
	for range calls {
		if _, err := built.Proxy(context.Background(), &Request{}); err != nil {
			t.Fatal(err)
		}
	}
	giveUp := time.Now().Add(time.Minute)
	for n := 0; n < calls; {
		runtime.GC()
		select {
		case <-ended:
			n++
		default:
			if time.Now().After(giveUp) {
				t.Fatalf("%d of %d streams have ended, want all", n, calls)
			}
		}
	}
}
