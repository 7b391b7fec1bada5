package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/devopsfaith/krakend-lambda/internal/sdkv1"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// streamed is a reply with a prelude.
func streamed(status int, body io.Reader) *events.LambdaFunctionURLStreamingResponse {
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: status, Headers: map[string]string{"content-type": "text/plain", "content-length": "many"}, Cookies: []string{"a=1", "b=2"}, Body: body,
	}
}

// bytesOf is a reply without a prelude and a content type.
type bytesOf struct{ io.Reader }

func (bytesOf) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

// typed is a reply with a content type.
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

// gateway serves b as KrakenD's routers do: it writes status and headers, copies the body, and drops
// errors.
func gateway(t *testing.T, b *Backend) *httptest.Server { return gatewayWith(t, b, nil) }

// gatewayWith is like gateway, with a ResponseWriter that wrap returns. wrap may be nil.
func gatewayWith(t *testing.T, b *Backend, wrap func(http.ResponseWriter) http.ResponseWriter) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Tests of another process may send requests to this port while they wait for their gateway.
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if wrap != nil {
			w = wrap(w)
		}
		response, err := do(r.Context(), b, &Request{})
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

// patience is how long a test waits for an event.
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

	// Status and headers arrive before the body.
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
	// Each chunk arrives before the function writes the next one.
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
	long := strings.Repeat("x", 64<<10) // the limit of a prelude
	for _, tc := range []struct {
		name, contentType, stream string
		status                    int
		want, body                string // the content type and the body
	}{
		{"a prelude", integrationResponse, `{"statusCode":404,"headers":{"content-type":"text/html"}}` + end + "body", 404, "text/html", "body"},
		{"a length", integrationResponse, `{"headers":{"content-length":"4","content-type":"text/html"}}` + end + "body", 200, "text/html", "body"},
		{"a length and no body", integrationResponse, `{"statusCode":304,"headers":{"content-length":"4"}}` + end, 304, "", ""},
		{"a prelude with a parameter", integrationResponse + "; a=b", `{}` + end + "body", 200, "application/octet-stream", "body"},
		{"a prelude without a body", integrationResponse, `{"statusCode":204}` + end, 204, "", ""},
		{"a body that its status forbids", integrationResponse, `{"statusCode":204}` + end + "body", 204, "", ""},
		{"no end of the prelude", integrationResponse, `{"statusCode":200}`, 502, "", ""},
		{"a prelude that is too long", integrationResponse, long + long, 502, "", ""},
		{"a prelude that is not JSON", integrationResponse, "x" + end, 502, "", ""},
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
		{"no type, and an invalid prelude", "", "{" + end, 200, "application/octet-stream", "{" + end},
		{"no type and half of a prelude", "", `{"statusCode":201`, 200, "application/octet-stream", `{"statusCode":201`},
		{"no type, and JSON of a bad status", "", `{"statusCode":1}` + end, 200, "application/octet-stream", `{"statusCode":1}` + end},
		// For example a user's upload.
		{"the type of bytes and a prelude", "application/octet-stream", `{"statusCode":201}` + end + "body", 200, "application/octet-stream", `{"statusCode":201}` + end + "body"},
		{"the framing's type and a prelude", eventStream, `{"statusCode":201}` + end + "body", 201, "application/octet-stream", "body"},
		{"the framing's type and bytes", eventStream, "body", 200, "application/octet-stream", "body"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api := streamAPI(t, func() (bytesOf, error) { return bytesOf{strings.NewReader(tc.stream)}, nil })
			b, l := newTypedStreamBackend(t, api, tc.contentType)
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

// JSON is streamed too, even if it looks like the beginning of a prelude.
func TestStreamOfJSON(t *testing.T) {
	for _, kind := range []string{"", "application/octet-stream", eventStream, "application/x-ndjson"} {
		for _, chunk := range []string{"{\"n\":1}\n", "{} ", "[1,", "{a", "\n\n\"", "{}\x00\x01"} {
			body, write := io.Pipe()
			api := streamAPI(t, func() (bytesOf, error) { return bytesOf{body}, nil })
			t.Cleanup(func() { write.Close() })
			b, _ := newTypedStreamBackend(t, api, kind)
			gw := gateway(t, b)
			gw.Start()
			go io.WriteString(write, chunk) // only this
			response := get(t, gw)
			got := make([]byte, len(chunk))
			if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != chunk {
				t.Errorf("%s: got %q, %v; want %q", kind, got, err, chunk)
			}
		}
	}
}

// newTypedStreamBackend makes a backend whose function streams with another content type.
func newTypedStreamBackend(t *testing.T, s *lambdatest.Server, contentType string) (*Backend, *recorder) {
	t.Helper()
	l := &recorder{}
	b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL, transport: typedTransport(contentType)}}).New(Spec{
		URLPattern: "/x", Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": true}),
	})
	return b, l
}

