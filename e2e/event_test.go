package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// inFormat are the settings of a backend whose function gets an event of API Gateway.
func inFormat(api *lambdaAPI, function, format string) object {
	return with(fixed(api, function), object{"payload_format": format})
}

// open endpoints let everything through.
var all = object{"querystring_params": list{"*"}, "headers_to_pass": list{"*"}}

// strictly reads an event, and fails for a field that its type does not have.
func strictly(t *testing.T, payload []byte, event any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(event); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
}

// A restEvent is the event of a REST API as API Gateway writes it. The type of aws-lambda-go
// lacks two members of the identity.
type restEvent struct {
	events.APIGatewayProxyRequest
	RequestContext struct {
		events.APIGatewayProxyRequestContext
		Identity struct {
			events.APIGatewayRequestIdentity
			ClientCert     any `json:"clientCert"`
			PrincipalOrgID any `json:"principalOrgId"`
		} `json:"identity"`
	} `json:"requestContext"`
}

func TestEvents(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"one": replies(`{"statusCode":200,"body":"{}"}`), "two": replies(`{}`)})
		var endpoints []object
		for function, format := range map[string]string{"one": "1.0", "two": "2.0"} {
			path := "/" + function + "/{UserId}"
			endpoints = append(endpoints, with(
				endpoint(path, lambdaBackend(inFormat(api, function, format), httpBackend("http://shop.example.com", "/v2/{UserId}?of={UserId}"))), all, object{"method": "PUT"},
			))
		}
		gw := start(t, g, endpoints, options{})

		header := http.Header{
			"Content-Type": {"application/json; charset=utf-8"}, "Cookie": {"a=1; b=2"}, "X-Tea": {"oolong", "sencha"},
			"X-Request-Id": {"request-7"}, "User-Agent": {"a browser"}, "X-Forwarded-Host": {"evil.example.com"},
		}
		for _, function := range []string{"one", "two"} {
			check(t, gw.do(t, "PUT", "/"+function+"/a%20b,c?q=1&q=%26", header, strings.NewReader(`{"a":"<b>"}`)), http.StatusOK, `{}`)
		}

		const path, query = "/v2/a%20b,c", "of=a+b%2Cc&q=1&q=%26"
		name := "UserId" // as the endpoint spells it
		if !g.tellsEndpoint {
			name = "userId"
		}
		var v2 events.APIGatewayV2HTTPRequest
		strictly(t, onlyCall(t, api, "two").Payload, &v2)
		c := v2.RequestContext
		got := fmt.Sprintln(v2.Version, v2.RawPath, v2.RawQueryString, v2.Cookies, v2.PathParameters, v2.QueryStringParameters, v2.Body, v2.IsBase64Encoded,
			v2.Headers["x-tea"], v2.Headers["cookie"], c.HTTP.Method, c.HTTP.Path, c.HTTP.SourceIP, c.HTTP.UserAgent, c.RequestID, c.Stage)
		want := fmt.Sprintln("2.0", path, query, []string{"a=1", "b=2"}, map[string]string{name: "a b,c"}, map[string]string{"of": "a b,c", "q": "1,&"}, `{"a":"<b>"}`, false,
			"oolong,sencha", "", "PUT", "/v2/a b,c", "127.0.0.1", "a browser", "request-7", "$default")
		if got != want {
			t.Errorf("got  %swant %s", got, want)
		}
		route := "$default"
		if g.tellsEndpoint {
			route = "PUT /two/{UserId}"
		}
		if v2.RouteKey != route || c.RouteKey != route {
			t.Errorf("got the route %q, want %q", v2.RouteKey, route)
		}

		var v1 restEvent
		strictly(t, onlyCall(t, api, "one").Payload, &v1)
		got = fmt.Sprintln(v1.Path, v1.HTTPMethod, v1.PathParameters, v1.MultiValueQueryStringParameters, v1.QueryStringParameters, v1.Body,
			v1.MultiValueHeaders["X-Tea"], v1.Headers["X-Tea"], v1.Headers["Cookie"], v1.RequestContext.Identity.SourceIP, v1.RequestContext.RequestID)
		want = fmt.Sprintln(path, "PUT", map[string]string{name: "a b,c"}, map[string][]string{"of": {"a b,c"}, "q": {"1", "&"}}, map[string]string{"of": "a b,c", "q": "&"}, `{"a":"<b>"}`,
			[]string{"oolong", "sencha"}, "sencha", "a=1; b=2", "127.0.0.1", "request-7")
		if got != want {
			t.Errorf("got  %swant %s", got, want)
		}

		// The name that the client called is KrakenD's to tell, and not a header's of the
		// client's. KrakenD 1.2 does not, and has the backend's own.
		domain, host := "127.0.0.1", gw.Addr
		if !g.forwardsHost {
			domain, host = "shop.example.com", "shop.example.com"
		}
		if c.DomainName != domain || v2.Headers["host"] != host {
			t.Errorf("got the domain %q and the host %q, want %q and %q", c.DomainName, v2.Headers["host"], domain, host)
		}
	})
}

