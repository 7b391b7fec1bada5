package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// Go reads no parameter of a query string with more than 10,000. KrakenD's router takes what Go
// reads, so the function gets none either. docs/payloads.md says so.
func TestQueryStringWithTooManyParameters(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo, "v2": replies(`{}`)})
		gw := start(t, g, []object{
			with(endpoint("/orders", lambdaBackend(fixed(api, "f"))), object{"querystring_params": list{"dry_run"}}),
			with(endpoint("/event", lambdaBackend(inFormat(api, "v2", "2.0"))), object{"querystring_params": list{"dry_run"}}),
		}, options{})
		for _, ids := range []int{9_999, 10_000} {
			query := "dry_run=true" + strings.Repeat("&id=7", ids)
			want, inEvent := `{"dry_run":"true"}`, "dry_run=true"
			if _, err := url.ParseQuery(query); err != nil { // older versions of Go have no limit
				want, inEvent = `{}`, ""
			}
			api.Reset()
			if got := gw.do(t, http.MethodGet, "/orders?"+query, nil, nil); got.status != http.StatusOK {
				t.Errorf("%d parameters: got %d %q", ids+1, got.status, got.body)
			}
			if got := string(onlyCall(t, api, "f").Payload); got != want {
				t.Errorf("%d parameters: the function got %s, want %s", ids+1, got, want)
			}
			if got := gw.do(t, http.MethodGet, "/event?"+query, nil, nil); got.status != http.StatusOK {
				t.Errorf("%d parameters, event: got %d %q", ids+1, got.status, got.body)
			}
			var event events.APIGatewayV2HTTPRequest
			strictly(t, onlyCall(t, api, "v2").Payload, &event)
			if event.RawQueryString != inEvent {
				t.Errorf("%d parameters: the event has the query string %q, want %q", ids+1, event.RawQueryString, inEvent)
			}
		}
	})
}
