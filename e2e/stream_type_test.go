package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// A stream without a content type has that of bytes where it has a body, and none where it has
// no body: as the same response has in one piece.
func TestStreamContentType(t *testing.T) {
	cases := []struct {
		function, body string
		status         int
		header         map[string]string
		contentType    []string // nil for none
	}{
		{"redirect", "", http.StatusTemporaryRedirect, map[string]string{"location": "/x"}, nil},
		{"empty", "", http.StatusOK, nil, nil},
		{"nothing", "", http.StatusNoContent, nil, nil},
		{"error", "", http.StatusInternalServerError, nil, nil},
		{"typed", "", http.StatusOK, map[string]string{"content-type": "text/plain"}, []string{"text/plain"}},
		{"bytes", "tea", http.StatusOK, nil, []string{"application/octet-stream"}},
		{"typed-bytes", "tea", http.StatusTemporaryRedirect, map[string]string{"content-type": "text/plain"}, []string{"text/plain"}},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		var endpoints []object
		for _, tc := range cases {
			api.Handle(tc.function, func() (*events.LambdaFunctionURLStreamingResponse, error) {
				return &events.LambdaFunctionURLStreamingResponse{StatusCode: tc.status, Headers: tc.header, Body: strings.NewReader(tc.body)}, nil
			})
			endpoints = append(endpoints, noOpEndpoint("/stream/"+tc.function, streaming(api, tc.function)))
			if tc.body == "" { // with a body, each format has its own default
				api.Handle("whole-"+tc.function, func() (events.APIGatewayV2HTTPResponse, error) {
					return events.APIGatewayV2HTTPResponse{StatusCode: tc.status, Headers: tc.header}, nil
				})
				for _, format := range []string{"1.0", "2.0", "alb"} {
					endpoints = append(endpoints, noOpEndpoint("/"+format+"/"+tc.function, inFormat(api, "whole-"+tc.function, format)))
				}
			}
		}
		gw := start(t, g, endpoints, options{})
		for _, tc := range cases {
			for _, kind := range []string{"stream", "1.0", "2.0", "alb"} {
				if kind != "stream" && tc.body != "" {
					continue
				}
				got := gw.get(t, "/"+kind+"/"+tc.function)
				if got.status != tc.status || got.body != tc.body || !slices.Equal(got.header["Content-Type"], tc.contentType) || got.header.Get("Location") != tc.header["location"] {
					t.Errorf("%s, %s: got %d %q %v, want %d %q with the content type %q", kind, tc.function, got.status, got.body, got.header, tc.status, tc.body, tc.contentType)
				}
			}
		}
	})
}

// If a function streams and the backend has no stream, the error says so, if the gateway must read the
// reply. Otherwise the client gets the bytes.
func TestStreamingFunctionWithoutStream(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		const stream = `{"statusCode":202,"headers":{"content-type":"text/event-stream","x-tea":"oolong"},"cookies":["a=1","b=2"]}` +
			"\x00\x00\x00\x00\x00\x00\x00\x00tea"
		api := newLambda(t, map[string]any{"f": func() (*events.LambdaFunctionURLStreamingResponse, error) {
			return page(io.MultiReader(strings.NewReader("tea")))()
		}})
		proxied := with(fixed(api, "f"), object{"response_format": "proxy"})
		gw := start(t, g, []object{
			noOpEndpoint("/1.0", inFormat(api, "f", "1.0")),
			noOpEndpoint("/2.0", inFormat(api, "f", "2.0")),
			noOpEndpoint("/alb", inFormat(api, "f", "alb")),
			noOpEndpoint("/proxy", proxied),
			endpoint("/data", lambdaBackend(proxied, at("/data"))),
			endpoint("/json", lambdaBackend(fixed(api, "f"), at("/json"))),
			noOpEndpoint("/bytes", fixed(api, "f")),
		}, options{})

		const hint = `it begins with the status and headers of a stream, so the backend needs 'stream': true`
		for _, path := range []string{"/1.0", "/2.0", "/alb", "/proxy", "/data", "/json"} {
			check(t, gw.get(t, path), http.StatusBadGateway, "")
			if lines := gw.Lines(t, "ERROR", path); len(lines) != 1 || !strings.HasPrefix(lines[0], "the reply cannot be decoded: function ") || !strings.Contains(lines[0], hint) {
				t.Errorf("%s: got the log %q, want %q in it", path, lines, hint)
			}
		}
		check(t, gw.get(t, "/bytes"), http.StatusOK, stream)
	})
}
