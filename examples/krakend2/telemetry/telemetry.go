package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// telemetry has the providers of the gateway. Like krakend-otel, it does not use OpenTelemetry's
// global ones: spans find theirs through their parent, and metrics through WithMeterProvider.
type telemetry struct {
	spans   *sdk.TracerProvider
	tracer  trace.Tracer
	meters  *metric.MeterProvider
	metrics http.Handler
}

// newTelemetry returns a telemetry that exports spans to e. The environment decides which requests
// are sampled (OTEL_TRACES_SAMPLER), and the service's name (OTEL_SERVICE_NAME).
func newTelemetry(e sdk.SpanExporter, opts ...sdk.TracerProviderOption) (*telemetry, error) {
	registry := prom.NewRegistry()
	reader, err := prometheus.New(prometheus.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	t := &telemetry{
		spans:   sdk.NewTracerProvider(append(opts, sdk.WithBatcher(e))...),
		meters:  metric.NewMeterProvider(metric.WithReader(reader)),
		metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
	t.tracer = t.spans.Tracer("gateway")
	// The propagator is global. Without one, functions do not get the trace.
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return t, nil
}

// shutdown exports the remaining data.
func (t *telemetry) shutdown(ctx context.Context) error {
	return errors.Join(t.spans.Shutdown(ctx), t.meters.Shutdown(ctx))
}

// serveMetrics serves /metrics until ctx ends, and then returns nil.
func (t *telemetry) serveMetrics(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("/metrics", t.metrics)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 3 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// requests starts a span for each request. It continues the trace of a client that sends a
// traceparent. If you do not trust your clients, leave out the Extract.
func (t *telemetry) requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path)))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// backends starts a span for each call of a backend, HTTP backends included.
func (t *telemetry) backends(next proxy.BackendFactory) proxy.BackendFactory {
	return func(remote *config.Backend) proxy.Proxy {
		call := next(remote)
		return func(ctx context.Context, r *proxy.Request) (*proxy.Response, error) {
			ctx, span := t.tracer.Start(ctx, "backend", trace.WithAttributes(attribute.String("http.route", remote.URLPattern)))
			defer span.End()
			response, err := call(ctx, r)
			if err != nil {
				span.SetStatus(codes.Error, err.Error())
			}
			return response, err
		}
	}
}
