// Package telemetry reports invocations to OpenTelemetry: spans, metrics, and the trace context that
// functions receive. It uses OpenTelemetry's API only. The build chooses whether an SDK receives
// the data, and which one.
//
// Without a recorded span in the request's context it makes no span, and without a MeterProvider no
// measurement. Neither then costs an allocation.
//
// Read telemetry.go first: [New]. Then:
//
//   - span.go: the CLIENT span of an invocation and its events
//   - metrics.go: the instruments
//   - propagation.go: the headers that carry the trace context to the function
package telemetry
