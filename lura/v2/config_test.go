package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

var _ logging.Logger = (*adaptertest.Recorder)(nil)

// parse has KrakenD's own parser read a configuration with one endpoint.
func parse(t *testing.T, endpoint string) *config.EndpointConfig {
	t.Helper()
	file := fmt.Sprintf(`{"version": 3, "endpoints": [%s]}`, endpoint)
	cfg, err := config.NewParserWithFileReader(func(string) ([]byte, error) { return []byte(file), nil }).Parse("krakend.json")
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Endpoints[0]
}

// The examples of the documentation, in backends that have neither a host nor a
// url_pattern, parsed and wired by KrakenD itself.
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
			p, err := proxy.NewDefaultFactory(BackendFactory(log, next, WithConfig(configOf(sess))), log).New(parse(t, tc.endpoint))
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

// Whatever stands under the namespace, a request that cannot be served as
// configured goes nowhere: neither to the next factory nor to the backend's host.
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
			t.Errorf("%s: left to the next factory", settings)
			return proxy.NoopProxy
		}
		p, err := proxy.NewDefaultFactory(BackendFactory(log, next), log).New(endpoint)
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

func TestNamespaces(t *testing.T) {
	f := map[string]any{"function_name": "f"}
	for _, tc := range []struct {
		extra map[string]any
		want  []string
	}{
		{map[string]any{Namespace: f}, nil},
		{map[string]any{NamespaceAlias: f}, nil},
		{
			map[string]any{Namespace: f, NamespaceAlias: f},
			[]string{"ERROR [BACKEND: /x][Lambda] bad configuration: one of backend/lambda and github.com/devopsfaith/krakend-lambda may be there, not both; each request to this GET backend (function_name \"f\") gets a 500"},
		},
	} {
		log := &adaptertest.Recorder{}
		built := adapter(adaptertest.Backend{URLPattern: "/x", ExtraConfig: tc.extra}, adaptertest.Options{Logger: log, Invoker: replies(`{"a":1}`)})
		_, err := built.Proxy(t.Context(), &adaptertest.Request{})
		if built.Next || (err != nil) != (tc.want != nil) || !slices.Equal(log.Level("ERROR"), tc.want) {
			t.Errorf("%v: got %v and log %q, want %q", tc.extra, err, log.Level("ERROR"), tc.want)
		}
	}
}

// replies is an Invoker with one reply.
type replies string

func (r replies) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	return &lambda.InvokeOutput{Payload: []byte(r)}, nil
}

