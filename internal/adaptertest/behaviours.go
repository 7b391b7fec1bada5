package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func leftToNext(t *testing.T, adapter Adapter) {
	for name, extra := range map[string]map[string]any{
		"no extra_config": nil, "an empty one": {}, "another namespace": {"backend/http": map[string]any{}},
	} {
		log := &Recorder{}
		built := adapter(Backend{ExtraConfig: extra}, Options{Logger: log})
		if !built.Next || len(built.Host) != 0 || len(log.lines) != 0 {
			t.Errorf("%s: got %+v and log %q, want it passed to the next factory without a log line", name, built, log.lines)
		}
	}
}

// host checks that a Lambda backend without hosts gets one for KrakenD's balancer, also with a
// bad configuration, and that another backend keeps its hosts.
func host(t *testing.T, adapter Adapter) {
	for _, tc := range []struct {
		name     string
		host     []string
		settings any
		want     []string
	}{
		{"none", nil, map[string]any{"function_name": "f"}, []string{"http://lambda.invalid"}},
		{"its own", []string{"http://127.0.0.1:1"}, map[string]any{"function_name": "f"}, []string{"http://127.0.0.1:1"}},
		{"none, bad configuration", nil, 42, []string{"http://lambda.invalid"}},
	} {
		b := Backend{Host: tc.host, ExtraConfig: map[string]any{Namespace: tc.settings}}
		built := adapter(b, Options{Logger: &Recorder{}, Invoker: output(nil)})
		if built.Next || !slices.Equal(built.Host, tc.want) {
			t.Errorf("%s: got %+v, want the host %q", tc.name, built, tc.want)
		}
	}
}

// output is an Invoker that always returns this payload. nil is an empty one.
func output(payload []byte) Invoker {
	return invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{Payload: payload}, nil
	})
}

type invokerFunc func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error)

func (f invokerFunc) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	return f(ctx, in)
}

func statusOf(err error) int {
	if coded, ok := err.(interface{ StatusCode() int }); ok {
		return coded.StatusCode()
	}
	return 0
}

func panics(t *testing.T, adapter Adapter) {
	settings := map[string]any{"function_name": "f"}
	for name, tc := range map[string]struct {
		backend Backend
		invoker Invoker
	}{
		"in the invoker":      {Backend{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) { panic("boom") })},
		"in concurrent calls": {Backend{ConcurrentCalls: 3}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) { panic("boom") })},
		"in the decoder":      {Backend{Encoding: "decoder:panic"}, output([]byte("{}"))},
	} {
		log := &Recorder{}
		built := adapter(with(tc.backend, settings), Options{Logger: log, Invoker: tc.invoker})
		response, err := built.Proxy(t.Context(), &Request{})
		if response != nil || statusOf(err) != http.StatusInternalServerError || err.Error() != "lambda: internal error" {
			t.Errorf("%s: got %+v, %v; want a 500", name, response, err)
		}
		if lines := log.Level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "panic: 'boom', at ") || !strings.Contains(lines[0], "adapter") || len(log.Unclean()) != 0 {
			t.Errorf("%s: got log %q, want the panic and its stack", name, lines)
		}
	}
}

func contextEnds(t *testing.T, adapter Adapter) {
	hang := invokerFunc(func(ctx aws.Context, _ *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for name, backend := range map[string]Backend{
		"plain": {}, "with details": {HTTP: detailsAsX}, "concurrent calls": {ConcurrentCalls: 2},
	} {
		built := adapter(with(backend, map[string]any{"function_name": "f"}), Options{Logger: &Recorder{}, Invoker: hang})

		ctx, cancel := context.WithTimeout(t.Context(), 1)
		response, err := built.Proxy(ctx, &Request{})
		if response != nil || statusOf(err) != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %+v, %v; want a 504 that is %v", name, response, err, context.DeadlineExceeded)
		}
		cancel()

		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if response, err := built.Proxy(ctx, &Request{}); response != nil || err != context.Canceled {
			t.Errorf("%s: got %+v, %v; want %v itself", name, response, err, context.Canceled)
		}
	}
}

// concurrentCalls checks that all calls are made at once, that the first reply wins and the
// other calls are canceled, and that an error counts only after all calls have failed.
func concurrentCalls(t *testing.T, adapter Adapter) {
	const n = 3
	var (
		mu        sync.Mutex
		calls     int
		all       = make(chan struct{}) // closed when n calls are running
		cancelled = make(chan struct{}, n)
	)
	built := adapter(with(Backend{ConcurrentCalls: n}, map[string]any{"function_name": "f"}), Options{
		Logger: &Recorder{},
		Invoker: invokerFunc(func(ctx aws.Context, _ *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			mu.Lock()
			calls++
			call := calls
			if call == n {
				close(all)
			}
			mu.Unlock()
			<-all
			switch call {
			case 1:
				return nil, errors.New("the first to fail")
			case 2:
				return &lambda.InvokeOutput{Payload: []byte(`{"a":1}`)}, nil
			default:
				<-ctx.Done()
				cancelled <- struct{}{}
				return nil, ctx.Err()
			}
		}),
	})
	response, err := built.Proxy(t.Context(), &Request{})
	if err != nil || fmt.Sprint(response.Data) != "map[a:1]" {
		t.Fatalf("got %+v, %v", response, err)
	}
	<-cancelled
	if calls != n {
		t.Errorf("got %d calls, want %d", calls, n)
	}

	log := &Recorder{}
	built = adapter(with(Backend{ConcurrentCalls: n}, map[string]any{"function_name": "f"}), Options{
		Logger: log,
		Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			return nil, errors.New("no luck")
		}),
	})
	if response, err := built.Proxy(t.Context(), &Request{}); response != nil || statusOf(err) != http.StatusBadGateway || len(log.Level("ERROR")) != 1 {
		t.Errorf("got %+v, %v, log %q; want a 502, logged once", response, err, log.lines)
	}
}

