package lambda

import (
	"fmt"
	"io"
	"net/http"
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
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/logging"
	"github.com/devopsfaith/krakend/proxy"
)

var _ logging.Logger = (*adaptertest.Recorder)(nil)

// parse reads a configuration with one endpoint, with KrakenD's own parser.
func parse(t *testing.T, endpoint string) *config.EndpointConfig {
	t.Helper()
	file := fmt.Sprintf(`{"version": 2, "endpoints": [%s]}`, endpoint)
	cfg, err := config.NewParserWithFileReader(func(string) ([]byte, error) { return []byte(file), nil }).Parse("krakend.json")
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Endpoints[0]
}

// KrakenD itself parses and wires the examples of the documentation, in backends without a host and a
// url_pattern.
func TestDocumentedExamples(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{
		"lambda-function": func(event map[string]string) (map[string]string, error) { return event, nil },
		"My-lambda":       func(event map[string]string) (map[string]string, error) { return event, nil },
	})
	t.Cleanup(s.Close)

	for _, tc := range []struct {
		name, endpoint string
		params         map[string]string
		function       string
		want           string
	}{
		{
			"fixed",
			`{"endpoint": "/call-a-lambda", "backend": [{"extra_config": {
				"github.com/devopsfaith/krakend-lambda": { "function_name": "lambda-function", "region": "us-west1", "max_retries": 1 }
			}}]}`,
			nil, "lambda-function", "map[]",
		},
		{
			"from the URL",
			`{"endpoint": "/call-a-lambda/{lambda}", "backend": [{"extra_config": {
				"github.com/devopsfaith/krakend-lambda": { "function_param_name": "Lambda", "region": "us-west1", "max_retries": 1 }
			}}]}`,
			map[string]string{"Lambda": "my-lambda"}, "My-lambda", "map[lambda:my-lambda]",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.Reset()
			log := &adaptertest.Recorder{}
			sess, err := session.NewSession(&aws.Config{
				Endpoint:    aws.String(s.URL),
				Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
			})
			if err != nil {
				t.Fatal(err)
			}
			next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
			p, err := proxy.NewDefaultFactory(BackendFactory(next, WithLogger(log), WithSession(sess)), log).New(parse(t, tc.endpoint))
			if err != nil {
				t.Fatal(err)
			}
			response, err := p(t.Context(), &proxy.Request{Method: "GET", Params: tc.params})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(response.Data); got != tc.want || !response.IsComplete {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if calls := s.Calls(); len(calls) != 1 || calls[0].Function != tc.function || calls[0].Region != "us-west1" {
				t.Errorf("got calls %+v, want one of %s in us-west1", calls, tc.function)
			}

			s.Reset()
			s.Fail("*", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())
			if _, err := p(t.Context(), &proxy.Request{Method: "GET", Params: tc.params}); err == nil || len(s.Calls()) != 2 {
				t.Errorf("got %v after %d calls, want an error after 2", err, len(s.Calls()))
			}
		})
	}
}

// With a bad configuration, requests reach neither a function, nor the next factory, nor the backend's
// host.
func TestBadConfigurationsFailClosed(t *testing.T) {
	for _, settings := range []string{
		`42`, `null`, `[]`, `"x"`, `{}`,
		`{"function_name": "f", "function_param_name": "Lambda"}`,
		`{"function_name": "f", "max_retries": "1"}`,
		`{"function_name": "f", "region": 1}`,
		`{"function_name": "f", "endpoint": "localhost"}`,
		`{"function_name": "f", "stream": true}`,
	} {
		log := &adaptertest.Recorder{}
		endpoint := parse(t, `{"endpoint": "/x", "backend": [{"url_pattern": "/y", "host": ["http://localhost"], "extra_config": {"`+Namespace+`": `+settings+`}}]}`)
		next := func(*config.Backend) proxy.Proxy {
			t.Errorf("%s: passed to the next factory", settings)
			return proxy.NoopProxy
		}
		p, err := proxy.NewDefaultFactory(BackendFactory(next, WithLogger(log)), log).New(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		response, err := p(t.Context(), &proxy.Request{Method: "GET"})
		coded, ok := err.(interface{ StatusCode() int })
		if response != nil || !ok || coded.StatusCode() != http.StatusInternalServerError {
			t.Errorf("%s: got %+v, %v; want a 500", settings, response, err)
		}
		if lines := log.Level("ERROR"); len(lines) != 1 || !strings.HasPrefix(lines[0], "ERROR [BACKEND: /y][Lambda] bad configuration: ") {
			t.Errorf("%s: got log %q", settings, lines)
		}
	}
}

// In KrakenD 1.x, the copies of a request share one body.
func TestConcurrentCallsWithABody(t *testing.T) {
	log := &adaptertest.Recorder{}
	built := adapter(adaptertest.Backend{
		Method: "POST", ConcurrentCalls: 2,
		ExtraConfig: map[string]any{Namespace: map[string]any{"function_name": "f"}},
	}, adaptertest.Options{Logger: log})
	_, err := built.Proxy(t.Context(), &adaptertest.Request{Body: io.NopCloser(strings.NewReader("{}"))})
	coded, ok := err.(interface{ StatusCode() int })
	if !ok || coded.StatusCode() != http.StatusInternalServerError {
		t.Errorf("got %v, want a 500", err)
	}
	if lines := log.Level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "concurrent_calls: must be 1 for POST, is 2") {
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
		"extra_config": {"github.com/devopsfaith/krakend/proxy": {"sequential": true}},
		"backend": [
			{"extra_config": {"github.com/devopsfaith/krakend-lambda": {"function_name": "f"}}},
			{"url_pattern": "/{resp0_a}", "group": "second", "extra_config": {"github.com/devopsfaith/krakend-lambda": {"function_name": "f"}}}
		]
	}`)
	p, err := proxy.NewDefaultFactory(BackendFactory(next, WithInvoker(replies(`{"a":"b"}`)), WithLogger(log)), log).New(endpoint)
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
	factory := BackendFactory(nil, WithLogger(log), WithInvoker(calling(func() {
		if calls.Add(1)%3 == 0 { // no call returns before all have begun
			all <- struct{}{}
			all <- struct{}{}
			return
		}
		<-all
	})))
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

// replies is an Invoker that always returns this reply.
type replies string

func (r replies) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	return &lambda.InvokeOutput{Payload: []byte(r)}, nil
}

// The short namespace of KrakenD 2 has no effect on KrakenD 1.x, so a warning says so.
func TestShortNamespace(t *testing.T) {
	log := &adaptertest.Recorder{}
	left := false
	next := func(*config.Backend) proxy.Proxy {
		left = true
		return proxy.NoopProxy
	}
	for _, namespace := range []string{"backend/lambda", "backend/other"} {
		BackendFactory(next, WithLogger(log))(&config.Backend{
			URLPattern:  "/x",
			ExtraConfig: config.ExtraConfig{namespace: map[string]interface{}{"function_name": "f"}},
		})
	}
	want := "WARNING [BACKEND: /x][Lambda] backend/lambda has no effect on this KrakenD, so this GET backend calls its host and no function: rename the key to " + Namespace
	if got := log.Level("WARNING"); !left || len(got) != 1 || got[0] != want {
		t.Errorf("got %q, passed to the next factory: %t, want %q", got, left, want)
	}
}
