package components

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	cel "github.com/devopsfaith/krakend-cel"
	cb "github.com/devopsfaith/krakend-circuitbreaker/gobreaker/proxy"
	josegin "github.com/devopsfaith/krakend-jose/gin"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura"
	lua "github.com/devopsfaith/krakend-lua/proxy"
	metrics "github.com/devopsfaith/krakend-metrics"
	juju "github.com/devopsfaith/krakend-ratelimit/juju/proxy"
	endpointrate "github.com/devopsfaith/krakend-ratelimit/juju/router/gin"
	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/proxy"
	gometrics "github.com/rcrowley/go-metrics"
)

// The namespaces of the components, and the one of KrakenD's HTTP client.
const (
	breakerNamespace      = "github.com/devopsfaith/krakend-circuitbreaker/gobreaker"
	celNamespace          = "github.com/devopsfaith/krakend-cel"
	clientNamespace       = "github.com/devopsfaith/krakend/http"
	endpointRateNamespace = "github.com/devopsfaith/krakend-ratelimit/juju/router"
	luaNamespace          = lua.BackendNamespace
	rateNamespace         = juju.Namespace
)

func TestMain(m *testing.M) {
	for _, v := range os.Environ() { // remove the machine's AWS settings
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run()) // without a leak check: the rate limit by client keeps its goroutines
}

// object is a part of krakend.json.
type object = map[string]any

// fixed and named return the extra_config of a backend with a fixed function, or with a function that a
// param names, together with that of the components.
func fixed(function string, components ...object) object {
	return extraConfig(object{"function_name": function, "max_retries": 0}, components)
}

func named(param string, components ...object) object {
	return extraConfig(object{"function_param_name": param, "max_retries": 0}, components)
}

func extraConfig(settings object, components []object) object {
	return merged(append([]object{{lambda.Namespace: settings}}, components...)...)
}

func merged(components ...object) object {
	all := object{}
	for _, c := range components {
		maps.Copy(all, c)
	}
	return all
}

// breaker opens after more than maxErrors failures in a row. Its timeout is so long that it stays open
// during a test.
func breaker(maxErrors int) object {
	return object{breakerNamespace: object{"name": "b", "interval": 3600, "timeout": 3600, "maxErrors": maxErrors, "logStatusChange": true}}
}

// rateLimit has n tokens, and adds none during a test.
func rateLimit(n int) object {
	return object{rateNamespace: object{"maxRate": 0.0001, "capacity": n}}
}

func conditions(expressions ...string) object {
	var checks []any
	for _, e := range expressions {
		checks = append(checks, object{"check_expr": e})
	}
	return object{celNamespace: checks}
}

func script(settings object) object { return object{luaNamespace: settings} }

var details = object{clientNamespace: object{"return_error_details": "x"}}

// endpoint returns an endpoint with one backend, which has this extra_config.
func endpoint(path string, extra object) object {
	return object{"endpoint": path, "backend": []any{object{"url_pattern": path, "extra_config": extra}}}
}

// A gateway is KrakenD-CE's stack without its server.
type gateway struct {
	*lambdatest.Server
	log     *adaptertest.Recorder
	metrics *metrics.Metrics
	engine  *gin.Engine

	mu          sync.Mutex
	fromAdapter error // the last error of the Lambda backend; nil if it was not called
	fromPipe    error // the last error of the whole pipe
}

