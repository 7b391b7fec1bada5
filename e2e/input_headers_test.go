package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// A backend's own input_headers limit what the function sees, and not what events say of the
// client.
func TestInputHeadersOfTheBackend(t *testing.T) {
	eachGatewayThat(t, func(g gateway) bool { return g.limitsHeaders }, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"v2": replies(`{}`), "v1": replies(`{"statusCode":200}`), "alb": replies(`{"statusCode":200}`), "f": echo})
		limited := func(names ...any) object { return object{"headers_to_pass": names} }
		endpoints := []object{
			with(endpoint("/tea", lambdaBackend(inFormat(api, "v2", "2.0"), limited("X-Tea"))), all),
			with(endpoint("/identity", lambdaBackend(inFormat(api, "v2", "2.0"), limited("x-forwarded-for", "user-agent"))), all),
			with(endpoint("/none-of-them", lambdaBackend(inFormat(api, "v2", "2.0"), limited("X-Other"))), object{"headers_to_pass": list{"X-Tea"}}),
			with(endpoint("/1.0", lambdaBackend(inFormat(api, "v1", "1.0"), limited("X-Tea"))), all),
			with(endpoint("/alb", lambdaBackend(inFormat(api, "alb", "alb"), limited("X-Tea"))), all),
			with(endpoint("/context", lambdaBackend(with(fixed(api, "f"), object{"client_context": true}), limited("X-Tea"))), all),
		}
		gw := start(t, g, endpoints, options{})
		header := http.Header{"X-Tea": {"assam"}, "X-Secret": {"1"}, "Cookie": {"a=1"}, "User-Agent": {"a browser"}, "X-Request-Id": {"request-7"}}
		get := func(path string) {
			t.Helper()
			api.Reset()
			if got := gw.do(t, http.MethodGet, path, header, nil); got.status != http.StatusOK {
				t.Errorf("%s: got %d %q", path, got.status, got.body)
			}
		}
		names := func(headers map[string]string) []string { return slices.Sorted(maps.Keys(headers)) }

		for _, tc := range []struct {
			path, userAgent string
			names           []string
		}{
			{"/tea", "a browser", []string{"host", "x-tea"}},
			{"/identity", "a browser", []string{"host", "user-agent", "x-forwarded-for"}},
			{"/none-of-them", g.userAgent(), []string{"host"}},
		} {
			get(tc.path)
			var event events.APIGatewayV2HTTPRequest
			strictly(t, onlyCall(t, api, "v2").Payload, &event)
			c := event.RequestContext
			if c.HTTP.SourceIP != "127.0.0.1" || c.HTTP.UserAgent != tc.userAgent || c.DomainName != "127.0.0.1" || event.Headers["host"] != gw.Addr {
				t.Errorf("%s: got %q, %q, %q and %q", tc.path, c.HTTP.SourceIP, c.HTTP.UserAgent, c.DomainName, event.Headers["host"])
			}
			if got := names(event.Headers); !slices.Equal(got, tc.names) || event.Cookies != nil {
				t.Errorf("%s: got the headers %q and the cookies %q, want %q and none", tc.path, got, event.Cookies, tc.names)
			}
		}

		get("/1.0")
		var v1 restEvent
		strictly(t, onlyCall(t, api, "v1").Payload, &v1)
		if c := v1.RequestContext; c.Identity.SourceIP != "127.0.0.1" || c.Identity.UserAgent != "a browser" || c.DomainName != "127.0.0.1" {
			t.Errorf("1.0: got %+v", c)
		}
		if got, want := names(v1.Headers), []string{"Host", "X-Tea"}; !slices.Equal(got, want) || len(v1.MultiValueHeaders) != 2 {
			t.Errorf("1.0: got the headers %q and %q, want %q", got, v1.MultiValueHeaders, want)
		}

		get("/alb")
		var alb events.ALBTargetGroupRequest
		strictly(t, onlyCall(t, api, "alb").Payload, &alb)
		if got, want := names(alb.Headers), []string{"host", "x-tea"}; !slices.Equal(got, want) || alb.Headers["host"] != gw.Addr {
			t.Errorf("alb: got the headers %q, want %q", alb.Headers, want)
		}

		get("/context")
		var context struct{ Custom map[string]string }
		if err := json.Unmarshal(onlyCall(t, api, "f").ClientContext, &context); err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"X-Tea": "assam"}; !maps.Equal(context.Custom, want) {
			t.Errorf("client context: got %q, want %q", context.Custom, want)
		}
	})
}
