package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The namespaces of extra_config.
const (
	lambdaNamespace = "github.com/devopsfaith/krakend-lambda"
	shortNamespace  = "backend/lambda"
	httpNamespace   = "github.com/devopsfaith/krakend/http"
	proxyNamespace  = "github.com/devopsfaith/krakend/proxy"
	routerNamespace = "github_com/luraproject/lura/router/gin"
)

type (
	object = map[string]any
	list   = []any
)

// parse returns the object in a JSON text, so that tests can write examples as JSON.
func parse(t *testing.T, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// with returns a copy of o with more keys.
func with(o object, more ...object) object {
	o = maps.Clone(o)
	if o == nil {
		o = object{}
	}
	for _, m := range more {
		maps.Copy(o, m)
	}
	return o
}

func endpoint(path string, backends ...object) object {
	return object{"endpoint": path, "backend": backends}
}

// fixed are the settings of a backend that invokes one function, once.
func fixed(api *lambdaAPI, function string) object {
	return object{"function_name": function, "region": "us-east-1", "endpoint": api.URL, "max_retries": 0}
}

// fromPath are the settings of a backend whose function is the placeholder
// {lambda}.
func fromPath(api *lambdaAPI) object {
	return object{"function_param_name": "Lambda", "region": "us-east-1", "endpoint": api.URL, "max_retries": 0}
}

// lambdaBackend is a backend with these settings under the namespace, besides
// what else it has.
func lambdaBackend(settings any, more ...object) object {
	backend := with(nil, more...)
	extra, _ := backend["extra_config"].(object)
	backend["extra_config"] = with(extra, object{lambdaNamespace: settings})
	return backend
}

// httpBackend is an ordinary backend.
func httpBackend(host, urlPattern string, more ...object) object {
	return with(object{"host": list{host}, "url_pattern": urlPattern}, more...)
}

// at gives a backend a name for its log lines. Lambda backends need no url_pattern
// otherwise.
func at(urlPattern string) object { return object{"url_pattern": urlPattern} }

var detailsAsX = object{"extra_config": object{httpNamespace: object{"return_error_details": "x"}}}

// errorCode has an HTTP backend's error keep its status and have its body for a text.
var errorCode = object{"extra_config": object{httpNamespace: object{"return_error_code": true}}}

// errorMsg is a service whose answers have an error's text for a body.
var errorMsg = object{"extra_config": object{routerNamespace: object{"return_error_msg": true}}}

// sequential makes a merge one backend after the other.
var sequential = object{"extra_config": object{proxyNamespace: object{"sequential": true}}}

// newHTTP starts an ordinary backend.
func newHTTP(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// newForbidden starts a host that must not be called.
func newForbidden(t *testing.T) string {
	t.Helper()
	return newHTTP(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was called on a host that must not be", r.Method, r.URL)
	})
}

// A handler is a function whose payload and reply are bytes, no matter whether
// they are JSON. aws-lambda-go calls its method.
type handler func(ctx context.Context, payload []byte) ([]byte, error)

func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return h(ctx, payload) }

// echo replies with its payload.
var echo = handler(func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil })

// replies makes a function that has one reply.
func replies(reply string) handler {
	return func(context.Context, []byte) ([]byte, error) { return []byte(reply), nil }
}

// fails makes a function that returns an error.
func fails(err error) handler {
	return func(context.Context, []byte) ([]byte, error) { return nil, err }
}

// hangs is a function that has not answered by the time the caller gives up.
var hangs = handler(func(ctx context.Context, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
})

// levelOf is the level of the log line for an error with a status.
func levelOf(status int) string {
	switch {
	case status >= http.StatusInternalServerError:
		return "ERROR"
	case status == http.StatusTooManyRequests:
		return "WARNING"
	}
	return "INFO"
}

// quoted is a message as the log has it.
func quoted(message string) string { return "'" + strings.ReplaceAll(message, `"`, "'") + "'" }
