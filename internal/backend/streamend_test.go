package backend

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// cutShort are ways in which a stream breaks off.
var cutShort = map[string]struct {
	err   error             // of the function
	fault *lambdatest.Fault // of the call
	log   string
}{
	"the function's error": {errors.New("out of tea"), nil, "the function failed: function f, code errorString, request id %s: 'out of tea'"},
	"a cut connection":     {nil, fault(lambdatest.Cut(lambdatest.WithinBody)), "the reply broke off: function f, request id %s: "},
	"no end":               {nil, fault(lambdatest.Cut(lambdatest.BeforeComplete)), "the reply broke off: function f, request id %s: 'the stream ended before InvokeComplete'"},
}

func fault(f lambdatest.Fault) *lambdatest.Fault { return &f }

// concealing hides all methods of a ResponseWriter except those of the interface and Flush, as Lura's
// router does over HTTP/2.
type concealing struct{ w http.ResponseWriter }

func (c concealing) Header() http.Header         { return c.w.Header() }
func (c concealing) Write(p []byte) (int, error) { return c.w.Write(p) }
func (c concealing) WriteHeader(status int)      { c.w.WriteHeader(status) }
func (c concealing) Flush()                      { c.w.(http.Flusher).Flush() }

func TestStreamCutShort(t *testing.T) {
	for name, tc := range cutShort {
		for _, conceals := range []bool{false, true} {
			for protocol, start := range map[string]func(*httptest.Server){"HTTP/1.1": (*httptest.Server).Start, "HTTP/2.0": (*httptest.Server).StartTLS} {
				t.Run(fmt.Sprint(name, ", ", protocol, ", concealing: ", conceals), func(t *testing.T) {
					var wrap func(http.ResponseWriter) http.ResponseWriter
					if conceals {
						wrap = func(w http.ResponseWriter) http.ResponseWriter { return concealing{w} }
					}
					api := streamAPI(t, func() (typed, error) {
						return typed{bytesOf{io.MultiReader(strings.NewReader("some of it"), ending{tc.err})}, "text/plain"}, nil
					})
					if tc.fault != nil {
						api.Fail("f", *tc.fault)
					}
					b, l := newStreamBackend(t, api)
					gw := gatewayWith(t, b, wrap)
					start(gw)
					response := get(t, gw)
					body, err := io.ReadAll(response.Body)
					if err == nil || response.StatusCode != 200 || response.Proto != protocol || string(body) != "some of it" {
						t.Errorf("got %s %s, %q, %v; want an error after a part of the body", response.Proto, response.Status, body, err)
					}
					gw.Close() // ends the request too
					got := l.level("ERROR")
					if len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf(tc.log, api.Calls()[0].RequestID)) {
						t.Errorf("got %q, want one line with %q", got, tc.log)
					}
					if got := l.level("WARNING"); len(got) != 0 {
						t.Errorf("got %q", got)
					}
				})
			}
		}
	}
}

// ending is a reader that returns the error, or io.EOF if it is nil.
type ending struct{ err error }

func (f ending) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// If the length of a body differs from the function's Content-Length, the client can tell, over every
// protocol.
func TestStreamOfAnotherLength(t *testing.T) {
	for body, log := range map[string]string{
		"abc":   ": it has 3 bytes, but its Content-Length is 4",
		"abcde": ": it has 5 bytes, but its Content-Length is 4",
		"abcd":  "",
	} {
		for protocol, start := range map[string]func(*httptest.Server){"HTTP/1.1": (*httptest.Server).Start, "HTTP/2.0": (*httptest.Server).StartTLS} {
			t.Run(body+", "+protocol, func(t *testing.T) {
				api := streamAPI(t, func() (*events.LambdaFunctionURLStreamingResponse, error) {
					return &events.LambdaFunctionURLStreamingResponse{Headers: map[string]string{"Content-Length": "4", "Content-Type": "text/plain"}, Body: strings.NewReader(body)}, nil
				})
				b, l := newStreamBackend(t, api)
				gw := gateway(t, b)
				start(gw)
				response := get(t, gw)
				got, err := io.ReadAll(response.Body)
				if response.ContentLength != 4 || (err == nil) != (log == "") || err == nil && string(got) != body {
					t.Errorf("got %d, %q, %v", response.ContentLength, got, err)
				}
				gw.Close()
				if lines := l.level("ERROR"); log == "" && len(lines) != 0 || log != "" && (len(lines) != 1 || !strings.HasSuffix(lines[0], log)) {
					t.Errorf("got %q, want %q", lines, log)
				}
			})
		}
	}
}

