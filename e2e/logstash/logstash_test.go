package logstash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/krakend/krakend-gologging/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/server"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
)

// hostile is a text that breaks a line or a JSON string if it is not escaped.
const hostile = "say \"tea\"\nERROR: \\ \x1b[31m \x00 }"

type object = map[string]any

// failure is a request that fails, and its log line.
type failure struct {
	path, body  string
	settings    object
	http        object // KrakenD's settings of the backend; nil for none
	fault       *lambdatest.Fault
	level, says string
}

func fault(f lambdatest.Fault) *lambdatest.Fault { return &f }

var failures = []failure{
	{path: "/function", settings: object{"function_name": "fails"}, level: "ERROR", says: "the function failed: function fails, code "},
	{path: "/shown", settings: object{"function_name": "fails"}, http: object{"return_error_code": true}, level: "ERROR", says: "the function failed: function fails, code "},
	{path: "/details", settings: object{"function_name": "fails"}, http: object{"return_error_details": "x"}, level: "ERROR", says: "the function failed: function fails, code "},
	{path: "/panic", settings: object{"function_name": "panics"}, level: "ERROR", says: "the function failed: function panics, code "},
	{path: "/status", settings: object{"function_name": "fails", "function_error_status": object{"*": 422}}, level: "INFO", says: "the function failed: function fails, code "},
	{path: "/busy", settings: object{"function_name": "fails", "function_error_status": object{"*": 429}}, level: "WARNING", says: "the function failed: function fails, code "},
	{path: "/throttled", fault: fault(lambdatest.APIError(429, "TooManyRequestsException", hostile)), level: "WARNING", says: "invocation failed: function throttled, code TooManyRequestsException (429), request id "},
	{path: "/denied", fault: fault(lambdatest.APIError(403, "AccessDeniedException", hostile)), level: "ERROR", says: "invocation failed: function denied, code AccessDeniedException (403), request id "},
	{path: "/code", fault: fault(lambdatest.APIError(500, "Odd "+`"code\`, hostile)), level: "ERROR", says: "invocation failed: function code, code "},
	{path: "/no-json", body: hostile, settings: object{"function_name": "echo"}, level: "INFO", says: "invocation failed: function echo, code InvalidRequestContentException (400), request id "},
	{path: "/cut", fault: fault(lambdatest.Cut(lambdatest.BeforeHeaders)), level: "ERROR", says: "invocation failed: function cut, code RequestError, endpoint http://127.0.0.1:"},
	{path: "/undecodable", settings: object{"function_name": "text"}, level: "ERROR", says: "the reply cannot be decoded: function text, request id "},
	{path: "/proxy", settings: object{"function_name": "text", "response_format": "proxy", "payload_format": "1.0"}, level: "ERROR", says: "the reply cannot be decoded: function text, request id "},
	{path: "/refused/x%0A%22y", settings: object{"function_name": nil, "function_param_name": "Name"}, level: "INFO", says: "invalid function name"},
	{path: "/tenant?tenant=%22%5C%0A", settings: object{"function_name": "echo", "tenant_id": "{input_query_strings.tenant}"}, level: "INFO", says: "is not a valid tenant"},
	{path: "/left-out?jwt.%22%5C%0A=1", settings: object{"function_name": "missing"}, level: "WARNING", says: "the function does not get the query string 'jwt.'/ '"},
	{path: "/bad", settings: object{"function_name": "a \"b\"\\", hostile: 1}, level: "ERROR", says: "bad configuration: function_name: 'a 'b'/' is not a function"},
	{path: "/unknown", settings: object{"function_name": "missing", hostile: 1}, level: "WARNING", says: "unknown key 'say 'tea' ERROR: / "},
	{path: "/stack", settings: object{"function_name": "echo"}, body: `{"panic":true}`, level: "ERROR", says: "panic: 'say 'tea'"},
	{path: "/log-tail", settings: object{"function_name": "chatty", "log_tail": true}, level: "DEBUG", says: "log of chatty, request id "},
}

// log is what the gateway logs.
type log struct {
	mu sync.Mutex
	bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func TestEachLineIsJSON(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	api := lambdatest.NewServer(map[string]any{
		"fails":  func() error { return errors.New(hostile) },
		"panics": func() error { panic(hostile) },
		"echo":   func(v any) (any, error) { return v, nil },
		"text":   func() (string, error) { return hostile, nil },
		"chatty": func(ctx context.Context) error {
			_, err := io.WriteString(lambdatest.LogWriter(ctx), hostile+"\n")
			return err
		},
	})
	t.Cleanup(api.Close)
	var out log
	gateway := gateway(t, api, &out)
	for _, f := range failures {
		method := http.MethodGet
		if f.body != "" {
			method = http.MethodPost
		}
		r := httptest.NewRequest(method, f.path, strings.NewReader(f.body))
		gateway.ServeHTTP(httptest.NewRecorder(), r)
	}
	type line struct{ Level, Message string }
	var lines []line
	krakendsOwn := 0 // with return_error_code, the handler of Lura logs the JSON that it sends to the client
	for text := range strings.Lines(out.String()) {
		var l line
		switch err := json.Unmarshal([]byte(text), &l); {
		case err == nil:
		case strings.Contains(text, `[ENDPOINT: /shown] {"errorType":"errorString",`):
			krakendsOwn++
		default:
			t.Errorf("%v: %s", err, text)
		}
		lines = append(lines, l)
	}
	if krakendsOwn != 1 {
		t.Errorf("got %d lines of KrakenD's own that are not JSON, want 1: docs/errors.md names it", krakendsOwn)
	}
	for _, f := range failures {
		found := false
		for _, l := range lines {
			found = found || l.Level == f.level && strings.Contains(l.Message, "][Lambda] ") && strings.Contains(l.Message, f.says)
		}
		if !found {
			t.Errorf("%s: no line at %s with %q in\n%s", f.path, f.level, f.says, out.String())
		}
	}
}

// gateway returns a KrakenD 2 with an endpoint for each failure, which logs as logstash reads it.
func gateway(t *testing.T, api *lambdatest.Server, out io.Writer) http.Handler {
	var endpoints []object
	for _, f := range failures {
		path, _, _ := strings.Cut(f.path, "?")
		if _, name, ok := strings.Cut(path[1:], "/"); ok {
			path = strings.TrimSuffix(path, name) + "{name}"
		}
		name := strings.Trim(path, "/")
		settings := object{"function_name": name, "endpoint": api.URL, "region": "us-west-2", "max_retries": 0}
		for key, value := range f.settings {
			if settings[key] = value; value == nil {
				delete(settings, key)
			}
		}
		if f.fault != nil {
			api.Fail(name, f.fault.Always())
		}
		extra := object{"backend/lambda": settings}
		if f.http != nil {
			extra["github.com/devopsfaith/krakend/http"] = f.http
		}
		method := http.MethodGet
		if f.body != "" {
			method = http.MethodPost
		}
		endpoints = append(endpoints, object{
			"endpoint": path, "method": method, "input_query_strings": []any{"*"},
			"backend": []any{object{"extra_config": extra, "url_pattern": "/" + strings.Split(path, "/")[1]}},
		})
	}
	file := filepath.Join(t.TempDir(), "krakend.json")
	content, err := json.Marshal(object{
		"version": 3, "timeout": "10s", "endpoints": endpoints,
		"extra_config": object{gologging.Namespace: object{"level": "DEBUG", "format": "logstash"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	logger, err := gologging.NewLogger(cfg.ExtraConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	factory := lambda.BackendFactory(logger, proxy.CustomHTTPProxyFactory(client.NewHTTPClient))
	var handler http.Handler
	router.NewFactory(router.Config{
		Engine:         router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: io.Discard}),
		HandlerFactory: router.CustomErrorEndpointHandler(logger, server.DefaultToHTTPError),
		ProxyFactory:   proxy.NewDefaultFactory(panicking(factory), logger),
		Logger:         logger,
		RunServer: func(_ context.Context, _ config.ServiceConfig, h http.Handler) error {
			handler = h
			return nil
		},
	}).NewWithContext(t.Context()).Run(cfg)
	return handler
}

// panicking has the decoder of the backend /stack panic.
func panicking(next proxy.BackendFactory) proxy.BackendFactory {
	return func(b *config.Backend) proxy.Proxy {
		if b.URLPattern == "/stack" {
			b.Decoder = func(io.Reader, *map[string]any) error { panic(hostile) }
		}
		return next(b)
	}
}
