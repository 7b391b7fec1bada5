package backend

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// streamed is a reply with a prelude.
func streamed(status int, body io.Reader) *events.LambdaFunctionURLStreamingResponse {
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: status, Headers: map[string]string{"content-type": "text/plain", "content-length": "many"}, Cookies: []string{"a=1", "b=2"}, Body: body,
	}
}

// bytesOf is a reply without one: what it reads, and no type.
type bytesOf struct{ io.Reader }

func (bytesOf) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

// typed is one with a type.
type typed struct {
	bytesOf
	contentType string
}

func (t typed) ContentType() string { return t.contentType }

// streamAPI starts an Invoke API with a streaming function f.
func streamAPI(t *testing.T, f any) *lambdatest.Server {
	t.Helper()
	s := lambdatest.NewServer(map[string]any{"f": f})
	s.RequireCredentials(accessKey, secretKey)
	t.Cleanup(s.Close)
	return s
}

func newStreamBackend(t *testing.T, s *lambdatest.Server) (*Backend, *recorder) {
	t.Helper()
	return newBackend(t, s, Spec{URLPattern: "/x", Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true})
}

// gateway serves b as KrakenD's routers do: status and headers, and a copy of the body
// that drops errors.
func gateway(t *testing.T, b *Backend) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response, err := invoke(r.Context(), b, &Request{})
		if err != nil {
			http.Error(w, err.Error(), err.(interface{ StatusCode() int }).StatusCode())
			return
		}
		for name, values := range response.Header {
			for _, v := range values {
				w.Header().Add(name, v)
			}
		}
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}))
	s.EnableHTTP2 = true
	t.Cleanup(s.Close)
	return s
}

// patience is what a test waits for something that has to happen.
const patience = 30 * time.Second

