package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const xrayHeader = "X-Amzn-Trace-Id"

// TraceContext implements backend.Observer, by the global propagator. A span that is not recorded
// is propagated too, so that the function makes the same decision. Without a span, or without a
// propagator, it sets nothing.
func (t *Telemetry) TraceContext(ctx context.Context, set func(name, value string)) {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return
	}
	c := carrier{set: set}
	otel.GetTextMapPropagator().Inject(ctx, &c)
	if c.any && !c.xray {
		set(xrayHeader, xrayTraceID(span))
	}
}

// xrayTraceID returns the value of X-Amzn-Trace-Id for a span.
// Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func xrayTraceID(span trace.SpanContext) string {
	id, sampled := span.TraceID().String(), "0"
	if span.IsSampled() {
		sampled = "1"
	}
	return "Root=1-" + id[:8] + "-" + id[8:] + ";Parent=" + span.SpanID().String() + ";Sampled=" + sampled
}

// carrier hands on what a propagator injects.
type carrier struct {
	set       func(name, value string)
	any, xray bool // what was set
}

var _ propagation.TextMapCarrier = (*carrier)(nil)

// Get implements propagation.TextMapCarrier. Injection reads nothing.
func (c *carrier) Get(string) string { return "" }

// Set implements propagation.TextMapCarrier.
func (c *carrier) Set(name, value string) {
	c.any = true
	c.xray = c.xray || name == xrayHeader
	c.set(name, value)
}

// Keys implements propagation.TextMapCarrier.
func (c *carrier) Keys() []string { return nil }
