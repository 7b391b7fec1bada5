package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The spans of request, backend and invocation are a tree below the client's span.
func TestSpanTree(t *testing.T) {
	g := start(t, map[string]map[string]any{"good": {"function_name": "good:live"}})
	g.call("/good", http.Header{"Traceparent": {"00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"}})
	spans := g.spans()
	parent := "0102030405060708"
	for i, want := range []struct {
		name string
		kind trace.SpanKind
	}{{"request", trace.SpanKindServer}, {"backend", trace.SpanKindInternal}, {"Lambda.Invoke", trace.SpanKindClient}} {
		if len(spans) != 3 {
			t.Fatalf("got %d spans, want 3", len(spans))
		}
		s := spans[2-i]
		if s.Name != want.name || s.SpanKind != want.kind || s.Parent.SpanID().String() != parent {
			t.Errorf("got %s %q below %s, want %s %q below %s", s.SpanKind, s.Name, s.Parent.SpanID(), want.kind, want.name, parent)
		}
		if got, want := s.SpanContext.TraceID().String(), "0102030405060708090a0b0c0d0e0f10"; got != want {
			t.Errorf("%s: got the trace %s, want %s", s.Name, got, want)
		}
		parent = s.SpanContext.SpanID().String()
	}
	s := g.invocation()
	if got, want := text(s.Attributes), "faas.invoked_name=good faas.invoked_provider=aws faas.invoked_region=eu-west-1 faas.version=$LATEST"+
		" http.response.status_code=200 krakend.lambda.attempts=1 krakend.lambda.payload.size=15 krakend.lambda.reply.size=15"; got != want {
		t.Errorf("got the attributes\n%s\nwant\n%s", got, want)
	}
	if got, want := s.InstrumentationScope, (instrumentation.Scope{Name: "github.com/devopsfaith/krakend-lambda/lura/v2", SchemaURL: "https://opentelemetry.io/schemas/1.40.0"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if s.Status.Code != codes.Unset {
		t.Errorf("got the status %+v, want none", s.Status)
	}
}

// seen is the trace context that a function gets.
type seen struct{ traceparent, xray string }

// sent returns the trace context of the last call: in the event, in the client context, and in the
// header of the call.
func sent(t *testing.T, g *gateway) (event, custom seen, xray string) {
	t.Helper()
	calls := g.api.Calls()
	call := calls[len(calls)-1]
	var in struct{ Headers map[string]string }
	var context struct{ Custom map[string]string }
	if err := json.Unmarshal(call.Payload, &in); err != nil {
		t.Fatal(err)
	}
	if call.ClientContext != nil {
		if err := json.Unmarshal(call.ClientContext, &context); err != nil {
			t.Fatal(err)
		}
	}
	either := func(h map[string]string) seen {
		if v, ok := h["X-Amzn-Trace-Id"]; ok {
			return seen{h["traceparent"], v}
		}
		return seen{h["traceparent"], h["x-amzn-trace-id"]}
	}
	return either(in.Headers), either(context.Custom), call.Header.Get("X-Amzn-Trace-Id")
}

// Functions get the gateway's span as their parent, not the client's: in events, in the client context
// and in X-Ray's header. OpenTelemetry's instrumentations look for traceparent in lower case, so
// events of format 1.0 have it in lower case.
func TestFunctionsSeeTheSpan(t *testing.T) {
	for _, format := range []string{"simple", "1.0", "2.0", "alb"} {
		t.Run(format, func(t *testing.T) {
			g := start(t, map[string]map[string]any{"good": {"function_name": "good", "payload_format": format, "client_context": true, "response_format": "plain"}})
			g.call("/good", http.Header{"Traceparent": {"00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"}, "X-Amzn-Trace-Id": {"Root=1-67891233-abcdef012345678912345678"}})
			id := g.invocation().SpanContext.SpanID().String()
			want := seen{"00-0102030405060708090a0b0c0d0e0f10-" + id + "-01", "Root=1-01020304-05060708090a0b0c0d0e0f10;Parent=" + id + ";Sampled=1"}
			event, custom, xray := sent(t, g)
			if format == "simple" {
				if event != (seen{}) {
					t.Errorf("the payload has %+v", event)
				}
			} else if event != want {
				t.Errorf("event: got %+v, want %+v", event, want)
			}
			if custom != want {
				t.Errorf("client context: got %+v, want %+v", custom, want)
			}
			if xray != want.xray {
				t.Errorf("X-Amzn-Trace-Id: got %s, want %s", xray, want.xray)
			}
		})
	}
}

// A span that is not sampled is not recorded, and the function gets the decision.
func TestSpanThatIsNotRecorded(t *testing.T) {
	g := start(t, map[string]map[string]any{"good": {"function_name": "good", "payload_format": "2.0", "response_format": "plain"}}, sdk.WithSampler(sdk.NeverSample()))
	g.call("/good", nil)
	if spans := g.spans(); len(spans) != 0 {
		t.Errorf("got %d spans, want none", len(spans))
	}
	event, _, xray := sent(t, g)
	if want := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`); !want.MatchString(event.traceparent) {
		t.Errorf("got the traceparent %q, want %s", event.traceparent, want)
	}
	if want := regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`); !want.MatchString(event.xray) || xray != event.xray {
		t.Errorf("got %q and %q, want %s", event.xray, xray, want)
	}
}

// Each failed attempt is an event, even if a later attempt succeeds.
func TestRetriesAreEvents(t *testing.T) {
	g := start(t, map[string]map[string]any{"good": {"function_name": "good", "max_retries": 2}})
	g.api.Fail("good", lambdatest.APIError(500, "ServiceException", "secret"), lambdatest.Cut(lambdatest.BeforeHeaders))
	if status := g.call("/good", nil); status != http.StatusOK {
		t.Fatalf("got the status %d, want 200", status)
	}
	s := g.invocation()
	var got []string
	for _, e := range s.Events {
		got = append(got, e.Name+": "+text(e.Attributes))
	}
	want := []string{
		"attempt failed: error.type=ServiceException http.response.status_code=500 krakend.lambda.attempt=1",
		"attempt failed: error.type=RequestError krakend.lambda.attempt=2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.Status.Code != codes.Unset {
		t.Errorf("got the status %+v, want none", s.Status)
	}
}

// The status of a span has the cause of a failure, without the message of the function.
func TestSpanStatusOfFailures(t *testing.T) {
	for name, test := range map[string]struct {
		settings map[string]any
		faults   []lambdatest.Fault
		want     string
		status   int
	}{
		"the function's error": {map[string]any{"function_name": "bad"}, nil, "errorString", http.StatusBadGateway},
		"throttled":            {map[string]any{"function_name": "good", "max_retries": 0}, []lambdatest.Fault{lambdatest.Throttle(0)}, "TooManyRequestsException", http.StatusTooManyRequests},
		"no such function":     {map[string]any{"function_name": "none"}, nil, "ResourceNotFoundException", http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, map[string]map[string]any{"f": test.settings})
			g.api.Fail("*", test.faults...)
			if got := g.call("/f", nil); got != test.status {
				t.Errorf("got the status %d, want %d", got, test.status)
			}
			s := g.invocation()
			if want := (sdk.Status{Code: codes.Error, Description: test.want}); s.Status != want {
				t.Errorf("got %+v, want %+v", s.Status, want)
			}
		})
	}
}

