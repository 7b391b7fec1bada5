package backend

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// observed records what observers get.
type observed struct {
	trace map[string]string // that TraceContext sets

	mu     sync.Mutex
	events []string
	last   Invocation
	ends   int
}

type spanKey struct{}

func (o *observed) Start(ctx context.Context, i Invocation) (context.Context, Observation) {
	o.event("start %s:%s in %s, listed %t, stream %t", i.Function, i.Qualifier, i.Region, i.FunctionListed, i.Stream)
	return context.WithValue(ctx, spanKey{}, "span"), o
}

func (o *observed) TraceContext(ctx context.Context) map[string]string {
	if ctx.Value(spanKey{}) != "span" {
		o.event("a context without the span")
	}
	return o.trace
}

func (o *observed) AttemptFailed(e *invoke.Error, code string) {
	o.event("failed %d %s", e.Attempts, code)
}
func (o *observed) End(*Invocation) { o.event("end") }

func (o *observed) event(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, fmt.Sprintf(format, args...))
}

func (o *observed) tell(ctx context.Context, i Invocation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = i
	o.ends++
}

// text returns the last invocation in one line, without times and ids.
func (o *observed) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.last
	id := i.RequestID != ""
	took := i.Duration > 0
	return fmt.Sprintf("%d ended: attempts %d, throttles %d, status %d of %d, code %q, function error %q, request id %t, version %q, took %t, payload %d, reply %d, billed %v",
		o.ends, i.Attempts, i.Throttles, i.Status, i.APIStatus, i.Code, i.FunctionError, id, i.ExecutedVersion, took, i.PayloadSize, i.ReplySize, i.BilledDuration)
}

// observedBackend returns a backend of the function f, and a record of its observers.
func observedBackend(url string, spec Spec, settings map[string]any) (*Backend, *observed) {
	o := &observed{}
	spec.Settings = ns(settings)
	f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}, Observer: o, OnInvocation: o.tell})
	return f.New(spec), o
}

func TestObservers(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{
		"f":      func() (map[string]int, error) { return map[string]int{"a": 1}, nil },
		"failed": func() error { return errors.New("oh") },
		"silent": func() error { return silentError{} },
		"long":   func() (string, error) { return strings.Repeat("x", 100<<10), nil },
	})
	t.Cleanup(s.Close)
	for name, tc := range map[string]struct {
		settings map[string]any
		spec     Spec
		fail     []lambdatest.Fault
		want     string
		events   string
	}{
		"success": {
			map[string]any{"function_name": "f", "qualifier": "live"}, Spec{}, nil,
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "", request id true, version "$LATEST", took true, payload 2, reply 7, billed 0s`,
			"start f:live in us-west-2, listed true, stream false; end",
		},
		"retries": {
			map[string]any{"function_name": "f"}, Spec{}, []lambdatest.Fault{lambdatest.Throttle(0), lambdatest.APIError(500, "ServiceException", "")},
			`1 ended: attempts 3, throttles 1, status 200 of 200, code "", function error "", request id true, version "$LATEST", took true, payload 2, reply 7, billed 0s`,
			"start f: in us-west-2, listed true, stream false; failed 1 TooManyRequestsException; failed 2 ServiceException; end",
		},
		"an error of AWS": {
			map[string]any{"function_name": "missing"}, Spec{}, nil,
			`1 ended: attempts 1, throttles 0, status 502 of 404, code "ResourceNotFoundException", function error "", request id true, version "", took true, payload 2, reply 0, billed 0s`,
			"start missing: in us-west-2, listed true, stream false; failed 1 ResourceNotFoundException; end",
		},
		"a function's error": {
			map[string]any{"function_name": "failed"}, Spec{}, nil,
			`1 ended: attempts 1, throttles 0, status 502 of 200, code "", function error "errorString", request id true, version "", took true, payload 2, reply 0, billed 0s`,
			"start failed: in us-west-2, listed true, stream false; failed 1 errorString; end",
		},
		"a function's error with a status, no-op": {
			map[string]any{"function_name": "failed", "function_error_status": map[string]any{"*": 422}}, Spec{Encoding: "no-op"}, nil,
			`1 ended: attempts 1, throttles 0, status 422 of 200, code "", function error "errorString", request id true, version "", took true, payload 2, reply 0, billed 0s`,
			"start failed: in us-west-2, listed true, stream false; failed 1 errorString; end",
		},
		"a reply that is read in pieces": {
			map[string]any{"function_name": "long"}, Spec{Encoding: "string"}, nil,
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "", request id true, version "$LATEST", took true, payload 2, reply 102402, billed 0s`,
			"start long: in us-west-2, listed true, stream false; end",
		},
		"concurrent calls": {
			map[string]any{"function_name": "missing"}, Spec{ConcurrentCalls: 3}, nil,
			`1 ended: attempts 3, throttles 0, status 502 of 404, code "ResourceNotFoundException", function error "", request id true, version "", took true, payload 2, reply 0, billed 0s`,
			"start missing: in us-west-2, listed true, stream false; failed 1 ResourceNotFoundException; failed 1 ResourceNotFoundException; failed 1 ResourceNotFoundException; end",
		},
		"a name from the request": {
			map[string]any{"function_param_name": "Name"}, Spec{Endpoint: "/{name}"}, nil,
			`0 ended: attempts 0, throttles 0, status 0 of 0, code "", function error "", request id false, version "", took false, payload 0, reply 0, billed 0s`,
			"", // the request has no name
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.Fail("f", tc.fail...)
			b, o := observedBackend(s.URL, tc.spec, tc.settings)
			do(t.Context(), b, &Request{})
			if got := o.text(); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if got := strings.Join(o.events, "; "); got != tc.events {
				t.Errorf("got the events\n%s\nwant\n%s", got, tc.events)
			}
		})
	}
}