// What the endpoint does not let through, the function does not see.
func TestEventsAreFiltered(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{}`)})
		gw := start(t, g, []object{with(
			endpoint("/f", lambdaBackend(inFormat(api, "f", "2.0"))),
			object{"querystring_params": list{"q"}, "headers_to_pass": list{"x-tea"}},
		)}, options{})
		gw.do(t, "GET", "/f?q=1&secret=2", http.Header{"X-Tea": {"oolong"}, "Authorization": {"Bearer x"}, "Cookie": {"a=1"}, "User-Agent": {"a browser"}}, nil)

		var event events.APIGatewayV2HTTPRequest
		strictly(t, onlyCall(t, api, "f").Payload, &event)
		if event.RawQueryString != "q=1" || event.Headers["x-tea"] != "oolong" || event.Cookies != nil || !strings.HasPrefix(event.RequestContext.HTTP.UserAgent, "KrakenD Version") {
			t.Errorf("got %+v", event)
		}
		for _, name := range []string{"authorization", "cookie"} {
			if v, ok := event.Headers[name]; ok {
				t.Errorf("got %s: %s", name, v)
			}
		}
		if id := event.RequestContext.RequestID; len(id) != 36 {
			t.Errorf("got the request id %q, want a new one", id)
		}
	})
}

func TestEventBodies(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{}`)})
		gw := start(t, g, []object{with(endpoint("/f", lambdaBackend(inFormat(api, "f", "2.0"))), all, object{"method": "POST"})}, options{})
		for _, tc := range []struct {
			contentType, body string
			text              bool
		}{
			{"application/json; charset=utf-8", `{"a":"é\u0000"}`, true},
			{"text/csv", "a;b\r\n", true},
			{"application/x-www-form-urlencoded", "a=1&b=%26", false},
			{"image/png", "\x89PNG\r\n\x1a\n\x00", false},
			{"text/plain", "caf\xe9", false},
			{"text/plain", "", true},
		} {
			api.Reset()
			check(t, gw.do(t, "POST", "/f", http.Header{"Content-Type": {tc.contentType}}, strings.NewReader(tc.body)), http.StatusOK, `{}`)
			var event events.APIGatewayV2HTTPRequest
			strictly(t, onlyCall(t, api, "f").Payload, &event)
			want := tc.body
			if !tc.text {
				want = base64.StdEncoding.EncodeToString([]byte(tc.body))
			}
			if event.Body != want || event.IsBase64Encoded == tc.text {
				t.Errorf("%s: got %q (%t), want %q", tc.contentType, event.Body, event.IsBase64Encoded, want)
			}
		}

		// The event is larger than the body: base64 takes a third more.
		api.Reset()
		check(t, gw.do(t, "POST", "/f", nil, bytes.NewReader(make([]byte, 5<<20))), http.StatusRequestEntityTooLarge, "")
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got %d calls", len(calls))
		}
	})
}

const tea = `{"statusCode":418,"headers":{"content-type":"image/png","connection":"close","content-length":"1","x-bad\n":"x"},` +
	`"multiValueHeaders":{"x-tea":["oolong","sencha"]},"cookies":["a=1; Path=/","b=2"],"body":"iVBORw0KGgo=","isBase64Encoded":true}`

