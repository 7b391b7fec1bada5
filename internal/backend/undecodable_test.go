package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// rawReply is a function that returns these bytes, like a custom runtime.
type rawReply string

// Invoke implements lambda.Handler of aws-lambda-go.
func (reply rawReply) Invoke(context.Context, []byte) ([]byte, error) { return []byte(reply), nil }

// The log describes a reply that cannot be decoded, but does not contain it.
func TestUndecodableReplies(t *testing.T) {
	object := func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(new(map[string]any)) }
	list := func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(new([]any)) }
	proxied := map[string]any{"function_name": "f", "response_format": "proxy", "payload_format": "1.0"}
	for _, tc := range []struct {
		reply    string
		decode   func(*http.Response) error
		settings map[string]any
		want     string
	}{
		{`["private"]`, object, nil, "it is a list, not an object, so the backend needs is_collection"},
		{`"private"`, object, nil, "it is a string, not an object"},
		{`404`, object, nil, "it is a number, not an object"},
		{`true`, object, nil, "it is a boolean, not an object"},
		{`{"private":1}`, list, nil, "it is an object, not a list"},
		{`private`, object, nil, `it is not JSON: 'invalid character 'p' looking for beginning of value'`},
		{`"` + strings.Repeat("private", 10_000) + `"`, object, nil, "it is a string, not an object"}, // decoded while it arrives
		{`Task timed out after 1.00 seconds`, object, nil, `it is not JSON but a message of AWS's emulator: 'Task timed out after 1.00 seconds'`},
		{`Task timed out after private`, object, nil, `it is not JSON: 'invalid character 'T' looking for beginning of value'`},
		{`Task timed out after 300.00 seconds`, object, proxied, `it is not JSON but a message of AWS's emulator: 'Task timed out after 300.00 seconds'`},
		{`private`, object, proxied, `'it is not JSON, so it is not an HTTP response'`},
		{`["private"]`, object, proxied, "'it is a list, not an HTTP response'"},
		{`{"errorType":"private","errorMessage":"private"}`, object, proxied, `'statusCode: missing; with errorType and errorMessage, the reply looks like a function's error'`},
	} {
		s := lambdatest.NewServer(map[string]any{"f": rawReply(tc.reply)})
		t.Cleanup(s.Close)
		b, l := newBackend(t, s, Spec{}, tc.settings)
		err := b.Invoke(t.Context(), &Request{}, tc.decode)
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || e.Error() != "lambda: the reply cannot be decoded" {
			t.Errorf("%.40s: got %v, want a 502", tc.reply, err)
		}
		want := fmt.Sprintf("ERROR [BACKEND: ][Lambda] the reply cannot be decoded: function f, request id %s: %s", s.Calls()[0].RequestID, tc.want)
		if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
			t.Errorf("got  %q\nwant %q", lines, want)
		}
	}
}

// A proxy in between may answer every call with a page and the status 200.
func TestPagesInPlaceOfReplies(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!DOCTYPE html><title>private</title>")
	}))
	t.Cleanup(s.Close)
	object := func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(new(map[string]any)) }
	const hint = "; the answer is an HTML page without a request id, so a proxy between the gateway and Lambda may have sent it"
	for _, tc := range []struct {
		spec     Spec
		settings map[string]any
		want     string
	}{
		{Spec{}, map[string]any{}, "it is not JSON: 'invalid character '<' looking for beginning of value'"},
		{Spec{ConcurrentCalls: 2}, map[string]any{}, "it is not JSON: 'invalid character '<' looking for beginning of value'"},
		{Spec{Encoding: "no-op"}, map[string]any{"response_format": "proxy"}, "'it is not JSON'"},
		{Spec{Encoding: "no-op"}, map[string]any{"stream": true}, "'damaged event stream: wrong checksum of a prelude'"},
	} {
		l := &recorder{}
		tc.settings["function_name"], tc.spec.Settings = "f", ns(tc.settings)
		b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}}).New(tc.spec)
		if err := b.Invoke(t.Context(), &Request{}, object); err == nil || err.Error() != "lambda: the reply cannot be decoded" {
			t.Errorf("got %v", err)
		}
		want := "ERROR [BACKEND: ][Lambda] the reply cannot be decoded: function f: " + tc.want + hint
		if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
			t.Errorf("got  %q\nwant %q", lines, want)
		}
	}
}