// silentError is an error without a text.
type silentError struct{}

func (silentError) Error() string { return "" }

// The invocation of a stream ends with the stream.
func TestObserversOfStreams(t *testing.T) {
	const start = "start f: in us-west-2, listed true, stream true; "
	for name, tc := range map[string]struct {
		contentType string
		events      []byte
		read        func(io.ReadCloser)
		want        string
	}{
		"whole": {
			"text/plain", append(append(event("PayloadChunk", "te"), event("PayloadChunk", "a")...), event("InvokeComplete", "{}")...), readToEnd,
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "", request id false, version "", took true, payload 2, reply 3, billed 0s`,
		},
		"copied": {
			"text/plain", append(event("PayloadChunk", "tea"), event("InvokeComplete", "{}")...), func(r io.ReadCloser) { io.Copy(httptest.NewRecorder(), r) },
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "", request id false, version "", took true, payload 2, reply 3, billed 0s`,
		},
		"a function that fails in its stream": {
			"text/plain", append(event("PayloadChunk", "tea"), event("InvokeComplete", `{"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"Oh\"}"}`)...), readToEnd,
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "Oh", request id false, version "", took true, payload 2, reply 3, billed 0s`,
		},
		"cut": {
			"text/plain", event("PayloadChunk", "tea"), readToEnd,
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "IncompleteReply", function error "", request id false, version "", took true, payload 2, reply 3, billed 0s`,
		},
		"given up": {
			"text/plain", append(event("PayloadChunk", "tea"), event("InvokeComplete", "{}")...), func(r io.ReadCloser) { r.Close(); r.Close() },
			`1 ended: attempts 1, throttles 0, status 0 of 200, code "ClientGone", function error "", request id false, version "", took true, payload 2, reply 3, billed 0s`,
		},
		"log tail": {
			"text/plain", append(event("PayloadChunk", "tea"), event("InvokeComplete", `{"LogResult":"`+base64.StdEncoding.EncodeToString([]byte("REPORT RequestId: 1\tBilled Duration: 4 ms\n"))+`"}`)...), readToEnd,
			`1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "", request id false, version "", took true, payload 2, reply 3, billed 4ms`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tc.contentType)
				w.Write(tc.events)
			}))
			t.Cleanup(s.Close)
			b, o := observedBackend(s.URL, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true, "max_retries": 0})
			response, err := do(t.Context(), b, &Request{})
			if err != nil {
				t.Fatal(err)
			}
			if o.ends != 0 {
				t.Error("the invocation ended before its stream")
			}
			tc.read(response.Body)
			if got := o.text(); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if got := strings.Join(o.events, "; "); got != start+"end" {
				t.Errorf("got the events %s", got)
			}
		})
	}
}

func readToEnd(r io.ReadCloser) {
	_, _ = io.ReadAll(r)
	r.Close()
}

// The invocation of a long no-op reply ends with its body, and counts all bytes.
func TestObserversOfLongReplies(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return strings.Repeat("x", 200<<10), nil }})
	t.Cleanup(s.Close)
	b, o := observedBackend(s.URL, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	response, err := do(ctx, b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if o.ends != 0 {
		t.Error("the invocation ended before its reply")
	}
	readToEnd(response.Body)
	const want = `1 ended: attempts 1, throttles 0, status 200 of 200, code "", function error "", request id true, version "$LATEST", took true, payload 2, reply 204802, billed 0s`
	if got := o.text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A panic of KrakenD's decoder is an internal error, and ends the invocation.
func TestObserversOfPanics(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return "", nil }})
	t.Cleanup(s.Close)
	b, o := observedBackend(s.URL, Spec{}, map[string]any{"function_name": "f"})
	if err := b.Invoke(t.Context(), &Request{}, func(*http.Response) error { panic("oh") }); err == nil {
		t.Error("got no error")
	}
	if got := o.text(); !strings.Contains(got, `1 ended: attempts 1, throttles 0, status 500 of 200, code "InternalError"`) {
		t.Errorf("got %s", got)
	}
}