func get(t *testing.T, s *httptest.Server) *http.Response {
	t.Helper()
	client := s.Client()
	client.Timeout = patience
	response, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestStream(t *testing.T) {
	body, write := io.Pipe()
	api := streamAPI(t, func() (*events.LambdaFunctionURLStreamingResponse, error) { return streamed(201, body), nil })
	b, l := newStreamBackend(t, api)
	gw := gateway(t, b)
	gw.Start()

	// Nothing of the body is there: status and headers do not wait for it.
	response := get(t, gw)
	if response.StatusCode != 201 || response.ContentLength != -1 {
		t.Errorf("got %s, %d bytes", response.Status, response.ContentLength)
	}
	for name, want := range map[string][]string{
		"Content-Type": {"text/plain"}, "Set-Cookie": {"a=1", "b=2"}, "X-Amz-Executed-Version": {"$LATEST"}, "X-Amzn-Requestid": {api.Calls()[0].RequestID},
	} {
		if got := response.Header[name]; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	// Each chunk is there before the next is written.
	for _, chunk := range []string{"first", "second"} {
		if _, err := io.WriteString(write, chunk); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(chunk))
		if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != chunk {
			t.Fatalf("got %q, %v; want %q", got, err, chunk)
		}
	}
	write.Close()
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) != 0 {
		t.Errorf("got %q, %v; want the end", rest, err)
	}
	if got := l.level("ERROR"); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestStreamHeads(t *testing.T) {
	const end = "\x00\x00\x00\x00\x00\x00\x00\x00"
	long := strings.Repeat("x", 64<<10) // as much as a prelude may have
	for _, tc := range []struct {
		name, contentType, stream string
		status                    int
		want, body                string // content type and body
	}{
		{"a prelude", integrationResponse, `{"statusCode":404,"headers":{"content-type":"text/html"}}` + end + "body", 404, "text/html", "body"},
		{"a length", integrationResponse, `{"headers":{"content-length":"4","content-type":"text/html"}}` + end + "body", 200, "text/html", "body"},
		{"a length and no body", integrationResponse, `{"statusCode":304,"headers":{"content-length":"4"}}` + end, 304, "", ""},
		{"a prelude with a parameter", integrationResponse + "; a=b", `{}` + end + "body", 200, "application/octet-stream", "body"},
		{"a prelude without a body", integrationResponse, `{"statusCode":204}` + end, 204, "", ""},
		{"a body that its status forbids", integrationResponse, `{"statusCode":204}` + end + "body", 204, "", ""},
		{"no end of the prelude", integrationResponse, `{"statusCode":200}`, 502, "", ""},
		{"a prelude that is too long", integrationResponse, long + long, 502, "", ""},
		{"a prelude that is no JSON", integrationResponse, "x" + end, 502, "", ""},
		{"a type", "text/event-stream", "data: x\n\n", 200, "text/event-stream", "data: x\n\n"},
		{"a type, and JSON", "application/json", `{"a":1}` + end, 200, "application/json", `{"a":1}` + end},
		{"a type and nothing", "text/csv", "", 200, "text/csv", ""},
		{"no type", "", "\x89PNG", 200, "application/octet-stream", "\x89PNG"},
		{"no type and nothing", "", "", 200, "", ""},
		{"a redirect without a type", integrationResponse, `{"statusCode":307,"headers":{"x-to":"/b"}}` + end, 307, "", ""},
		{"a prelude without a type and without a body", integrationResponse, `{"statusCode":200}` + end, 200, "", ""},
		{"no type, a prelude and no body", "", `{"statusCode":307}` + end, 307, "", ""},
		{"no type and a prelude", "", " \n{\"statusCode\":418,\"headers\":{\"content-type\":\"text/tea\"}}" + end + "body", 418, "text/tea", "body"},
		{"no type and JSON", "", `{"a":1}`, 200, "application/octet-stream", `{"a":1}`},
		{"no type and much JSON", "", `{"` + long + `":1}`, 200, "application/octet-stream", `{"` + long + `":1}`},
		{"no type, and what only looks like a prelude", "", "{" + end, 200, "application/octet-stream", "{" + end},
		{"no type and half of a prelude", "", `{"statusCode":201`, 200, "application/octet-stream", `{"statusCode":201`},
		{"no type, and JSON of a bad status", "", `{"statusCode":1}` + end, 200, "application/octet-stream", `{"statusCode":1}` + end},
		// Somebody's upload, say.
		{"the type of bytes and a prelude", "application/octet-stream", `{"statusCode":201}` + end + "body", 200, "application/octet-stream", `{"statusCode":201}` + end + "body"},
		{"the framing's type and a prelude", eventStream, `{"statusCode":201}` + end + "body", 201, "application/octet-stream", "body"},
		{"the framing's type and bytes", eventStream, "body", 200, "application/octet-stream", "body"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api := streamAPI(t, func() (bytesOf, error) { return bytesOf{strings.NewReader(tc.stream)}, nil })
			b, l := newStreamBackend(t, api)
			b.invoker = contentType{b.invoker, tc.contentType}
			gw := gateway(t, b)
			gw.Start()
			response := get(t, gw)
			body, err := io.ReadAll(response.Body)
			if tc.status == 502 {
				if response.StatusCode != 502 || len(l.level("ERROR")) != 1 || !strings.Contains(l.level("ERROR")[0], "prelude") {
					t.Errorf("got %s, %q", response.Status, l.level("ERROR"))
				}
				return
			}
			if err != nil || response.StatusCode != tc.status || string(body) != tc.body || response.Header.Get("Content-Type") != tc.want {
				t.Errorf("got %s, %s, %d bytes, %v", response.Status, response.Header.Get("Content-Type"), len(body), err)
			}
			if got := l.level("ERROR"); len(got) != 0 {
				t.Errorf("got %q", got)
			}
		})
	}
}

// JSON goes on as it comes as well, whether or not a prelude could begin like it.
func TestStreamOfJSON(t *testing.T) {
	for _, kind := range []string{"", "application/octet-stream", eventStream, "application/x-ndjson"} {
		for _, chunk := range []string{"{\"n\":1}\n", "{} ", "[1,", "{a", "\n\n\"", "{}\x00\x01"} {
			body, write := io.Pipe()
			api := streamAPI(t, func() (bytesOf, error) { return bytesOf{body}, nil })
			t.Cleanup(func() { write.Close() })
			b, _ := newStreamBackend(t, api)
			b.invoker = contentType{b.invoker, kind}
			gw := gateway(t, b)
			gw.Start()
			go io.WriteString(write, chunk) // and no more
			response := get(t, gw)
			got := make([]byte, len(chunk))
			if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != chunk {
				t.Errorf("%s: got %q, %v; want %q", kind, got, err, chunk)
			}
		}
	}
}

// contentType is an Invoker with another content type.
type contentType struct {
	Invoker
	contentType string
}