// On no-op endpoints the client gets what the function meant.
func TestHTTPResponses(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		functions := map[string]any{"tea": replies(tea)}
		for _, status := range []int{200, 201, 204, 301, 304, 400, 404, 429, 500, 503} {
			functions[fmt.Sprint("s", status)] = replies(fmt.Sprintf(`{"statusCode":%d,"headers":{"location":"/x","retry-after":"7"}}`, status))
		}
		api := newLambda(t, functions)
		var endpoints []object
		for function := range functions {
			endpoints = append(endpoints, noOpEndpoint("/"+function, with(fixed(api, function), object{"response_format": "proxy"})))
		}
		gw := start(t, g, endpoints, options{})

		r := gw.get(t, "/tea")
		check(t, r, http.StatusTeapot, "\x89PNG\r\n\x1a\n")
		for name, want := range map[string][]string{
			"Content-Type": {"image/png"}, "X-Tea": {"oolong", "sencha"}, "Set-Cookie": {"a=1; Path=/", "b=2"}, "Connection": nil, "Content-Length": {"8"},
		} {
			if got := r.header[name]; !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		for function := range functions {
			if status, ok := strings.CutPrefix(function, "s"); ok {
				r := gw.get(t, "/"+function)
				if fmt.Sprint(r.status) != status || r.body != "" || r.header.Get("Location") != "/x" || r.header.Get("Retry-After") != "7" {
					t.Errorf("got %+v, want %s", r, status)
				}
			}
		}
	})
}

// On JSON endpoints the body is data, and the status KrakenD's to judge, as with any
// HTTP backend: a host beside each function says the same.
func TestHTTPResponsesAsData(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		functions := map[string]any{}
		var endpoints []object
		statuses := []int{200, 201, 202, 302, 404, 429, 500, 503}
		api := newLambda(t, functions)
		for _, status := range statuses {
			function := fmt.Sprint("s", status)
			api.Handle(function, replies(fmt.Sprintf(`{"statusCode":%d,"headers":{"content-type":"application/json","x-tea":"oolong"},"body":"{\"a\":1}"}`, status)))
			host := newHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Tea", "oolong")
				w.WriteHeader(status)
				w.Write([]byte(`{"a":1}`))
			})
			for path, more := range map[string]object{"": nil, "/details": detailsAsX, "/code": errorCode} {
				endpoints = append(endpoints,
					endpoint("/lambda/"+function+path, lambdaBackend(inFormat(api, function, "2.0"), more)),
					endpoint("/http/"+function+path, httpBackend(host, "/", more)),
				)
			}
		}
		gw := start(t, g, endpoints, options{})
		for _, status := range statuses {
			for _, path := range []string{"", "/details", "/code"} {
				path = fmt.Sprint("/s", status, path)
				got, want := gw.get(t, "/lambda"+path), gw.get(t, "/http"+path)
				if got.status != want.status || got.body != want.body || got.completed() != want.completed() || got.header.Get("X-Tea") != want.header.Get("X-Tea") {
					t.Errorf("%s: got %d %q, as an HTTP backend %d %q", path, got.status, got.body, want.status, want.body)
				}
			}
		}
	})
}

// Data becomes a response in 2.0, and an error in 1.0.
func TestInference(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"object": replies(`{"a":1}`), "string": replies(`"Hello, you"`), "broken": replies(`{"statusCode":"x"}`)})
		var endpoints []object
		for _, function := range []string{"object", "string", "broken"} {
			for _, format := range []string{"1.0", "2.0"} {
				endpoints = append(endpoints, noOpEndpoint("/"+function+"/"+format, inFormat(api, function, format)))
			}
		}
		gw := start(t, g, endpoints, options{})
		check(t, gw.get(t, "/object/2.0"), http.StatusOK, `{"a":1}`)
		check(t, gw.get(t, "/string/2.0"), http.StatusOK, `Hello, you`)
		for path, want := range map[string]string{
			"/object/1.0": ": 'statusCode: missing'",
			"/string/1.0": ": 'it is a string, not an HTTP response'",
			"/broken/1.0": ": 'statusCode: must be an integer from 200 to 599",
			"/broken/2.0": ": 'statusCode: must be an integer from 200 to 599",
		} {
			check(t, gw.get(t, path), http.StatusBadGateway, "")
			if lines := gw.Lines(t, "ERROR", path); len(lines) != 1 || !strings.HasPrefix(lines[0], "the reply cannot be decoded: function ") || !strings.Contains(lines[0], want) {
				t.Errorf("%s: got %q, want %q", path, lines, want)
			}
		}
	})
}
