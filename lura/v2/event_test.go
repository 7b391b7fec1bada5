package lambda

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/client/graphql"
)

// Components change the method and the query strings of a request: by default, GraphQL sends a POST for
// every method of the endpoint.
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
			"`+graphql.Namespace+`": {"type": "query", "method": "`+method+`", "query": "{ user(id: $id) { name } }", "variables": {"id": "{id}"}}
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

// KrakenD 2 tells the backend its endpoint, so events have the endpoint's route. The path is the
// backend's.
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

// With return_error_code, the error has the status that the function set.
func TestReturnErrorCodeOfAnHTTPResponse(t *testing.T) {
	built := adapter(adaptertest.Backend{ExtraConfig: map[string]any{
		client.Namespace: map[string]any{"return_error_code": true},
		Namespace:        map[string]any{"function_name": "f", "response_format": "proxy"},
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
