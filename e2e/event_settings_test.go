package e2e

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// What events say beyond the request, in every format.
func TestEventSettings(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"rest": replies(`{"statusCode":200}`), "http": replies(`{"statusCode":200}`), "alb": replies(`{"statusCode":200}`)})
		shared := object{"binary_media_types": list{"image/*", "Application/X-Tea"}, "forwarded_proto": "https", "forwarded_port": 8443}
		ofAPI := with(shared, object{"account_id": "123456789012", "api_id": "abc123", "stage": "prod", "stage_variables": object{"table": "orders"}})
		forwarded := object{"method": "POST", "headers_to_pass": list{"Content-Type", "X-Forwarded-Proto", "X-Forwarded-Port"}}
		kept := object{"method": "POST", "headers_to_pass": list{"Content-Type"}}
		var endpoints []object
		for function, settings := range map[string]object{
			"rest": with(inFormat(api, "rest", "1.0"), object{"event": ofAPI}),
			"http": with(inFormat(api, "http", "2.0"), object{"event": ofAPI}),
			"alb":  with(inFormat(api, "alb", "alb"), object{"event": shared}),
		} {
			endpoints = append(endpoints,
				with(noOpEndpoint("/forwarded/"+function, settings), forwarded),
				with(noOpEndpoint("/kept/"+function, settings), kept),
			)
		}
		gw := start(t, g, endpoints, options{})
		// post returns the payload that a function gets.
		post := func(path, body string, header http.Header) []byte {
			t.Helper()
			api.Reset()
			check(t, gw.do(t, http.MethodPost, path, header, strings.NewReader(body)), http.StatusOK, "")
			_, function, _ := strings.Cut(path[1:], "/")
			return onlyCall(t, api, function).Payload
		}
		typed := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }

		// X-Forwarded-Proto and -Port are the client's where the endpoint forwards them.
		said := http.Header{"Content-Type": {"text/plain"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Port": {"80"}}
		for _, tc := range []struct {
			path        string
			header      http.Header
			proto, port string
		}{
			{"/forwarded/", typed("text/plain"), "https", "8443"},
			{"/forwarded/", said, "http", "80"},
			{"/kept/", said, "https", "8443"},
		} {
			var v2 events.APIGatewayV2HTTPRequest
			strictly(t, post(tc.path+"http", "tea", tc.header), &v2)
			c := v2.RequestContext
			if c.AccountID != "123456789012" || c.APIID != "abc123" || c.Stage != "prod" || !maps.Equal(v2.StageVariables, map[string]string{"table": "orders"}) {
				t.Errorf("2.0: got %q, %q, %q and %q", c.AccountID, c.APIID, c.Stage, v2.StageVariables)
			}
			var v1 restEvent
			strictly(t, post(tc.path+"rest", "tea", tc.header), &v1)
			if c := v1.RequestContext; c.AccountID != "123456789012" || c.APIID != "abc123" || c.Stage != "prod" || !maps.Equal(v1.StageVariables, map[string]string{"table": "orders"}) {
				t.Errorf("1.0: got %q, %q, %q and %q", c.AccountID, c.APIID, c.Stage, v1.StageVariables)
			}
			var alb events.ALBTargetGroupRequest
			strictly(t, post(tc.path+"alb", "tea", tc.header), &alb)
			for format, got := range map[string][2]string{
				"2.0": {v2.Headers["x-forwarded-proto"], v2.Headers["x-forwarded-port"]},
				"1.0": {v1.Headers["X-Forwarded-Proto"], v1.Headers["X-Forwarded-Port"]},
				"alb": {alb.Headers["x-forwarded-proto"], alb.Headers["x-forwarded-port"]},
			} {
				if want := [2]string{tc.proto, tc.port}; got != want {
					t.Errorf("%s, %s, %v: got the protocol and the port %q, want %q", format, tc.path, tc.header, got, want)
				}
			}
		}

		// The media types decide in every format, and not what each format would do.
		for _, tc := range []struct {
			contentType, body, want string
			isBase64                bool
		}{
			{"image/png", "PNG", "UE5H", true},
			{"application/x-tea; strength=2", "tea", "dGVh", true},
			{"application/x-www-form-urlencoded", "a=1", "a=1", false},
			{"application/json", "{}", "{}", false},
			{"text/plain", "\xff", "/w==", true},
			{"image/png", "", "", false},
		} {
			for _, function := range []string{"rest", "http", "alb"} {
				event := parse(t, string(post("/kept/"+function, tc.body, typed(tc.contentType))))
				body, _ := event["body"].(string)
				isBase64, _ := event["isBase64Encoded"].(bool)
				if body != tc.want || isBase64 != tc.isBase64 {
					t.Errorf("%s, %s: got the body %q, base64 %t, want %q, %t", function, tc.contentType, body, isBase64, tc.want, tc.isBase64)
				}
			}
		}
		for _, e := range endpoints {
			if lines := gw.Lines(t, "WARNING", e["endpoint"].(string)); len(lines) != 0 {
				t.Errorf("got the warnings %q", lines)
			}
		}
	})
}
