package lambda

import (
	"context"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"go.opentelemetry.io/otel/metric"
)

// An Invocation describes one invocation for an observer: the call of a function with all its
// attempts. If a request makes concurrent calls, they form one Invocation, and the reply that
// the client gets counts.
type Invocation struct {
	// Function is the name, partial ARN or ARN, without the qualifier.
	Function string
	// Qualifier is empty for the unqualified function.
	Qualifier string
	// Region is empty if an Invoker decides on it.
	Region string
	// FunctionListed tells that the configuration lists all functions that the backend can
	// invoke. If it is false, clients can name any number of functions: then do not use Function
	// as a metric label.
	FunctionListed bool
	// Stream tells that the function was called with InvokeWithResponseStream.
	Stream bool
	// Attempts counts the calls of the Invoke API, including the first one. It is 0 if the
	// request failed before. With concurrent calls it counts all attempts that began before the
	// end of the Invocation.
	Attempts int
	// Throttles counts the attempts that AWS throttled.
	Throttles int
	// Status is the HTTP status of the response to the client. It is 0 if the client went away
	// first.
	Status int
	// APIStatus is the HTTP status of the last API response. It is 0 if there was no response or
	// an Invoker does not report it. It is 200 for a function's error.
	APIStatus int
	// Code is the error code of AWS, such as TooManyRequestsException, or of this module, such
	// as DeadlineExceeded. It is empty for a success and for a function's error.
	Code string
	// FunctionError is the errorType of a function's error, or "Unhandled" if the function
	// reports none. It is empty otherwise.
	FunctionError string
	// RequestID is the request id of the last API response. It is empty if there was no
	// response.
	RequestID string
	// ExecutedVersion is the version of the function that AWS executed. It is empty for an
	// error.
	ExecutedVersion string
	// Duration is the time from the request to the end of the reply, streams included.
	Duration time.Duration
	// PayloadSize and ReplySize are in bytes.
	PayloadSize, ReplySize int64
	// FunctionDuration, BilledDuration and InitDuration are Lambda's measurements of the
	// execution, from the REPORT line of the function's log. They are 0 without log_tail, and if
	// the log lacks the line. InitDuration is the time of a cold start, including the restore
	// from a snapshot; it is 0 if the execution environment was already running.
	FunctionDuration, BilledDuration, InitDuration time.Duration
	// MemorySize and MaxMemoryUsed are in bytes, from the same line.
	MemorySize, MaxMemoryUsed int64
}

// WithObserver calls observe at the end of each invocation, for metrics or for the build's own
// log. A request that is refused before its function is known is not an invocation. ctx is the
// request's context and may be done. observe must be safe for concurrent use and must return
// soon: the reply, or the end of a stream, waits for it. A nil observe has no effect.
func WithObserver(observe func(ctx context.Context, i Invocation)) Option {
	return func(o *options) { o.observe = observe }
}

// WithMeterProvider sends the metrics of all invocations to p. Without it, or with nil, they go
// to OpenTelemetry's global MeterProvider, even if it is set later. KrakenD-CE never sets the
// global one: pass otelstate.GlobalState().MeterProvider(), which is nil if krakend.json does not
// configure OpenTelemetry. docs/monitoring.md has the names of the metrics.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(o *options) { o.meterProvider = p }
}

// onInvocation returns the function that the backends call at the end of an invocation.
func (o options) onInvocation() func(context.Context, backend.Invocation) {
	if o.observe == nil {
		return nil
	}
	return func(ctx context.Context, i backend.Invocation) { o.observe(ctx, Invocation(i)) }
}