// KrakenD 2 tells the endpoint: placeholders have its spelling in the payload, and
// a bad configuration is told by it.
func TestParentEndpoint(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	t.Cleanup(s.Close)
	log := &adaptertest.Recorder{}
	sess := session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(s.URL),
		Region:      aws.String("us-west-2"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
	factory := proxy.NewDefaultFactory(BackendFactory(log, next, WithConfig(configOf(sess))), log)

	p, err := factory.New(parse(t, `{"endpoint": "/users/{UserId}/{page}", "backend": [{"extra_config": {"backend/lambda": {"function_name": "f"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p(t.Context(), &proxy.Request{Params: map[string]string{"UserId": "7", "Page": "2"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := string(s.Calls()[0].Payload), `{"UserId":"7","page":"2"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	if _, err := factory.New(parse(t, `{"endpoint": "/users/{id}", "method": "PUT", "backend": [{"extra_config": {"backend/lambda": {}}}]}`)); err != nil {
		t.Fatal(err)
	}
	if lines := log.Level("ERROR"); len(lines) != 1 || !strings.HasSuffix(lines[0], "; each request to PUT /users/:id gets a 500") {
		t.Errorf("got log %q", lines)
	}
}

// return_error_code shows the details as the error's message, with the status and
// the headers that it has anyway. Of a timeout it shows nothing.
func TestReturnErrorCode(t *testing.T) {
	code := map[string]any{"return_error_code": true}
	extra := map[string]any{
		"github.com/devopsfaith/krakend/http": code,
		Namespace:                             map[string]any{"function_name": "f", "max_retries": 0},
	}
	throttled := fails{&lambda.TooManyRequestsException{RetryAfterSeconds: aws.String("7")}}

	built := adapter(adaptertest.Backend{ExtraConfig: extra}, adaptertest.Options{Logger: &adaptertest.Recorder{}, Invoker: throttled})
	response, err := built.Proxy(t.Context(), &adaptertest.Request{})
	coded, ok := err.(interface {
		StatusCode() int
		Encoding() string
		Headers() map[string][]string
	})
	if !ok || response != nil {
		t.Fatalf("got %+v, %T %v", response, err, err)
	}
	if got, want := err.Error(), `{"errorType":"TooManyRequestsException","errorMessage":"too many requests"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if coded.StatusCode() != 429 || coded.Encoding() != "application/json" || fmt.Sprint(coded.Headers()) != "map[Retry-After:[7]]" {
		t.Errorf("got %d %s %v", coded.StatusCode(), coded.Encoding(), coded.Headers())
	}

	built = adapter(adaptertest.Backend{ExtraConfig: extra, Encoding: "no-op"}, adaptertest.Options{Logger: &adaptertest.Recorder{}, Invoker: throttled})
	if _, err = built.Proxy(t.Context(), &adaptertest.Request{}); err == nil || err.Error() != "lambda: too many requests" {
		t.Errorf("no-op: got %v", err)
	}

	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	built = adapter(adaptertest.Backend{ExtraConfig: extra}, adaptertest.Options{Logger: &adaptertest.Recorder{}, Invoker: throttled})
	if _, err = built.Proxy(ctx, &adaptertest.Request{}); err == nil || err.Error() != "lambda: deadline exceeded" {
		t.Errorf("timeout: got %v", err)
	}
}

type fails struct{ err error }

func (f fails) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	return nil, f.err
}

// KrakenD 2 gives each of its concurrent calls a body of its own.
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

// In a sequential merge KrakenD writes into the params of the request, while calls
// that have lost against another of theirs may still be on their way.
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
	p, err := proxy.NewDefaultFactory(BackendFactory(log, next, WithInvoker(bridge{replies(`{"a":"b"}`)})), log).New(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // the race detector sees what is wrong
		response, err := p(t.Context(), &proxy.Request{Params: map[string]string{"Id": "7"}})
		if err != nil || fmt.Sprint(response.Data) != "map[a:b second:map[a:b]]" {
			t.Fatalf("got %+v, %v", response, err)
		}
	}
}

// A factory changes the configuration of a backend, and yet another proxy of it behaves alike.
func TestSecondProxyOfOneConfiguration(t *testing.T) {
	var calls atomic.Int32
	all := make(chan struct{})
	log := &adaptertest.Recorder{}
	factory := BackendFactory(log, nil, WithInvoker(bridge{calling(func() {
		if calls.Add(1)%3 == 0 { // no call wins before all have begun
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

// calling is an Invoker that does something before it replies.
type calling func()

func (c calling) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	c()
	return &lambda.InvokeOutput{Payload: []byte("{}")}, nil
}

// A backend's own input_headers limit what the function sees, but not what events tell of the
// client. KrakenD reads them after the factory has run.
func TestInputHeadersOfABackend(t *testing.T) {
	for _, tc := range []struct {
		list string
		want string // the headers that the function sees
	}{
		{`["X-Tea"]`, "map[host:api.example.com x-tea:oolong]"},
		{`["x-tea", "user-agent"]`, "map[host:api.example.com user-agent:curl/8 x-tea:oolong]"},
		{`["X-Forwarded-For", "X-Forwarded-Host"]`, "map[host:api.example.com x-forwarded-for:192.0.2.1 x-forwarded-host:api.example.com]"},
		{`["X-None"]`, "map[host:api.example.com]"},
		{`[]`, "map[host:api.example.com user-agent:curl/8 x-forwarded-for:192.0.2.1 x-forwarded-host:api.example.com x-secret:s x-tea:oolong]"},
	} {
		var payload, custom []byte
		log := &adaptertest.Recorder{}
		next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
		factory := proxy.NewDefaultFactory(BackendFactory(log, next, WithInvoker(bridge{recording(func(in *lambda.InvokeInput) {
			payload = in.Payload
			custom, _ = base64.StdEncoding.DecodeString(aws.StringValue(in.ClientContext))
		})})), log)
		endpoint := parse(t, `{"endpoint": "/x", "backend": [{"input_headers": `+tc.list+`,
			"extra_config": {"backend/lambda": {"function_name": "f", "payload_format": "2.0", "response_format": "plain", "client_context": true}}}]}`)
		for n := range 2 { // the second proxy behaves like the first
			p, err := factory.New(endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p(t.Context(), &proxy.Request{Headers: map[string][]string{
				"X-Tea": {"oolong"}, "X-Secret": {"s"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"api.example.com"}, "User-Agent": {"curl/8"},
			}}); err != nil {
				t.Fatal(err)
			}
			var got struct {
				Headers        map[string]string
				RequestContext struct {
					DomainName string
					HTTP       struct{ SourceIP, UserAgent string }
				}
			}
			if err := json.Unmarshal(payload, &got); err != nil {
				t.Fatal(err)
			}
			if headers := fmt.Sprint(got.Headers); headers != tc.want {
				t.Errorf("%s, proxy %d: got %s, want %s", tc.list, n, headers, tc.want)
			}
			if c := got.RequestContext; c.DomainName != "api.example.com" || c.HTTP.SourceIP != "192.0.2.1" || c.HTTP.UserAgent != "curl/8" {
				t.Errorf("%s, proxy %d: got %+v", tc.list, n, c)
			}
			for name := range map[string]bool{"X-Secret": true, "X-Forwarded-For": true, "User-Agent": true} {
				if _, visible := got.Headers[strings.ToLower(name)]; visible != strings.Contains(string(custom), name) {
					t.Errorf("%s, proxy %d: %s is in one of the event and the client context %s", tc.list, n, name, custom)
				}
			}
		}
	}
}

// recording is an Invoker that keeps what it is called with.
type recording func(*lambda.InvokeInput)

func (r recording) InvokeWithContext(_ aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	r(in)
	return &lambda.InvokeOutput{Payload: []byte("{}")}, nil
}

// Components change the method and the query strings of a request: GraphQL sends a POST by
// default, whatever the endpoint's method is.
func TestMethodOfGraphQL(t *testing.T) {
	for method, want := range map[string]string{
		"POST": `{"query":"{ user(id: $id) { name } }","variables":{"id":"7"}}`,
		"GET":  `{"id":"7","query":"{ user(id: $id) { name } }","variables":"{\"id\":\"7\"}"}`,
	} {
		var payload []byte
		next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
		factory := proxy.NewDefaultFactory(BackendFactory(nil, next, WithInvoker(bridge{recording(func(in *lambda.InvokeInput) { payload = in.Payload })})), logging.NoOp)
		p, err := factory.New(parse(t, `{"endpoint": "/users/{id}", "backend": [{"extra_config": {
			"backend/lambda": {"function_name": "f"},
			"github.com/devopsfaith/krakend/transport/http/client/graphql": {"type": "query", "method": "`+method+`", "query": "{ user(id: $id) { name } }", "variables": {"id": "{id}"}}
		}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p(t.Context(), &proxy.Request{Method: "GET", Params: map[string]string{"Id": "7"}, Headers: map[string][]string{}}); err != nil {
			t.Fatal(err)
		}
		var got, wanted map[string]any
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("%v: %s", err, payload)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: got %s, want %s", method, payload, want)
		}
	}
}

// KrakenD 2 tells the endpoint, so that an event can have its route. The path is the
// backend's own.
func TestEventRoute(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	t.Cleanup(s.Close)
	sess := session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(s.URL),
		Region:      aws.String("us-west-2"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
	factory := proxy.NewDefaultFactory(BackendFactory(nil, next, WithConfig(configOf(sess))), logging.NoOp)

	for format, want := range map[string]string{
		"1.0": "/users/{UserId}/{page}",
		"2.0": "PUT /users/{UserId}/{page}",
	} {
		s.Reset()
		p, err := factory.New(parse(t, `{"endpoint": "/users/{UserId}/{page}", "method": "PUT", "backend": [{
			"url_pattern": "/v2/{page}/{UserId}", "method": "PATCH",
			"extra_config": {"backend/lambda": {"function_name": "f", "payload_format": "`+format+`", "response_format": "plain"}}
		}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p(t.Context(), &proxy.Request{Method: "PUT", Params: map[string]string{"UserId": "a b", "Page": "2"}}); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Resource, RouteKey, Path, RawPath, HTTPMethod string
			PathParameters                                map[string]string
			RequestContext                                struct{ HTTP struct{ Method string } }
		}
		if err := json.Unmarshal(s.Calls()[0].Payload, &got); err != nil {
			t.Fatal(err)
		}
		if got.Resource+got.RouteKey != want || got.Path+got.RawPath != "/v2/2/a%20b" || got.HTTPMethod+got.RequestContext.HTTP.Method != "PATCH" {
			t.Errorf("%s: got %+v, want %s", format, got, want)
		}
		if fmt.Sprint(got.PathParameters) != "map[UserId:a b page:2]" {
			t.Errorf("%s: got %v", format, got.PathParameters)
		}
	}
}

// A status that the function has set is, with return_error_code, the error's.
func TestReturnErrorCodeOfAnHTTPResponse(t *testing.T) {
	built := adapter(adaptertest.Backend{ExtraConfig: map[string]any{
		"github.com/devopsfaith/krakend/http": map[string]any{"return_error_code": true},
		Namespace:                             map[string]any{"function_name": "f", "response_format": "proxy"},
	}}, adaptertest.Options{
		Logger:  &adaptertest.Recorder{},
		Invoker: replies(`{"statusCode":409,"headers":{"content-type":"application/problem+json"},"body":"{\"title\":\"sold\"}"}`),
	})
	response, err := built.Proxy(t.Context(), &adaptertest.Request{})
	coded, ok := err.(interface {
		StatusCode() int
		Encoding() string
	})
	if !ok || response != nil || coded.StatusCode() != 409 || coded.Encoding() != "application/problem+json" || err.Error() != `{"title":"sold"}` {
		t.Errorf("got %+v, %T %v", response, err, err)
	}
}