func (c contentType) InvokeWithResponseStreamWithContext(ctx aws.Context, in *lambda.InvokeWithResponseStreamInput, opts ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error) {
	out, err := c.Invoker.(streamInvoker).InvokeWithResponseStreamWithContext(ctx, in, opts...)
	if err == nil {
		out.ResponseStreamContentType = &c.contentType
	}
	return out, err
}

// What a buffered function returns comes as well.
func TestStreamOfAnOrdinaryFunction(t *testing.T) {
	api := streamAPI(t, func() (map[string]int, error) { return map[string]int{"a": 1}, nil })
	b, _ := newStreamBackend(t, api)
	response, err := invoke(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, response); got != `{"a":1}` || response.StatusCode != 200 {
		t.Errorf("got %d %s", response.StatusCode, got)
	}
}

// cutShort are the ways in which a stream does not come to its end.
var cutShort = map[string]struct {
	err   error             // of the function's
	fault *lambdatest.Fault // of the call
	log   string
}{
	"the function's error": {errors.New("out of tea"), nil, `the function failed ("Unhandled"): "errorString" "out of tea"`},
	"a cut connection":     {nil, fault(lambdatest.Cut(lambdatest.WithinBody)), "the reply broke off: "},
	"no end":               {nil, fault(lambdatest.Cut(lambdatest.BeforeComplete)), "the reply broke off: the stream has no end"},
}

func fault(f lambdatest.Fault) *lambdatest.Fault { return &f }

func TestStreamCutShort(t *testing.T) {
	for name, tc := range cutShort {
		for protocol, start := range map[string]func(*httptest.Server){"HTTP/1.1": (*httptest.Server).Start, "HTTP/2.0": (*httptest.Server).StartTLS} {
			t.Run(name+", "+protocol, func(t *testing.T) {
				api := streamAPI(t, func() (typed, error) {
					return typed{bytesOf{io.MultiReader(strings.NewReader("some of it"), ending{tc.err})}, "text/plain"}, nil
				})
				if tc.fault != nil {
					api.Fail("f", *tc.fault)
				}
				b, l := newStreamBackend(t, api)
				gw := gateway(t, b)
				start(gw)
				response := get(t, gw)
				body, err := io.ReadAll(response.Body)
				if err == nil || response.StatusCode != 200 || response.Proto != protocol || string(body) != "some of it" {
					t.Errorf("got %s %s, %q, %v; want an error after some of it", response.Proto, response.Status, body, err)
				}
				gw.Close() // and with it the request
				got := l.level("ERROR")
				if len(got) != 1 || !strings.Contains(got[0], tc.log) || !strings.Contains(got[0], `; function "f", request id "`+api.Calls()[0].RequestID) {
					t.Errorf("got %q, want one line with %q", got, tc.log)
				}
			})
		}
	}
}

// ending is a reader that fails, or ends where there is no error.
type ending struct{ err error }

func (f ending) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// A length that the function has announced tells a client as well, whatever the
// protocol and the engine.
func TestStreamOfAnotherLength(t *testing.T) {
	for body, log := range map[string]string{
		"abc":   "the reply broke off: it has 3 bytes, at a Content-Length of 4",
		"abcde": "the reply broke off: it has 5 bytes, at a Content-Length of 4",
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
				if lines := l.level("ERROR"); log == "" && len(lines) != 0 || log != "" && (len(lines) != 1 || !strings.Contains(lines[0], log)) {
					t.Errorf("got %q, want %q", lines, log)
				}
			})
		}
	}
}

// A backend that asks for no body gets none.
func TestStreamOfHead(t *testing.T) {
	api := streamAPI(t, func() (*events.LambdaFunctionURLStreamingResponse, error) {
		return &events.LambdaFunctionURLStreamingResponse{Headers: map[string]string{"Content-Length": "1000"}, Body: strings.NewReader("")}, nil
	})
	b, l := newBackend(t, api, Spec{Encoding: "no-op", Method: "HEAD"}, map[string]any{"function_name": "f", "stream": true, "payload_format": "2.0"})
	response, err := invoke(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, response.Body); n != 0 || err != nil || len(l.level("ERROR")) != 0 {
		t.Errorf("got %d bytes, %v, %q", n, err, l.level("ERROR"))
	}
}

