package telemetry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestSpans(t *testing.T) {
	const started = "start unspecified stage: \nstart client Lambda.Invoke: faas.invoked_name=orders faas.invoked_provider=aws"
	for name, tc := range map[string]struct {
		invocation backend.Invocation
		failed     []*invoke.Error
		want       string
	}{
		"success": {
			backend.Invocation{
				Function: "orders", Qualifier: "live", Region: "eu-west-1", Attempts: 1, Status: 200, APIStatus: 200, RequestID: "r-1", ExecutedVersion: "7", PayloadSize: 12, ReplySize: 34,
			}, nil,
			started + " faas.invoked_region=eu-west-1 faas.version=live\n" +
				"Lambda.Invoke attributes: aws.request_id=r-1 faas.version=7 http.response.status_code=200 krakend.lambda.attempts=1 krakend.lambda.payload.size=12 krakend.lambda.reply.size=34\n" +
				"Lambda.Invoke end",
		},
		"a successful retry": {
			backend.Invocation{Function: "123456789012:function:orders", Attempts: 2, Status: 200, APIStatus: 200},
			[]*invoke.Error{{Kind: invoke.KindAPI, Code: "TooManyRequestsException", Status: 429, RequestID: "r-1", Message: "secret", Attempts: 1}},
			started + "\n" +
				"Lambda.Invoke event attempt failed: aws.request_id=r-1 error.type=TooManyRequestsException http.response.status_code=429 krakend.lambda.attempt=1\n" +
				"Lambda.Invoke attributes: http.response.status_code=200 krakend.lambda.attempts=2 krakend.lambda.payload.size=0 krakend.lambda.reply.size=0\n" +
				"Lambda.Invoke end",
		},
		"function error, cold": {
			backend.Invocation{Function: "orders", Attempts: 1, Status: 422, APIStatus: 200, FunctionError: "ValidationError",
				FunctionDuration: 3500 * time.Microsecond, BilledDuration: 4 * time.Millisecond, InitDuration: 120 * time.Millisecond, MemorySize: 128 << 20, MaxMemoryUsed: 36 << 20,
			}, nil,
			started + "\n" +
				"Lambda.Invoke status Error ValidationError\n" +
				"Lambda.Invoke attributes: error.type=ValidationError faas.coldstart=true faas.max_memory=134217728 http.response.status_code=200 krakend.lambda.attempts=1" +
				" krakend.lambda.function.billed_duration=4 krakend.lambda.function.duration=3.5 krakend.lambda.function.init_duration=120 krakend.lambda.function.max_memory_used=37748736" +
				" krakend.lambda.payload.size=0 krakend.lambda.reply.size=0\n" +
				"Lambda.Invoke end",
		},
		"headers that are not UTF-8": {
			backend.Invocation{Function: "orders", Attempts: 2, APIStatus: 200, RequestID: "r\xff", ExecutedVersion: "\xff"},
			[]*invoke.Error{{Kind: invoke.KindAPI, Code: "ServiceException", Status: 500, RequestID: "\xff", Attempts: 1}},
			started + "\n" +
				"Lambda.Invoke event attempt failed: aws.request_id=\ufffd error.type=ServiceException http.response.status_code=500 krakend.lambda.attempt=1\n" +
				"Lambda.Invoke attributes: aws.request_id=r\ufffd faas.version=\ufffd http.response.status_code=200 krakend.lambda.attempts=2 krakend.lambda.payload.size=0 krakend.lambda.reply.size=0\n" +
				"Lambda.Invoke end",
		},
		"no response": {
			backend.Invocation{Function: "orders", Status: 502, Code: "NoCredentials"}, nil,
			started + "\n" +
				"Lambda.Invoke status Error NoCredentials\n" +
				"Lambda.Invoke attributes: error.type=NoCredentials krakend.lambda.attempts=0 krakend.lambda.payload.size=0 krakend.lambda.reply.size=0\n" +
				"Lambda.Invoke end",
		},
		"warm": {
			backend.Invocation{Function: "arn:aws:lambda:eu-west-1:123456789012:function:orders", Attempts: 1, APIStatus: 200, FunctionDuration: time.Millisecond}, nil,
			started + "\n" +
				"Lambda.Invoke attributes: faas.coldstart=false http.response.status_code=200 krakend.lambda.attempts=1" +
				" krakend.lambda.function.billed_duration=0 krakend.lambda.function.duration=1" +
				" krakend.lambda.payload.size=0 krakend.lambda.reply.size=0\n" +
				"Lambda.Invoke end",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := new(recorder)
			tel, err := New(metricnoop.NewMeterProvider())
			if err != nil {
				t.Fatal(err)
			}
			ctx, o := tel.Start(r.span(t.Context()), tc.invocation)
			if trace.SpanFromContext(ctx).SpanContext().SpanID() != (trace.SpanID{7: 2}) {
				t.Error("the context does not carry the new span")
			}
			for _, e := range tc.failed {
				o.AttemptFailed(e, e.Code)
			}
			o.End(&tc.invocation)
			if got := r.text(); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestSpanOfAStream(t *testing.T) {
	r := new(recorder)
	tel, _ := New(metricnoop.NewMeterProvider())
	tel.Start(r.span(t.Context()), backend.Invocation{Function: "f", Stream: true})
	if got, want := r.text(), "start unspecified stage: \nstart client Lambda.InvokeWithResponseStream: faas.invoked_name=f faas.invoked_provider=aws"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMetrics(t *testing.T) {
	for name, tc := range map[string]struct {
		invocation backend.Invocation
		want       string
	}{
		"success": {
			backend.Invocation{Function: "orders", FunctionListed: true, Region: "eu-west-1", Attempts: 1, Duration: 1500 * time.Millisecond, PayloadSize: 12, ReplySize: 34},
			`krakend.lambda.invocation.duration 1.5: faas.invoked_name=orders faas.invoked_region=eu-west-1
krakend.lambda.attempts +1: faas.invoked_name=orders faas.invoked_region=eu-west-1
krakend.lambda.throttles +0: faas.invoked_name=orders faas.invoked_region=eu-west-1
krakend.lambda.function_errors +0: faas.invoked_name=orders faas.invoked_region=eu-west-1
krakend.lambda.payload.size 12: faas.invoked_name=orders faas.invoked_region=eu-west-1
krakend.lambda.reply.size 34: faas.invoked_name=orders faas.invoked_region=eu-west-1`,
		},
		"throttled": {
			backend.Invocation{Function: "arn:aws:lambda:eu-west-1:123456789012:function:orders", FunctionListed: true, Attempts: 3, Throttles: 3, Code: "TooManyRequestsException"},
			`krakend.lambda.invocation.duration 0: error.type=TooManyRequestsException faas.invoked_name=orders
krakend.lambda.attempts +3: faas.invoked_name=orders
krakend.lambda.throttles +3: faas.invoked_name=orders
krakend.lambda.function_errors +0: faas.invoked_name=orders
krakend.lambda.payload.size 0: faas.invoked_name=orders
krakend.lambda.reply.size 0: faas.invoked_name=orders`,
		},
		"warm": {
			backend.Invocation{Function: "orders", FunctionListed: true, Attempts: 1, FunctionDuration: 1},
			`krakend.lambda.invocation.duration 0: faas.invoked_name=orders
krakend.lambda.attempts +1: faas.invoked_name=orders
krakend.lambda.throttles +0: faas.invoked_name=orders
krakend.lambda.function_errors +0: faas.invoked_name=orders
krakend.lambda.cold_starts +0: faas.invoked_name=orders
krakend.lambda.payload.size 0: faas.invoked_name=orders
krakend.lambda.reply.size 0: faas.invoked_name=orders`,
		},
		"function error of a function that the client named": {
			backend.Invocation{Function: "x1", Attempts: 1, FunctionError: "made up 1", FunctionDuration: 1, InitDuration: 1},
			`krakend.lambda.invocation.duration 0: error.type=function_error faas.invoked_name=_OTHER
krakend.lambda.attempts +1: faas.invoked_name=_OTHER
krakend.lambda.throttles +0: faas.invoked_name=_OTHER
krakend.lambda.function_errors +1: faas.invoked_name=_OTHER
krakend.lambda.cold_starts +1: faas.invoked_name=_OTHER
krakend.lambda.payload.size 0: faas.invoked_name=_OTHER
krakend.lambda.reply.size 0: faas.invoked_name=_OTHER`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := new(recorder)
			tel, err := New(meters{recorder: r})
			if err != nil {
				t.Fatal(err)
			}
			_, o := tel.Start(t.Context(), tc.invocation)
			o.AttemptFailed(&invoke.Error{}, "RequestError")
			o.End(&tc.invocation)
			if got := r.text(); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// Neither names of functions from clients nor errorTypes of functions create series.
func TestSeriesAreFew(t *testing.T) {
	r := new(recorder)
	tel, err := New(meters{recorder: r})
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]bool{}
	for n := range 500 {
		i := backend.Invocation{Function: fmt.Sprint("f", n), Qualifier: fmt.Sprint("q", n), Region: "eu-west-1", FunctionError: fmt.Sprint("E", n), RequestID: fmt.Sprint(n)}
		_, o := tel.Start(t.Context(), i)
		o.End(&i)
		for line := range strings.Lines(r.text()) {
			name, attributes, _ := strings.Cut(strings.TrimSpace(line), ": ")
			name, _, _ = strings.Cut(name, " ")
			series[name+" "+attributes] = true
		}
	}
	if len(series) != 6 {
		t.Errorf("got %d series, want one for each metric: %v", len(series), series)
	}
}

func TestCredentialsLookups(t *testing.T) {
	r := new(recorder)
	tel, _ := New(meters{recorder: r})
	tel.CredentialsLookup(nil)
	tel.CredentialsLookup(errors.New("secret"))
	if got, want := r.text(), `krakend.lambda.credentials.lookups +1: 
krakend.lambda.credentials.lookups +0: error.type=_OTHER
krakend.lambda.credentials.lookups +0: 
krakend.lambda.credentials.lookups +1: error.type=_OTHER`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRefusedInstrument(t *testing.T) {
	tel, err := New(meters{recorder: new(recorder), fails: "krakend.lambda.throttles"})
	if err == nil || err.Error() != "krakend.lambda.throttles is refused" {
		t.Errorf("got %v", err)
	}
	if _, o := tel.Start(t.Context(), backend.Invocation{}); o != nil {
		t.Error("got metrics, want none")
	}
}

// Without a span and a MeterProvider, nothing is allocated.
func TestWithoutTelemetry(t *testing.T) {
	tel, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	i := backend.Invocation{Function: "f"}
	notRecorded := trace.ContextWithSpanContext(t.Context(), spanContext(1, false))
	for name, ctx := range map[string]context.Context{"no span": t.Context(), "a span that is not recorded": notRecorded} {
		if allocs := testing.AllocsPerRun(100, func() {
			got, o := tel.Start(ctx, i)
			if got != ctx || o != nil {
				t.Errorf("%s: got %v", name, o)
			}
			if headers := tel.TraceContext(t.Context()); headers != nil {
				t.Errorf("%s: got %v", name, headers)
			}
			tel.CredentialsLookup(nil)
		}); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

func TestTraceContext(t *testing.T) {
	before := otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
	tel, _ := New(metricnoop.NewMeterProvider())
	const parent, root = "00-0102030405060708090a0b0c0d0e0f10-0000000000000005-", "Root=1-01020304-05060708090a0b0c0d0e0f10;Parent=0000000000000005;Sampled="
	for name, tc := range map[string]struct {
		propagator propagation.TextMapPropagator
		ctx        context.Context
		want       map[string]string
	}{
		"no span":        {propagation.TraceContext{}, t.Context(), map[string]string{}},
		"no propagator":  {propagation.NewCompositeTextMapPropagator(), trace.ContextWithSpanContext(t.Context(), spanContext(5, true)), map[string]string{}},
		"recorded":       {propagation.TraceContext{}, trace.ContextWithSpanContext(t.Context(), spanContext(5, true)), map[string]string{"traceparent": parent + "01", "X-Amzn-Trace-Id": root + "1"}},
		"not recorded":   {propagation.TraceContext{}, trace.ContextWithSpanContext(t.Context(), spanContext(5, false)), map[string]string{"traceparent": parent + "00", "X-Amzn-Trace-Id": root + "0"}},
		"X-Ray's itself": {xray{}, trace.ContextWithSpanContext(t.Context(), spanContext(5, true)), map[string]string{"X-Amzn-Trace-Id": "its own"}},
	} {
		t.Run(name, func(t *testing.T) {
			otel.SetTextMapPropagator(tc.propagator)
			if got := tel.TraceContext(tc.ctx); !maps.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// xray is a propagator that sets X-Amzn-Trace-Id.
type xray struct{ propagation.TraceContext }

func (xray) Inject(_ context.Context, c propagation.TextMapCarrier) {
	c.Set("X-Amzn-Trace-Id", "its own")
}
