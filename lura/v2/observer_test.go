package lambda_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// An observer gets each invocation.
func TestWithObserver(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"orders": func() error { return errors.New("oh") }})
	defer s.Close()
	var seen []lambda.Invocation
	type key struct{}
	call := observed(t, s, lambda.WithObserver(func(ctx context.Context, i lambda.Invocation) {
		if ctx.Value(key{}) != "request" {
			t.Error("the context is not the request's")
		}
		seen = append(seen, i)
	}))
	if _, err := call(context.WithValue(t.Context(), key{}, "request"), post()); err == nil {
		t.Error("got no error")
	}
	if len(seen) != 1 {
		t.Fatalf("got %d invocations", len(seen))
	}
	got := seen[0]
	if got.RequestID == "" || got.Duration <= 0 {
		t.Errorf("got the request id %q and %v", got.RequestID, got.Duration)
	}
	got.RequestID, got.Duration = "", 0
	want := lambda.Invocation{
		Function: "orders", Qualifier: "live", Region: "us-west-2", FunctionListed: true, Attempts: 1, Status: 502, APIStatus: 200, FunctionError: "errorString", PayloadSize: 2,
	}
	if got != want {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// observed returns the proxy of the function orders.
func observed(t *testing.T, s *lambdatest.Server, opts ...lambda.Option) proxy.Proxy {
	t.Helper()
	opts = append(opts, lambda.WithConfig(aws.Config{
		BaseEndpoint: aws.String(s.URL), Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	return lambda.BackendFactory(logging.NoOp, nil, opts...)(&config.Backend{
		Method:      http.MethodPost,
		Timeout:     time.Minute,
		ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{"function_name": "orders", "qualifier": "live"}},
	})
}

func post() *proxy.Request {
	return &proxy.Request{Method: http.MethodPost, Body: io.NopCloser(strings.NewReader("{}"))}
}

// The span of an invocation is a child of the span in the request's context, and of its provider.
func TestSpan(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"orders": func() error { return nil }})
	defer s.Close()
	p := &spans{}
	call := observed(t, s)
	if _, err := call(trace.ContextWithSpan(t.Context(), stage{spans: p}), post()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.names, ", "); got != "Lambda.Invoke" {
		t.Errorf("got the spans %s", got)
	}
	if _, err := call(t.Context(), post()); err != nil || len(p.names) != 1 {
		t.Errorf("without a span: got %v, %q", err, p.names)
	}
}

// spans is a TracerProvider that records the names of spans.
type spans struct {
	tracenoop.TracerProvider
	names []string
}

func (p *spans) Tracer(string, ...trace.TracerOption) trace.Tracer { return tracer{spans: p} }

type tracer struct {
	tracenoop.Tracer
	spans *spans
}

func (t tracer) Start(ctx context.Context, name string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	t.spans.names = append(t.spans.names, name)
	return ctx, tracenoop.Span{}
}

// stage is KrakenD's span.
type stage struct {
	tracenoop.Span
	spans *spans
}

func (stage) IsRecording() bool                      { return true }
func (s stage) TracerProvider() trace.TracerProvider { return s.spans }

// Metrics go to the MeterProvider of the option.
func TestWithMeterProvider(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"orders": func() error { return nil }})
	defer s.Close()
	m := &meters{}
	if _, err := observed(t, s, lambda.WithMeterProvider(m))(t.Context(), post()); err != nil {
		t.Fatal(err)
	}
	if m.recorded != 1 {
		t.Errorf("got %d durations", m.recorded)
	}
}

// A check of the configuration makes no instruments. A gateway makes them once for all backends.
func TestChecksMakeNoInstruments(t *testing.T) {
	m := &meters{}
	b := func() *config.Backend {
		return &config.Backend{ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{"function_name": "orders", "region": "us-west-2"}}}
	}
	for range 10 {
		if r := lambda.Check(b(), lambda.WithMeterProvider(m)); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	lambda.BackendFactory(logging.NoOp, nil, lambda.WithMeterProvider(m), lambda.CheckOnly())(b())
	if m.made != 0 {
		t.Errorf("checks made %d meters", m.made)
	}
	s := lambdatest.NewServer(nil)
	defer s.Close()
	factory := lambda.BackendFactory(logging.NoOp, nil, lambda.WithMeterProvider(m), lambda.WithConfig(aws.Config{
		BaseEndpoint: aws.String(s.URL), Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	factory(b())
	factory(b())
	if m.made != 1 {
		t.Errorf("a gateway made %d meters, want 1", m.made)
	}
}

// meters counts measurements of durations.
type meters struct {
	noop.MeterProvider
	made, recorded int
}

func (m *meters) Meter(string, ...metric.MeterOption) metric.Meter {
	m.made++
	return meter{meters: m}
}

type meter struct {
	noop.Meter
	meters *meters
}

func (m meter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return duration{meters: m.meters}, nil
}

type duration struct {
	noop.Float64Histogram
	meters *meters
}

func (duration) Enabled(context.Context) bool { return true }
func (d duration) Record(context.Context, float64, ...metric.RecordOption) {
	d.meters.recorded++
}