// With log_tail, a span has the duration and memory of the execution, and tells a cold start.
func TestColdStart(t *testing.T) {
	g := start(t, map[string]map[string]any{"cold": {"function_name": "cold", "log_tail": true}})
	for _, cold := range []bool{true, false} {
		g.exporter.Reset()
		g.call("/cold", nil)
		got := map[string]string{}
		for _, kv := range g.invocation().Attributes {
			got[string(kv.Key)] = kv.Value.Emit()
		}
		init := ""
		if cold {
			init = "120"
		}
		if got["krakend.lambda.function.init_duration"] != init || (got["faas.coldstart"] == "true") != cold || got["krakend.lambda.function.duration"] == "" || got["krakend.lambda.function.billed_duration"] == "" {
			t.Errorf("cold %v: got %v", cold, got)
		}
	}
}

// A failure has one log line with its cause. The access log has the request without the failure.
func TestFailuresAreLoggedOnce(t *testing.T) {
	g := start(t, map[string]map[string]any{"bad": {"function_name": "bad"}})
	g.call("/bad", nil)
	log := g.log.String()
	if n := strings.Count(log, "ERROR"); n != 1 || !strings.Contains(log, "][Lambda] the function failed: function bad, code errorString, ") {
		t.Errorf("got %d errors in\n%s", n, log)
	}
	if _, access, _ := strings.Cut(log, "[GIN]"); !strings.Contains(access, "/bad") || strings.Count(access, "\n") != 1 {
		t.Errorf("got the access log %q", access)
	}
}
