package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
)

// metrics are the instruments. docs/monitoring.md has the same list.
type metrics struct {
	duration       metric.Float64Histogram
	attempts       metric.Int64Counter
	throttles      metric.Int64Counter
	functionErrors metric.Int64Counter
	coldStarts     metric.Int64Counter
	payloadSize    metric.Int64Histogram
	replySize      metric.Int64Histogram
	lookups        metric.Int64Counter
}

// The buckets of the histograms. A duration is 1 ms to 15 minutes, Lambda's longest execution. A
// size is 128 B to 200 MB, the longest stream.
var (
	durationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900}
	sizeBuckets     = []float64{128, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 6 << 20, 32 << 20, 200 << 20}
)

func newMetrics(p metric.MeterProvider) (m metrics, err error) {
	if p == nil {
		p = otel.GetMeterProvider()
	}
	meter := p.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	var errs [8]error
	m.duration, errs[0] = meter.Float64Histogram("krakend.lambda.invocation.duration", metric.WithUnit("s"),
		metric.WithDescription("Time of an invocation with all attempts, to the end of the reply."), metric.WithExplicitBucketBoundaries(durationBuckets...))
	m.attempts, errs[1] = meter.Int64Counter("krakend.lambda.attempts", metric.WithUnit("{attempt}"),
		metric.WithDescription("Calls of the Invoke API, retries included."))
	m.throttles, errs[2] = meter.Int64Counter("krakend.lambda.throttles", metric.WithUnit("{attempt}"),
		metric.WithDescription("Calls of the Invoke API that AWS throttled."))
	m.functionErrors, errs[3] = meter.Int64Counter("krakend.lambda.function_errors", metric.WithUnit("{invocation}"),
		metric.WithDescription("Invocations that ended with an error of the function."))
	m.coldStarts, errs[4] = meter.Int64Counter("krakend.lambda.cold_starts", metric.WithUnit("{invocation}"),
		metric.WithDescription("Executions that waited for a new execution environment. Known with log_tail only."))
	m.payloadSize, errs[5] = meter.Int64Histogram("krakend.lambda.payload.size", metric.WithUnit("By"),
		metric.WithDescription("Size of payloads."), metric.WithExplicitBucketBoundaries(sizeBuckets...))
	m.replySize, errs[6] = meter.Int64Histogram("krakend.lambda.reply.size", metric.WithUnit("By"),
		metric.WithDescription("Size of replies."), metric.WithExplicitBucketBoundaries(sizeBuckets...))
	m.lookups, errs[7] = meter.Int64Counter("krakend.lambda.credentials.lookups", metric.WithUnit("{lookup}"),
		metric.WithDescription("Lookups of AWS credentials. Those that failed have an error.type."))
	return m, errors.Join(errs[:]...)
}

// otherFunctions replaces the names of functions that clients choose, to limit the attribute values.
const otherFunctions = "_OTHER"

// record records an invocation. It adds 0 for events that did not happen: Prometheus sees no increase
// in a counter whose first value is 1.
func (m *metrics) record(ctx context.Context, i *backend.Invocation) {
	name := functionName(i.Function)
	if !i.FunctionListed {
		name = otherFunctions
	}
	attributes := make([]attribute.KeyValue, 0, 4)
	attributes = append(attributes, semconv.FaaSInvokedName(name))
	if i.Region != "" {
		attributes = append(attributes, semconv.FaaSInvokedRegion(i.Region))
	}
	function := metric.WithAttributeSet(attribute.NewSet(attributes...))
	all := function
	if failure := metricError(i); failure != "" {
		all = metric.WithAttributeSet(attribute.NewSet(append(attributes, semconv.ErrorTypeKey.String(failure))...))
	}
	m.duration.Record(ctx, i.Duration.Seconds(), all)
	m.attempts.Add(ctx, int64(i.Attempts), function)
	m.throttles.Add(ctx, int64(i.Throttles), function)
	m.functionErrors.Add(ctx, count(i.FunctionError != ""), function)
	if i.FunctionDuration != 0 { // there was a REPORT line
		m.coldStarts.Add(ctx, count(i.InitDuration != 0), function)
	}
	m.payloadSize.Record(ctx, i.PayloadSize, function)
	m.replySize.Record(ctx, i.ReplySize, function)
}

// metricError returns error.type for metrics, with few possible values: a function may make up any
// number of errorTypes.
func metricError(i *backend.Invocation) string {
	if i.FunctionError != "" {
		return "function_error"
	}
	return i.Code
}

// count returns what an event adds to a counter.
func count(happened bool) int64 {
	if happened {
		return 1
	}
	return 0
}

// CredentialsLookup counts a lookup of credentials. It failed if err is not nil.
func (t *Telemetry) CredentialsLookup(err error) {
	ctx := context.Background()
	if !t.metrics.lookups.Enabled(ctx) {
		return
	}
	t.metrics.lookups.Add(ctx, count(err == nil))
	t.metrics.lookups.Add(ctx, count(err != nil), metric.WithAttributes(semconv.ErrorTypeOther))
}