// typedTransport sets the content type of answers.
type typedTransport string

// RoundTrip implements http.RoundTripper.
func (contentType typedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		answer.Header.Set("Content-Type", string(contentType))
	}
	return answer, err
}

// A function that does not stream works too.
func TestStreamOfAnOrdinaryFunction(t *testing.T) {
	api := streamAPI(t, func() (map[string]int, error) { return map[string]int{"a": 1}, nil })
	b, _ := newStreamBackend(t, api)
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, response); got != `{"a":1}` || response.StatusCode != 200 {
		t.Errorf("got %d %s", response.StatusCode, got)
	}
}

// A HEAD request gets no body.
func TestStreamOfHead(t *testing.T) {
	api := streamAPI(t, func() (*events.LambdaFunctionURLStreamingResponse, error) {
		return &events.LambdaFunctionURLStreamingResponse{Headers: map[string]string{"Content-Length": "1000"}, Body: strings.NewReader("")}, nil
	})
	b, l := newBackend(t, api, Spec{Encoding: "no-op", Method: "HEAD"}, map[string]any{"function_name": "f", "stream": true, "payload_format": "2.0"})
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, response.Body); n != 0 || err != nil || len(l.level("ERROR")) != 0 {
		t.Errorf("got %d bytes, %v, %q", n, err, l.level("ERROR"))
	}
}

// The memory for a stream does not depend on its length.
func TestStreamMemory(t *testing.T) {
	const size = 50 << 20
	api := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.LimitReader(zeros{}, size)}, "application/zip"}, nil
	})
	b, _ := newStreamBackend(t, api)
	response, err := do(t.Context(), b, &Request{})
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
	response, err := do(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader("{}")), Headers: map[string][]string{"X-Amzn-Trace-Id": {"Root=1"}}})
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
		invoker sdkv1.Invoker
		want    string
	}{
		{Spec{}, nil, `stream: the backend's encoding must be 'no-op', is 'json'`},
		{Spec{Encoding: "string"}, nil, `stream: the backend's encoding must be 'no-op', is 'string'`},
		{Spec{Encoding: "no-op", ConcurrentCalls: 2}, nil, "stream: concurrent_calls must be 1, is 2"},
		{Spec{Encoding: "no-op"}, noInvoker{}, "stream: the Invoker of this build (WithInvoker) does not have the SDK's method for streams"},
	} {
		tc.spec.Settings = ns(map[string]any{"function_name": "f", "stream": true, "region": "us-west-2"})
		f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: "http://127.0.0.1:1"}})
		if tc.invoker != nil {
			f = withInvoker(&recorder{}, tc.invoker)
		}
		b := f.New(tc.spec)
		if b.broken == nil || b.broken.line() != "bad configuration: "+tc.want {
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
	b := withInvoker(&recorder{}, nothing{}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "stream": true}), Encoding: "no-op"})
	_, err := do(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != 500 || !strings.Contains(e.detail, "neither a stream nor an error") {
		t.Errorf("got %v", err)
	}
}

// Concurrent streams do not mix.
func TestStreamsUnderLoad(t *testing.T) {
	api := streamAPI(t, func(event map[string]string) (typed, error) {
		return typed{bytesOf{strings.NewReader(strings.Repeat(event["id"]+",", 10_000))}, "text/plain"}, nil
	})
	b, _ := newStreamBackend(t, api)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			id := fmt.Sprint(i)
			response, err := do(t.Context(), b, &Request{Params: map[string]string{"Id": id}})
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
