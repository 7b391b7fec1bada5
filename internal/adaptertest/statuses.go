package adaptertest

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// statuses checks that KrakenD handles the status of an HTTP response if it decodes the body,
// and that the client gets the status otherwise.
func statuses(t *testing.T, adapter Adapter) {
	for _, status := range []int{200, 201, 202, 204, 301, 304, 400, 404, 429, 500, 503} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			s := lambdatest.NewServer(map[string]any{"f": handler(func() ([]byte, error) {
				return fmt.Appendf(nil, `{"statusCode":%d,"body":"{}"}`, status), nil
			})})
			t.Cleanup(s.Close)
			settings := map[string]any{"function_name": "f", "payload_format": "2.0"}

			response, err := adapter(with(Backend{Encoding: "no-op"}, settings), Options{Session: newSession(t, s.URL)}).Proxy(t.Context(), &Request{})
			if err != nil || response.StatusCode != status {
				t.Errorf("no-op: got %+v, %v; want %d", response, err, status)
			}

			log := &Recorder{}
			response, err = adapter(with(Backend{}, settings), Options{Session: newSession(t, s.URL), Logger: log}).Proxy(t.Context(), &Request{})
			if status == 200 || status == 201 {
				if err != nil || response.StatusCode != status {
					t.Errorf("json: got %+v, %v; want %d", response, err, status)
				}
				return
			}
			if err == nil || response != nil || !strings.Contains(strings.ToLower(err.Error()), "invalid status code") {
				t.Errorf("json: got %+v, %v; want KrakenD's own error", response, err)
			}
			want := fmt.Sprintf("[Lambda] KrakenD does not accept the status %d of the function's HTTP response: function f, request id %s: without no-op, it accepts only 200 and 201", status, s.Calls()[1].RequestID)
			if lines := log.Level("ERROR"); len(lines) != 1 || !strings.HasSuffix(lines[0], want) {
				t.Errorf("got the lines %q, want %s", lines, want)
			}
		})
	}
}

// event checks what a function learns about the backend and its endpoint.
func event(t *testing.T, g Generation, adapter Adapter) {
	s := lambdatest.NewServer(map[string]any{"f": handler(func() ([]byte, error) { return []byte(`{}`), nil })})
	t.Cleanup(s.Close)
	built := adapter(with(Backend{
		URLPattern: "/v2/{{.Id}}?a={{.Id}}", Method: "PUT", Host: []string{"http://shop.example.com"},
	}, map[string]any{"function_name": "f", "payload_format": "2.0"}), Options{Session: newSession(t, s.URL)})
	_, err := built.Proxy(t.Context(), &Request{
		Method:  "PATCH", // as a component may set it
		Params:  map[string]string{"Id": "a b"},
		Query:   map[string][]string{"c": {"d"}},
		Headers: map[string][]string{"X-Tea": {"oolong"}, "X-Request-Id": {"7"}, "X-Forwarded-Host": {"api.example.com"}},
		Body:    io.NopCloser(strings.NewReader("x")),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		RouteKey, RawPath, RawQueryString, Body string
		Headers, PathParameters                 map[string]string
		RequestContext                          struct {
			DomainName string
			HTTP       struct{ Method string }
		}
	}
	if err := json.Unmarshal(s.Calls()[0].Payload, &got); err != nil {
		t.Fatal(err)
	}
	want := got
	want.RouteKey, want.RawPath, want.RawQueryString, want.Body = "$default", "/v2/a%20b", "a=a+b&c=d", "eA=="
	want.Headers = map[string]string{"x-tea": "oolong", "x-request-id": "7", "x-forwarded-host": "api.example.com", "host": "shop.example.com"}
	want.PathParameters = map[string]string{"id": "a b"}
	want.RequestContext.DomainName, want.RequestContext.HTTP.Method = "shop.example.com", "PATCH"
	if g.ForwardsHost {
		want.RequestContext.DomainName, want.Headers["host"] = "api.example.com", "api.example.com"
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
