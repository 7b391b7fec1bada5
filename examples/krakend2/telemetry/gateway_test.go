package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// functions are the functions of the tests. Their names say what they do.
var functions = map[string]any{
	"good":   func(in json.RawMessage) (json.RawMessage, error) { return in, nil },
	"listed": func() (map[string]any, error) { return map[string]any{}, nil },
	"bad":    func() error { return errors.New("out of tea") },
	"cold":   lambdatest.Function{Handler: func() (map[string]any, error) { return map[string]any{}, nil }, InitDuration: 120 * time.Millisecond},
}

// A gateway is a gateway with telemetry in this process.
type gateway struct {
	t         *testing.T
	api       *lambdatest.Server
	telemetry *telemetry
	exporter  *tracetest.InMemoryExporter
	handler   http.Handler
	log       bytes.Buffer // of the gateway, the access log included
}

// start starts a gateway with one endpoint for each of the settings. The name is the endpoint's path.
func start(t *testing.T, settings map[string]map[string]any, opts ...sdk.TracerProviderOption) *gateway {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)

	g := &gateway{t: t, api: lambdatest.NewServer(functions), exporter: tracetest.NewInMemoryExporter()}
	t.Cleanup(g.api.Close)
	var endpoints []map[string]any
	for name, s := range settings {
		encoding := "json"
		if s["stream"] != nil {
			encoding = "no-op"
		}
		s["region"], s["endpoint"] = "eu-west-1", g.api.URL
		endpoints = append(endpoints, map[string]any{
			"endpoint": "/" + name, "method": "POST", "output_encoding": encoding, "input_headers": []string{"*"},
			"backend": []any{map[string]any{"url_pattern": "/" + name, "encoding": encoding, "extra_config": map[string]any{"backend/lambda": s}}},
		})
	}
	text, err := json.Marshal(map[string]any{"version": 3, "timeout": "45s", "endpoints": endpoints})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "krakend.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		t.Fatal(err)
	}

	before := otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
	g.telemetry, err = newTelemetry(g.exporter, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.telemetry.shutdown(context.Background()) })
	logger, err := logging.NewLogger("ERROR", &g.log, "")
	if err != nil {
		t.Fatal(err)
	}
	err = serveGateway(t.Context(), cfg, logger, &g.log, g.telemetry, func(_ context.Context, _ config.ServiceConfig, h http.Handler) error {
		g.handler = h
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// call sends a request over a new connection, and returns its status.
func (g *gateway) call(path string, header http.Header) int {
	g.t.Helper()
	server := httptest.NewServer(g.handler)
	defer server.Close()
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, server.URL+path, strings.NewReader(`{"tea":"assam"}`))
	if err != nil {
		g.t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	response, err := server.Client().Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode
}

// spans returns the spans of the calls so far, the children before their parents.
func (g *gateway) spans() tracetest.SpanStubs {
	g.t.Helper()
	if err := g.telemetry.spans.ForceFlush(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
	return g.exporter.GetSpans()
}

// invocation returns the span of the only invocation so far.
func (g *gateway) invocation() tracetest.SpanStub {
	g.t.Helper()
	spans := g.spans()
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return strings.HasPrefix(s.Name, "Lambda.") })
	if i < 0 {
		g.t.Fatalf("got the spans %+v, want one of an invocation", spans)
	}
	return spans[i]
}

// scrape returns the text of /metrics.
func (g *gateway) scrape() string {
	w := httptest.NewRecorder()
	g.telemetry.metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// text returns attributes sorted by name, without those that differ in each run.
func text(all []attribute.KeyValue) string {
	var s []string
	for _, kv := range all {
		if kv.Key != "aws.request_id" {
			s = append(s, string(kv.Key)+"="+kv.Value.Emit())
		}
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}
