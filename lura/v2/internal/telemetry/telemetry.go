package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// scope is the name of the instrumentation scope.
const scope = "github.com/devopsfaith/krakend-lambda/lura/v2"

// Telemetry implements backend.Observer by OpenTelemetry's API. It is safe for concurrent use.
type Telemetry struct{ metrics metrics }

var _ backend.Observer = (*Telemetry)(nil)

// New returns a Telemetry whose metrics go to p. With nil they go to the global MeterProvider, also
// one that is set later. New returns an error if p refuses an instrument. The Telemetry then has no metrics.
func New(p metric.MeterProvider) (*Telemetry, error) {
	m, err := newMetrics(p)
	if err != nil {
		m, _ = newMetrics(noop.NewMeterProvider())
	}
	return &Telemetry{m}, err
}

// Start implements backend.Observer. The span's TracerProvider is that of the span in ctx.
func (t *Telemetry) Start(ctx context.Context, i backend.Invocation) (context.Context, backend.Observation) {
	parent := trace.SpanFromContext(ctx)
	traced := parent.IsRecording()
	if !traced && !t.metrics.duration.Enabled(ctx) {
		return ctx, nil
	}
	o := &observation{metrics: &t.metrics}
	if traced {
		ctx, o.span = startSpan(ctx, parent, &i)
	}
	return ctx, o
}

// observation implements backend.Observation.
type observation struct {
	metrics *metrics
	span    trace.Span // nil for none
}

// AttemptFailed implements backend.Observation.
func (o *observation) AttemptFailed(e *invoke.Error, code string) {
	if o.span != nil {
		addFailedAttempt(o.span, e, code)
	}
}

// End implements backend.Observation.
func (o *observation) End(i *backend.Invocation) {
	// The request's own context may have ended before a stream does.
	ctx := context.Background()
	if o.span != nil {
		ctx = trace.ContextWithSpan(ctx, o.span) // for exemplars
	}
	o.metrics.record(ctx, i)
	if o.span != nil {
		endSpan(o.span, i)
	}
}
