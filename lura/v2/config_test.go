package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
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
	"github.com/luraproject/lura/v2/transport/http/client"
)

var _ logging.Logger = (*adaptertest.Recorder)(nil)

// parse reads a configuration with one endpoint, with KrakenD's own parser.
func parse(t *testing.T, endpoint string) *config.EndpointConfig {
	t.Helper()
	file := fmt.Sprintf(`{"version": 3, "endpoints": [%s]}`, endpoint)
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
			[]string{"ERROR [BACKEND: /x][Lambda] bad configuration: backend/lambda, github.com/devopsfaith/krakend-lambda: set only one of them; each request to this GET backend (function_name 'f') gets a 500"},
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

// replies is an Invoker that always returns this reply.
type replies string

func (r replies) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	return &lambda.InvokeOutput{Payload: []byte(r)}, nil
}

// KrakenD 2 tells the backend its endpoint: payloads have the endpoint's spelling of placeholders, and
// errors in the configuration name it.
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

// With return_error_code, the message of an error is the details. Status and headers stay the same. A
// timeout has no details.
func TestReturnErrorCode(t *testing.T) {
	code := map[string]any{"return_error_code": true}
	extra := map[string]any{
		client.Namespace: code,
		Namespace:        map[string]any{"function_name": "f", "max_retries": 0},
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

// A backend's input_headers limit the headers that the function gets, but not what events tell about
// the client. KrakenD reads them after the factory has run.
func TestInputHeadersOfABackend(t *testing.T) {
	for _, tc := range []struct {
		list string
		want string // the headers that the function gets
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
		for n := range 2 { // two proxies of one backend
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
					t.Errorf("%s, proxy %d: %s is only in the event or only in the client context %s", tc.list, n, name, custom)
				}
			}
		}
	}
}

// recording is an Invoker that records its inputs.
type recording func(*lambda.InvokeInput)

func (r recording) InvokeWithContext(_ aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	r(in)
	return &lambda.InvokeOutput{Payload: []byte("{}")}, nil
}