// The trace context replaces the request's in events and in the client context, and is sent as
// X-Amzn-Trace-Id.
func TestTraceContextReachesTheFunction(t *testing.T) {
	request := func() *Request {
		return &Request{Headers: map[string][]string{"Traceparent": {"client"}, "X-Amzn-Trace-Id": {"client"}}, Query: map[string][]string{"traceparent": {"client"}, "q": {"1"}}}
	}
	trace := map[string]string{"traceparent": "gateway", "X-Amzn-Trace-Id": "gateway"}
	for name, tc := range map[string]struct {
		settings       map[string]any
		trace          map[string]string
		header         string
		event, context string // the value of traceparent there
		longHeader     bool
	}{
		"event":            {settings: map[string]any{"payload_format": "2.0"}, trace: trace, header: "gateway", event: "gateway"},
		"client context":   {settings: map[string]any{"client_context": true}, trace: trace, header: "gateway", context: "gateway"},
		"no trace":         {settings: map[string]any{"payload_format": "2.0", "client_context": true}, header: "client", event: "client", context: "client"},
		"a trace too long": {settings: map[string]any{"client_context": true}, trace: map[string]string{"traceparent": strings.Repeat("x", 300)}, header: "client", context: "client", longHeader: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return "", nil }})
			t.Cleanup(s.Close)
			tc.settings["function_name"] = "f"
			b, o := observedBackend(s.URL, Spec{URLPattern: "/"}, tc.settings)
			o.trace = tc.trace
			r := request()
			if tc.longHeader { // it leaves no space for the trace context
				r.Headers["X-Long"] = []string{strings.Repeat("x", 2350)}
			}
			if _, err := do(t.Context(), b, r); err != nil {
				t.Fatal(err)
			}
			call := s.Calls()[0]
			if got := call.Header.Get("X-Amzn-Trace-Id"); got != tc.header {
				t.Errorf("X-Amzn-Trace-Id: got %q, want %q", got, tc.header)
			}
			var event struct{ Headers map[string]string }
			if tc.event != "" {
				if err := json.Unmarshal(call.Payload, &event); err != nil || event.Headers["traceparent"] != tc.event {
					t.Errorf("got the event %s, %v", call.Payload, err)
				}
			}
			decoded, _ := base64.StdEncoding.DecodeString(call.Header.Get("X-Amz-Client-Context"))
			var custom struct{ Custom map[string]string }
			_ = json.Unmarshal(decoded, &custom)
			got := custom.Custom["traceparent"] + custom.Custom["Traceparent"]
			if got != tc.context {
				t.Errorf("got the client context %s, want traceparent %q", decoded, tc.context)
			}
		})
	}
}

// Without observers, an invocation has no watch, and allocates none.
func TestNothingToWatch(t *testing.T) {
	for name, o := range map[string]Observer{"no observer": nil, "one with nothing to watch": idle{}} {
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: "http://127.0.0.1:1"}, Observer: o}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		ctx := t.Context()
		if allocs := testing.AllocsPerRun(100, func() {
			if got, w := b.watch(ctx, b.cfg.Function); w != nil || got != ctx {
				t.Errorf("%s: got a watch", name)
			}
		}); allocs != 0 {
			t.Errorf("%s: got %v allocations", name, allocs)
		}
	}
}

// idle is an Observer without a span, a trace and metrics.
type idle struct{}

func (idle) Start(ctx context.Context, _ Invocation) (context.Context, Observation) { return ctx, nil }
func (idle) TraceContext(context.Context) map[string]string                         { return nil }

// A call without credentials makes no attempt.
func TestObserversWithoutCredentials(t *testing.T) {
	b, o := observedBackend("http://127.0.0.1:1", Spec{}, map[string]any{"function_name": "f"})
	target := impatient(nil)
	target.Endpoint, target.Region, target.Credentials = "http://127.0.0.1:1", "us-west-2", noCredentials{}
	var err error
	if b.client, err = invoke.New(target, nil); err != nil {
		t.Fatal(err)
	}
	do(t.Context(), b, &Request{})
	const want = `1 ended: attempts 0, throttles 0, status 502 of 0, code "NoCredentials", function error "", request id false, version "", took true, payload 2, reply 0, billed 0s`
	if got := o.text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// noCredentials are credentials whose lookup always fails.
type noCredentials struct{ staticCredentials }

func (noCredentials) Retrieve(context.Context) (sigv4.Credentials, uint64, error) {
	return sigv4.Credentials{}, 0, errors.New("no credentials")
}

// If KrakenD drops a reply without reading or closing it, as with shadow backends, the invocation ends
// with the request.
func TestObserversOfDroppedReplies(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	s := lambdatest.NewServer(map[string]any{"stream": func() (io.Reader, error) { return strings.NewReader(long), nil }, "long": func() (string, error) { return long, nil }})
	t.Cleanup(s.Close)
	for function, stream := range map[string]bool{"stream": true, "long": false} {
		observed := make(chan Invocation, 1)
		f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL}, OnInvocation: func(_ context.Context, i Invocation) { observed <- i }})
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := do(ctx, f.New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": function, "stream": stream})}), &Request{}); err != nil {
			t.Fatal(err)
		}
		cancel()
		if i := <-observed; i.Code != "ClientGone" || i.Stream != stream {
			t.Errorf("stream %t: got %+v", stream, i)
		}
	}
}