// Where there is no way to tell the client, the operator is told so.
func TestStreamCutShortForAWriterThatCannotTell(t *testing.T) {
	api := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.MultiReader(strings.NewReader("some of it"), ending{errors.New("out of tea")})}, "text/plain"}, nil
	})
	b, l := newStreamBackend(t, api)
	response, err := invoke(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(writerFunc(func(p []byte) (int, error) { return len(p), nil }), response.Body); n != 10 || err == nil {
		t.Errorf("got %d, %v", n, err)
	}
	if got := l.level("WARNING"); len(got) != 1 || !strings.Contains(got[0], "the client cannot tell that its reply broke off, request id ") {
		t.Errorf("got %q", got)
	}
	if got := l.level("ERROR"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// A function that fails before there is anything to hand on is an error as any other.
func TestStreamFailsAtOnce(t *testing.T) {
	api := streamAPI(t, func() (*events.LambdaFunctionURLStreamingResponse, error) { return nil, errors.New("out of tea") })
	b, l := newStreamBackend(t, api)
	_, err := invoke(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != 502 || string(e.Details()) != `{"errorType":"errorString","errorMessage":"out of tea"}` {
		t.Errorf("got %v", err)
	}
	if got := l.level("ERROR"); len(got) != 1 {
		t.Errorf("got %q", got)
	}

	api.Fail("f", lambdatest.Throttle(0).Always())
	if _, err = invoke(t.Context(), b, &Request{}); !errors.As(err, &e) || e.StatusCode() != 429 {
		t.Errorf("got %v, want a 429", err)
	}
	if n := len(api.Calls()); n != 1+4 {
		t.Errorf("got %d calls, want 5: the SDK's retries apply", n)
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
		go io.WriteString(write, "x") // and no more: only the client's going away ends it
		return typed{bytesOf{body}, "text/plain"}, nil
	})
	b, l := newStreamBackend(t, api)
	gw := gateway(t, b)
	gw.Config.Handler = withoutCancel(gw.Config.Handler) // as KrakenD 1.x
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
		t.Fatal("the call goes on")
	}
}

// withoutCancel hides from h that the client has gone.
func withoutCancel(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	})
}