// start makes a gateway with these functions and endpoints.
func start(t *testing.T, functions map[string]any, endpoints ...object) *gateway {
	t.Helper()
	g := &gateway{Server: lambdatest.NewServer(functions), log: &adaptertest.Recorder{}, engine: gin.New()}
	t.Cleanup(g.Close)
	// metrics.New would register its gauges of the process in package variables.
	registry := gometrics.NewRegistry()
	g.metrics = &metrics.Metrics{Config: &metrics.Config{}, Registry: &registry, Proxy: metrics.NewProxyMetrics(&registry)}

	file, err := json.Marshal(object{"version": 2, "timeout": "1m", "endpoints": endpoints})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.NewParserWithFileReader(func(string) ([]byte, error) { return file, nil }).Parse("krakend.json")
	if err != nil {
		t.Fatal(err)
	}

	for _, e := range cfg.Endpoints {
		// In a merge, the metrics of backends have a data race: they read responses that the merge writes.
		g.metrics.Config.BackendDisabled = len(e.Backend) > 1
		factory := g.proxyFactory(t)
		pipe, err := factory.New(e)
		if err != nil {
			t.Fatal(err)
		}
		handlers := josegin.HandlerFactory(endpointrate.HandlerFactory, g.log, nil)
		g.engine.Handle(e.Method, e.Endpoint, handlers(e, g.recording(&g.fromPipe, pipe)))
	}
	return g
}

// proxyFactory combines the factories of proxy_factory.go and backend_factory.go.
func (g *gateway) proxyFactory(t *testing.T) proxy.Factory {
	sess, err := session.NewSession(&aws.Config{
		Region:      aws.String("us-west-2"),
		Endpoint:    aws.String(g.URL),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
		SleepDelay:  func(time.Duration) {}, // before retries
	})
	if err != nil {
		t.Fatal(err)
	}

	factory := lambda.BackendFactory(func(*config.Backend) proxy.Proxy {
		t.Error("a Lambda backend went to the next factory")
		return proxy.NoopProxy
	}, lambda.WithLogger(g.log), lambda.WithSession(sess))
	adapter := factory
	factory = func(remote *config.Backend) proxy.Proxy { return g.recording(&g.fromAdapter, adapter(remote)) }
	factory = cel.BackendFactory(g.log, factory)
	factory = lua.BackendFactory(g.log, factory)
	factory = juju.BackendFactory(factory)
	factory = cb.BackendFactory(factory, g.log)
	factory = g.metrics.BackendFactory("backend", factory)

	pipes := proxy.NewDefaultFactory(factory, g.log)
	pipes = cel.ProxyFactory(g.log, pipes)
	pipes = lua.ProxyFactory(g.log, pipes)
	return g.metrics.ProxyFactory("pipe", pipes)
}

// recording keeps the error of the last call of p.
func (g *gateway) recording(last *error, p proxy.Proxy) proxy.Proxy {
	return func(ctx context.Context, r *proxy.Request) (*proxy.Response, error) {
		response, err := p(ctx, r)
		g.mu.Lock()
		defer g.mu.Unlock()
		*last = err
		return response, err
	}
}

// An answer is a client's answer, with details from inside the gateway.
type answer struct {
	status      int
	body        string
	fromAdapter error // the Lambda backend's error; nil if it succeeded or was not called
	fromPipe    error // the outermost error
	calls       int   // calls of the Invoke API
}

// get sends a request from 192.0.2.1. Headers are pairs of a name and a value.
func (g *gateway) get(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return g.getFrom(t, "192.0.2.1", path, headers...)
}

func (g *gateway) getFrom(t *testing.T, client, path string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.RemoteAddr = client + ":1234"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}

	g.mu.Lock()
	g.fromAdapter, g.fromPipe = nil, nil
	g.mu.Unlock()
	before := len(g.Calls())
	w := httptest.NewRecorder()
	g.engine.ServeHTTP(w, r)

	g.mu.Lock()
	defer g.mu.Unlock()
	return answer{w.Code, w.Body.String(), g.fromAdapter, g.fromPipe, len(g.Calls()) - before}
}

// statusOf returns the status that KrakenD's routers find in an error, or 0.
func statusOf(err error) int {
	if coded, ok := err.(interface{ StatusCode() int }); ok {
		return coded.StatusCode()
	}
	return 0
}

// await waits for a condition that other goroutines fulfil. Only tests that fail reach its limit.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

func ok(event map[string]any) (map[string]any, error) { return event, nil }
