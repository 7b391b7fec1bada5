package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

const graphQLNamespace = "github.com/devopsfaith/krakend/transport/http/client/graphql"

// graphQL is a backend whose requests KrakenD makes queries or mutations of.
func graphQL(settings, options object) object {
	return lambdaBackend(settings, object{"extra_config": object{graphQLNamespace: options}})
}

// KrakenD makes the request while it is under way: the method, the body and the query string
// that count are those that arrive.
func TestGraphQL(t *testing.T) {
	eachGatewayThat(t, func(g gateway) bool { return g.hasGraphQL }, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"done":true}`)})
		query := object{"type": "query", "query": "query($id: ID!) { tea(id: $id) { name } }", "variables": object{"id": "{id}"}}
		queryByGET := with(query, object{"method": "GET"})
		mutation := object{"type": "mutation", "query": "mutation { steep }", "variables": object{"name": "sencha", "minutes": 3}}
		event := with(inFormat(api, "f", "2.0"), object{"response_format": "plain"})
		gw := start(t, g, []object{
			endpoint("/query/{id}", graphQL(fixed(api, "f"), query)),
			with(endpoint("/query-by-get/{id}", graphQL(fixed(api, "f"), queryByGET)), object{"method": "POST"}),
			with(endpoint("/mutation/{id}", graphQL(fixed(api, "f"), mutation)), object{"method": "PUT"}),
			endpoint("/event/{id}", graphQL(event, query)),
			with(endpoint("/event-by-get/{id}", graphQL(event, queryByGET)), object{"method": "POST", "querystring_params": list{"page"}}),
		}, options{})

		const text = `"query($id: ID!) { tea(id: $id) { name } }"`
		for _, tc := range []struct{ method, path, body, want string }{
			{"GET", "/query/7", "", `{"query":` + text + `,"variables":{"id":"7"}}`},
			{"POST", "/query-by-get/7", `{"lost":true}`, `{"id":"7","query":` + text + `,"variables":"{\"id\":\"7\"}"}`},
			{"PUT", "/mutation/7", `{"name":"assam"}`, `{"query":"mutation { steep }","variables":{"minutes":3,"name":"assam"}}`},
		} {
			api.Reset()
			check(t, gw.do(t, tc.method, tc.path, nil, strings.NewReader(tc.body)), http.StatusOK, `{"done":true}`)
			if got := string(onlyCall(t, api, "f").Payload); got != tc.want {
				t.Errorf("%s: got the payload %s, want %s", tc.path, got, tc.want)
			}
		}

		api.Reset()
		check(t, gw.get(t, "/event/7"), http.StatusOK, `{"done":true}`)
		var got events.APIGatewayV2HTTPRequest
		strictly(t, onlyCall(t, api, "f").Payload, &got)
		want := `{"query":` + text + `,"variables":{"id":"7"}}`
		if got.RequestContext.HTTP.Method != "POST" || got.RouteKey != "GET /event/{id}" || got.Body != want || got.IsBase64Encoded || got.Headers["content-type"] != "application/json" {
			t.Errorf("got %+v, want a POST of %s", got, want)
		}

		api.Reset()
		check(t, gw.post(t, "/event-by-get/7?page=2&secret=1", `{"lost":true}`), http.StatusOK, `{"done":true}`)
		got = events.APIGatewayV2HTTPRequest{}
		strictly(t, onlyCall(t, api, "f").Payload, &got)
		wantQuery := "page=2&query=query%28%24id%3A+ID%21%29+%7B+tea%28id%3A+%24id%29+%7B+name+%7D+%7D&variables=%7B%22id%22%3A%227%22%7D"
		if got.RequestContext.HTTP.Method != "GET" || got.RawQueryString != wantQuery || got.Body != "" || got.Headers["content-length"] != "0" {
			t.Errorf("got %+v, want a GET of %s", got, wantQuery)
		}
	})
}
