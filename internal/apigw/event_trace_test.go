package apigw

import (
	"encoding/json"
	"testing"
)

// The gateway's trace context replaces the client's in every spelling. The headers of the request do
// not change.
func TestTraceContext(t *testing.T) {
	headers := map[string][]string{"Traceparent": {"client"}, "tracestate": {"client"}, "X-Amzn-Trace-Id": {"client"}}
	for name, tc := range map[string]struct {
		format Format
		trace  map[string]string
		want   map[string]string
	}{
		"2.0":              {HTTP, map[string]string{"traceparent": "gateway", "X-Amzn-Trace-Id": "gateway"}, map[string]string{"traceparent": "gateway", "tracestate": "client", "x-amzn-trace-id": "gateway"}},
		"1.0":              {REST, map[string]string{"traceparent": "gateway", "X-Amzn-Trace-Id": "gateway"}, map[string]string{"traceparent": "gateway", "Tracestate": "client", "X-Amzn-Trace-Id": "gateway"}},
		"alb":              {ALB, map[string]string{"traceparent": "gateway", "X-Amzn-Trace-Id": "gateway"}, map[string]string{"traceparent": "gateway", "tracestate": "client", "x-amzn-trace-id": "gateway"}},
		"without a tracer": {HTTP, nil, map[string]string{"traceparent": "client", "tracestate": "client", "x-amzn-trace-id": "client"}},
	} {
		t.Run(name, func(t *testing.T) {
			api := NewAPI(tc.format, Route{URLPattern: "/"}, Settings{})
			var event struct{ Headers map[string]string }
			if err := json.Unmarshal(api.AppendEvent(nil, &Request{Method: "GET", Headers: headers, TraceContext: tc.trace}), &event); err != nil {
				t.Fatal(err)
			}
			delete(event.Headers, "host")
			delete(event.Headers, "Host")
			for name, want := range tc.want {
				if got := event.Headers[name]; got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if len(event.Headers) != len(tc.want) {
				t.Errorf("got %v, want %v", event.Headers, tc.want)
			}
		})
	}
	if headers["Traceparent"][0] != "client" || len(headers) != 3 {
		t.Errorf("the request's headers are now %v", headers)
	}
}
