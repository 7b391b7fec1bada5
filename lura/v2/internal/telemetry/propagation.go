package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const xrayHeader = "X-Amzn-Trace-Id"

// TraceContext implements backend.Observer, with the global propagator. It also propagates a span
// that is not recorded, so that the function makes the same decision. Without a span, or without a
// propagator, it returns nil.
func (t *Telemetry) TraceContext(ctx context.Context) map[string]string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return nil
	}
	headers := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, headers)
	if len(headers) == 0 {
		return nil
	}
	if headers[xrayHeader] == "" {
		headers[xrayHeader] = xrayTraceID(span)
	}
	return headers
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