func invoker(t *testing.T, adapter Adapter) {
	var got *lambda.InvokeInput
	built := adapter(with(Backend{Method: "POST"}, map[string]any{"function_name": "f:3"}), Options{
		Logger: &Recorder{},
		Invoker: invokerFunc(func(_ aws.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			got = in
			return &lambda.InvokeOutput{Payload: []byte(`{"a":1}`), ExecutedVersion: aws.String("3")}, nil
		}),
	})
	response, err := built.Proxy(t.Context(), &Request{Body: io.NopCloser(strings.NewReader("[]"))})
	if err != nil {
		t.Fatal(err)
	}
	if *got.FunctionName != "f" || *got.Qualifier != "3" || string(got.Payload) != "[]" {
		t.Errorf("got the input %v", got)
	}
	if fmt.Sprint(response.Data) != "map[a:1]" || fmt.Sprint(response.Headers) != "map[X-Amz-Executed-Version:[3]]" {
		t.Errorf("got %+v", response)
	}
}

// nilOptions checks that nil options have no effect: the session then comes from the
// environment.
func nilOptions(t *testing.T, adapter Adapter) {
	s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return "x", nil }})
	t.Cleanup(s.Close)
	t.Setenv("AWS_REGION", "us-west-2")
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	built := adapter(with(Backend{Encoding: "string"}, map[string]any{"function_name": "f", "endpoint": s.URL}), Options{})
	response, err := built.Proxy(t.Context(), &Request{})
	if err != nil || fmt.Sprint(response.Data) != `map[content:"x"]` {
		t.Errorf("got %+v, %v", response, err)
	}
}

// requestUnchanged checks that the adapter changes nothing in the request: with "*" the headers
// are the client's own map, and the copies of a request share their maps.
func requestUnchanged(t *testing.T, adapter Adapter) {
	r := &Request{
		Params:  map[string]string{"Id": "1", "JWT.sub": "me"},
		Query:   map[string][]string{"q": {"1", "2"}, "id": {"3"}},
		Headers: map[string][]string{"X-Amzn-Trace-Id": {"Root=1"}, "Cookie": {"a=b"}},
	}
	before := fmt.Sprintf("%v", *r)
	built := adapter(with(Backend{}, map[string]any{"function_name": "f"}), Options{Logger: &Recorder{}, Invoker: output(nil)})
	if _, err := built.Proxy(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if after := fmt.Sprintf("%v", *r); after != before {
		t.Errorf("got  %s\nwant %s", after, before)
	}
}

// load checks under the race detector that every request gets its own reply.
func load(t *testing.T, adapter Adapter) {
	s := lambdatest.NewServer(map[string]any{"f": func(event map[string]string) (map[string]string, error) { return event, nil }})
	t.Cleanup(s.Close)
	built := adapter(with(Backend{Group: "g"}, map[string]any{"function_name": "f"}), Options{Logger: &Recorder{}, Session: newSession(t, s.URL)})
	headers := map[string][]string{"X-Amzn-Trace-Id": {"Root=1"}}
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for j := range 8 {
				id := fmt.Sprint(i, "-", j)
				response, err := built.Proxy(t.Context(), &Request{Params: map[string]string{"Id": id}, Headers: headers})
				if err != nil {
					t.Error(err)
					return
				}
				if got, want := fmt.Sprint(response.Data), "map[g:map[id:"+id+"]]"; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}