// If the client cannot tell that a stream broke off, a warning says so.
func TestStreamCutShortForAWriterThatCannotTell(t *testing.T) {
	api := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.MultiReader(strings.NewReader("some of it"), ending{errors.New("out of tea")})}, "text/plain"}, nil
	})
	b, l := newStreamBackend(t, api)
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(writerFunc(func(p []byte) (int, error) { return len(p), nil }), response.Body); n != 10 || err == nil {
		t.Errorf("got %d, %v", n, err)
	}
	if got := l.level("WARNING"); len(got) != 1 || !strings.Contains(got[0], "a reply broke off, and the client cannot tell, because the gateway cannot cut off its connection: function f, request id ") {
		t.Errorf("got %q", got)
	}
	if got := l.level("ERROR"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// A function that fails before its first byte is an ordinary error.
func TestStreamFailsAtOnce(t *testing.T) {
	api := streamAPI(t, func() (*events.LambdaFunctionURLStreamingResponse, error) { return nil, errors.New("out of tea") })
	b, l := newStreamBackend(t, api)
	_, err := do(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != 502 || string(e.Details()) != `{"errorType":"errorString","errorMessage":"out of tea"}` {
		t.Errorf("got %v", err)
	}
	if got := l.level("ERROR"); len(got) != 1 {
		t.Errorf("got %q", got)
	}

	api.Fail("f", lambdatest.Throttle(0).Always())
	if _, err = do(t.Context(), b, &Request{}); !errors.As(err, &e) || e.StatusCode() != 429 {
		t.Errorf("got %v, want a 429", err)
	}
	if n := len(api.Calls()); n != 1+4 {
		t.Errorf("got %d calls, want 5 with the SDK's retries", n)
	}
}

func TestStreamWhoseClientGoesAway(t *testing.T) {
	gone := make(chan struct{})
	api := streamAPI(t, func(ctx context.Context) (typed, error) {
		body, write := io.Pipe()
		context.AfterFunc(ctx, func() {
			write.Close()
			close(gone)
		})
		go io.WriteString(write, "x") // only this: the stream ends when the client goes away
		return typed{bytesOf{body}, "text/plain"}, nil
	})
	b, l := newStreamBackend(t, api)
	gw := gateway(t, b)
	gw.Config.Handler = withoutCancel(gw.Config.Handler) // like KrakenD 1.x
	gw.Start()
	response := get(t, gw)
	if _, err := io.ReadFull(response.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	await(t, gone)
	gw.Close()
	if got := l.level("ERROR"); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if got := l.level("DEBUG"); got[len(got)-1] != "DEBUG [BACKEND: /x][Lambda] the client went away" {
		t.Errorf("got %q", got)
	}
}

func await(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the call has not ended")
	}
}

// withoutCancel hides from h that the client went away.
func withoutCancel(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	})
}

// If a write fails, the client went away.
func TestStreamWithoutAClient(t *testing.T) {
	api := streamAPI(t, func() (typed, error) { return typed{bytesOf{zeros{}}, "text/plain"}, nil })
	b, l := newStreamBackend(t, api)
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(&broken{after: 3}, response.Body)
	if !errors.Is(err, io.ErrClosedPipe) || n == 0 {
		t.Errorf("got %d, %v", n, err)
	}
	if got := l.level("ERROR"); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	api.Close() // otherwise it never ends
}

// broken is a writer that fails.
type broken struct{ after int }

func (b *broken) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestStreamAndDeadline(t *testing.T) {
	api := streamAPI(t, func(ctx context.Context) (typed, error) {
		body, write := io.Pipe()
		context.AfterFunc(ctx, func() { write.Close() })
		go io.WriteString(write, "x")
		return typed{bytesOf{body}, "text/plain"}, nil
	})
	b, l := newStreamBackend(t, api)
	expired := make(chan struct{})
	gw := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		response, err := do(deadline{t.Context(), expired}, b, &Request{})
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(w, response.Body)
	}))
	t.Cleanup(gw.Close)
	response := get(t, gw)
	if _, err := io.ReadFull(response.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	close(expired)
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("the response ended as if it were complete")
	}
	gw.Close()
	if got := l.level("ERROR"); len(got) != 1 || !strings.Contains(got[0], "the deadline passed while the function wrote its reply") {
		t.Errorf("got %q", got)
	}
}

// deadline is a context whose deadline passes when the channel is closed.
type deadline struct {
	context.Context
	passed chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.passed }
func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// An unread reply ends with its request.
func TestUnreadStream(t *testing.T) {
	ended := make(chan struct{})
	api := streamAPI(t, func(ctx context.Context) (typed, error) {
		context.AfterFunc(ctx, func() { close(ended) })
		return typed{bytesOf{zeros{}}, "text/plain"}, nil
	})
	b, _ := newStreamBackend(t, api)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := do(ctx, b, &Request{}); err != nil {
		t.Fatal(err)
	}
	cancel()
	await(t, ended)
}

func TestStreamAsReader(t *testing.T) {
	api := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.MultiReader(strings.NewReader("some "), strings.NewReader("tea"), ending{errors.New("out of tea")})}, "text/plain"}, nil
	})
	b, l := newStreamBackend(t, api)
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(struct{ io.Reader }{response.Body}, 16)
	got, err := io.ReadAll(r)
	var e *Error
	if string(got) != "some tea" || !errors.As(err, &e) || e.StatusCode() != 502 {
		t.Errorf("got %q, %v", got, err)
	}
	if _, again := response.Body.Read(make([]byte, 1)); again == nil || again.Error() != e.Error() {
		t.Errorf("then got %v", again)
	}
	if err := errors.Join(response.Body.Close(), response.Body.Close()); err != nil {
		t.Error(err)
	}
	if got := l.level("ERROR"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}
