package lambda

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
)

// KrakenD 2 gives each concurrent call a separate body.
func TestConcurrentCallsWithABody(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func(event string) (map[string]string, error) { return map[string]string{"a": event}, nil }})
	t.Cleanup(s.Close)
	log := &adaptertest.Recorder{}
	sess := session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(s.URL),
		Region:      aws.String("us-west-2"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
	endpoint := parse(t, `{"endpoint": "/x", "method": "POST", "concurrent_calls": 2, "backend": [{"extra_config": {"backend/lambda": {"function_name": "f"}}}]}`)
	p, err := proxy.NewDefaultFactory(BackendFactory(log, next, WithConfig(configOf(sess))), log).New(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p(t.Context(), &proxy.Request{Body: io.NopCloser(strings.NewReader(`"b"`))})
	if err != nil || fmt.Sprint(response.Data) != "map[a:b]" {
		t.Errorf("got %+v, %v", response, err)
	}
	for _, c := range s.Calls() {
		if string(c.Payload) != `"b"` {
			t.Errorf("got the payload %s", c.Payload)
		}
	}
	if lines := log.Level("WARNING"); len(lines) != 1 || !strings.Contains(lines[0], "executes the function 2 times") {
		t.Errorf("got log %q", lines)
	}
}

// In a sequential merge, KrakenD writes to the params of the request while canceled concurrent calls may
// still run.
func TestConcurrentCallsInASequentialMerge(t *testing.T) {
	log := &adaptertest.Recorder{}
	next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
	endpoint := parse(t, `{
		"endpoint": "/x/{id}", "concurrent_calls": 4,
		"extra_config": {"`+proxy.Namespace+`": {"sequential": true}},
		"backend": [
			{"extra_config": {"github.com/devopsfaith/krakend-lambda": {"function_name": "f"}}},
			{"url_pattern": "/{resp0_a}", "group": "second", "extra_config": {"github.com/devopsfaith/krakend-lambda": {"function_name": "f"}}}
		]
	}`)
	p, err := proxy.NewDefaultFactory(BackendFactory(log, next, WithInvoker(bridge{replies(`{"a":"b"}`)})), log).New(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // for the race detector
		response, err := p(t.Context(), &proxy.Request{Params: map[string]string{"Id": "7"}})
		if err != nil || fmt.Sprint(response.Data) != "map[a:b second:map[a:b]]" {
			t.Fatalf("got %+v, %v", response, err)
		}
	}
}

// A factory changes the configuration of a backend. A second proxy of it still behaves the same.
func TestSecondProxyOfOneConfiguration(t *testing.T) {
	var calls atomic.Int32
	all := make(chan struct{})
	log := &adaptertest.Recorder{}
	factory := BackendFactory(log, nil, WithInvoker(bridge{calling(func() {
		if calls.Add(1)%3 == 0 { // no call returns before all have begun
			all <- struct{}{}
			all <- struct{}{}
			return
		}
		<-all
	})}))
	remote := &config.Backend{
		URLPattern: "/x", ConcurrentCalls: 3, Timeout: adaptertest.Timeout,
		ExtraConfig: config.ExtraConfig{Namespace: map[string]interface{}{"function_name": "f"}},
	}
	for n := range 2 {
		if _, err := factory(remote)(t.Context(), &proxy.Request{}); err != nil {
			t.Fatal(err)
		}
		if got, want := calls.Load(), int32(3*(n+1)); got != want {
			t.Errorf("proxy %d: got %d calls, want %d", n, got, want)
		}
		if lines := log.Level("WARNING"); len(lines) != n+1 {
			t.Errorf("proxy %d: got log %q", n, lines)
		}
	}
}

// calling is an Invoker that calls a function before it replies.
type calling func()

func (c calling) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	c()
	return &lambda.InvokeOutput{Payload: []byte("{}")}, nil
}
