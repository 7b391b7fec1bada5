package telemetry

import (
	"cmp"
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Attributes that the semantic conventions have no name for.
const (
	attemptsKey       = attribute.Key("krakend.lambda.attempts")
	attemptKey        = attribute.Key("krakend.lambda.attempt")
	payloadSizeKey    = attribute.Key("krakend.lambda.payload.size")
	replySizeKey      = attribute.Key("krakend.lambda.reply.size")
	durationKey       = attribute.Key("krakend.lambda.function.duration")
	billedDurationKey = attribute.Key("krakend.lambda.function.billed_duration")
	initDurationKey   = attribute.Key("krakend.lambda.function.init_duration")
	maxMemoryUsedKey  = attribute.Key("krakend.lambda.function.max_memory_used")
)

// functionName returns the name of a function without the rest of its ARN: faas.invoked_name is the
// faas.name that the function itself has.
func functionName(function string) string {
	return function[strings.LastIndexByte(function, ':')+1:]
}

// startSpan starts the span of an invocation. Its name is the operation's, as the semantic
// conventions for AWS SDKs have it: names of functions may come from requests, and span names
// must be few.
func startSpan(ctx context.Context, parent trace.Span, i *backend.Invocation) (context.Context, trace.Span) {
	name := "Lambda.Invoke"
	if i.Stream {
		name = "Lambda.InvokeWithResponseStream"
	}
	attributes := make([]attribute.KeyValue, 0, 4)
	attributes = append(attributes, semconv.FaaSInvokedProviderAWS, semconv.FaaSInvokedName(functionName(i.Function)))
	if i.Region != "" {
		attributes = append(attributes, semconv.FaaSInvokedRegion(i.Region))
	}
	if i.Qualifier != "" {
		attributes = append(attributes, semconv.FaaSVersion(i.Qualifier))
	}
	return parent.TracerProvider().Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)).
		Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
}

// addFailedAttempt adds an event for an attempt that failed, with its code. It leaves out the error's
// message, which can quote AWS.
func addFailedAttempt(span trace.Span, e *invoke.Error, code string) {
	attributes := []attribute.KeyValue{attemptKey.Int(e.Attempts), semconv.ErrorTypeKey.String(code)}
	if e.Status != 0 {
		attributes = append(attributes, semconv.HTTPResponseStatusCode(e.Status))
	}
	if e.RequestID != "" {
		attributes = append(attributes, requestID(e.RequestID))
	}
	span.AddEvent("attempt failed", trace.WithAttributes(attributes...))
}

// requestID returns the attribute of a request id. It comes from a header, whose bytes can be any:
// exporters refuse a whole batch of spans for one that is not UTF-8.
func requestID(id string) attribute.KeyValue {
	return semconv.AWSRequestID(strings.ToValidUTF8(id, "\ufffd"))
}

// endSpan sets what is known at the end of an invocation, and ends its span.
func endSpan(span trace.Span, i *backend.Invocation) {
	attributes := make([]attribute.KeyValue, 0, 12)
	attributes = append(attributes, attemptsKey.Int(i.Attempts), payloadSizeKey.Int64(i.PayloadSize), replySizeKey.Int64(i.ReplySize))
	if i.APIStatus != 0 {
		attributes = append(attributes, semconv.HTTPResponseStatusCode(i.APIStatus))
	}
	if i.RequestID != "" {
		attributes = append(attributes, requestID(i.RequestID))
	}
	if i.ExecutedVersion != "" {
		attributes = append(attributes, semconv.FaaSVersion(strings.ToValidUTF8(i.ExecutedVersion, "\ufffd")))
	}
	if i.FunctionDuration != 0 {
		attributes = append(attributes,
			semconv.FaaSColdstart(i.InitDuration != 0),
			durationKey.Float64(milliseconds(i.FunctionDuration)),
			billedDurationKey.Float64(milliseconds(i.BilledDuration)))
		if i.MemorySize != 0 {
			attributes = append(attributes, semconv.FaaSMaxMemory(int(i.MemorySize)), maxMemoryUsedKey.Int64(i.MaxMemoryUsed))
		}
		if i.InitDuration != 0 {
			attributes = append(attributes, initDurationKey.Float64(milliseconds(i.InitDuration)))
		}
	}
	if failure := errorType(i); failure != "" {
		attributes = append(attributes, semconv.ErrorTypeKey.String(failure))
		span.SetStatus(codes.Error, failure)
	}
	span.SetAttributes(attributes...)
	span.End()
}

// errorType returns the error of an invocation, empty for one that succeeded.
func errorType(i *backend.Invocation) string { return cmp.Or(i.FunctionError, i.Code) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