// The client has gone where it cannot be written to, too.
func TestStreamToNobody(t *testing.T) {
	api := streamAPI(t, func() (typed, error) { return typed{bytesOf{zeros{}}, "text/plain"}, nil })
	b, l := newStreamBackend(t, api)
	response, err := invoke(t.Context(), b, &Request{})
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
	api.Close() // or it never ends
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
		response, err := invoke(deadline{t.Context(), expired}, b, &Request{})
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

// A reply that nobody reads ends with its request.
func TestStreamThatNobodyReads(t *testing.T) {
	ended := make(chan struct{})
	api := streamAPI(t, func(ctx context.Context) (typed, error) {
		context.AfterFunc(ctx, func() { close(ended) })
		return typed{bytesOf{zeros{}}, "text/plain"}, nil
	})
	b, _ := newStreamBackend(t, api)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := invoke(ctx, b, &Request{}); err != nil {
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
	response, err := invoke(t.Context(), b, &Request{})
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

// A stream costs what is on its way, however long it is.
func TestStreamMemory(t *testing.T) {
	const size = 50 << 20
	api := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.LimitReader(zeros{}, size)}, "application/zip"}, nil
	})
	b, _ := newStreamBackend(t, api)
	response, err := invoke(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most := heap(), int64(0)
	var written, measured int
	n, err := io.Copy(writerFunc(func(p []byte) (int, error) {
		if written += len(p); written/(5<<20) > measured {
			measured++
			most = max(most, heap()-before)
		}
		return len(p), nil
	}), response.Body)
	if err != nil || n != size {
		t.Errorf("got %d bytes, %v", n, err)
	}
	t.Logf("at most %d KB of heap, measured %d times", most>>10, measured)
	if most > 1<<20 || measured != 10 {
		t.Errorf("%d bytes of a stream cost %d bytes of heap (measured %d times)", size, most, measured)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestStreamLogTail(t *testing.T) {
	api := streamAPI(t, func(ctx context.Context) (typed, error) {
		fmt.Fprintln(lambdatest.LogWriter(ctx), "the kettle is on")
		return typed{bytesOf{strings.NewReader("tea")}, "text/plain"}, nil
	})
	b, l := newBackend(t, api, Spec{Encoding: "no-op", Method: "POST"}, map[string]any{
		"function_name": "f:7", "stream": true, "log_tail": true, "client_context": true, "payload_format": "2.0",
	})
	response, err := invoke(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader("{}")), Headers: map[string][]string{"X-Amzn-Trace-Id": {"Root=1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, response); got != "tea" {
		t.Errorf("got %q", got)
	}
	c := api.Calls()[0]
	if want := "DEBUG [BACKEND: ][Lambda] log of f:7, request id " + c.RequestID + ": the kettle is on"; !slices.Contains(l.level("DEBUG"), want) {
		t.Errorf("got %q, want %q", l.level("DEBUG"), want)
	}
	if c.Qualifier != "7" || c.LogType != "Tail" || c.ClientContext == nil || c.Header.Get("X-Amzn-Trace-Id") != "Root=1" || !strings.Contains(string(c.Payload), `"version":"2.0"`) {
		t.Errorf("got %+v", c)
	}
}

func TestStreamConfiguration(t *testing.T) {
	for _, tc := range []struct {
		spec    Spec
		invoker Invoker
		want    string
	}{
		{Spec{}, nil, `stream: the backend's encoding must be "no-op", is "json"`},
		{Spec{Encoding: "string"}, nil, `stream: the backend's encoding must be "no-op", is "string"`},
		{Spec{Encoding: "no-op", ConcurrentCalls: 2}, nil, "stream: concurrent_calls must be 1, is 2"},
		{Spec{Encoding: "no-op"}, noInvoker{}, "stream: the Invoker that the build has set has no InvokeWithResponseStreamWithContext"},
	} {
		tc.spec.Settings = ns(map[string]any{"function_name": "f", "stream": true, "region": "us-west-2"})
		b := NewFactory(Options{Logger: &recorder{}, Invoker: tc.invoker, Session: testSession(t, "http://127.0.0.1:1", nil)}).New(tc.spec)
		if b.broken == nil || b.broken.detail != "bad configuration: "+tc.want {
			t.Errorf("got %+v, want %q", b.broken, tc.want)
		}
	}
}

// nothing is an Invoker that returns neither a stream nor an error.
type nothing struct{ noInvoker }

func (nothing) InvokeWithResponseStreamWithContext(aws.Context, *lambda.InvokeWithResponseStreamInput, ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error) {
	return nil, nil
}

func TestStreamOfNothing(t *testing.T) {
	b := NewFactory(Options{Logger: &recorder{}, Invoker: nothing{}}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "stream": true}), Encoding: "no-op"})
	_, err := invoke(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != 500 || !strings.Contains(e.detail, "neither a stream nor an error") {
		t.Errorf("got %v", err)
	}
}

// Writers of other make: what they cannot do is left out, and none of it is fatal.
func TestReceiver(t *testing.T) {
	r := receiverOf(io.Discard)
	r.flush()
	if r.abort() {
		t.Error("aborted a plain writer")
	}
	if r.gone != nil {
		t.Error("a plain writer tells when its client has gone")
	}

	recorder := httptest.NewRecorder()
	r = receiverOf(wrapped{recorder})
	r.flush()
	if !recorder.Flushed {
		t.Error("not flushed")
	}
	if r.abort() || receiverOf(refusing{recorder}).abort() {
		t.Error("aborted what cannot be")
	}
	r = receiverOf(panicking{recorder})
	r.flush()
	if r.abort() {
		t.Error("aborted what cannot be")
	}

	here, there := net.Pipe()
	defer there.Close()
	if !receiverOf(wrapped{hijackable{recorder, here}}).abort() {
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

// Streams at the same time are each their own.
func TestStreamsUnderLoad(t *testing.T) {
	api := streamAPI(t, func(event map[string]string) (typed, error) {
		return typed{bytesOf{strings.NewReader(strings.Repeat(event["id"]+",", 10_000))}, "text/plain"}, nil
	})
	b, _ := newStreamBackend(t, api)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			id := fmt.Sprint(i)
			response, err := invoke(t.Context(), b, &Request{Params: map[string]string{"Id": id}})
			if err != nil {
				t.Error(err)
				return
			}
			var got strings.Builder
			if _, err := io.Copy(&got, response.Body); err != nil || got.String() != strings.Repeat(id+",", 10_000) {
				t.Errorf("%s: got %d bytes, %v", id, got.Len(), err)
			}
		})
	}
	wg.Wait()
}
