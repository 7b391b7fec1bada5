package e2e

import (
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A requestRow is one row of the tables in docs/payloads.md about what KrakenD does to a request before
// a function sees it.
type requestRow struct {
	sends     string // the first cell of the row
	exchanges []exchange
}

// An exchange is one request and its expected result.
type exchange struct {
	// request has the method and the target in its first line, then one line for each header, and
	// the body after an empty line.
	request string
	// status is the status of the answer. 0 means 200.
	status int
	// location is the header Location of the answer.
	location string
	// sees is what the function receives: the simple payload, or members of an event. null stands
	// for a member that the event does not have. If sees is empty, the gateway must not call the
	// function.
	sees string
}

// sees returns an exchange with the status 200.
func sees(request, payload string) exchange { return exchange{request: request, sees: payload} }

// answered returns an exchange that the gateway answers without calling the function.
func answered(request string, status int) exchange { return exchange{request: request, status: status} }

// redirected is an exchange that the gateway answers with a redirect.
func redirected(request string, status int, location string) exchange {
	return exchange{request: request, status: status, location: location}
}

// requestEndpoints are the endpoints that the requests are for. The function receives the
// simple payload below /simple, and events elsewhere.
func requestEndpoints(api *lambdaAPI) []object {
	var (
		event    = inFormat(api, "f", "2.0")
		anything = object{"querystring_params": list{"*"}, "headers_to_pass": list{"X-Tea", "Cookie", "Content-Type", "X-Forwarded-Host"}}
		post     = object{"method": "POST"}
	)
	return []object{
		with(endpoint("/users/{id}", lambdaBackend(event, at("/users/{id}"))), anything),
		with(endpoint("/users/{id}", lambdaBackend(event, at("/users/{id}"))), anything, post),
		with(endpoint("/users/{id}/orders", lambdaBackend(event, at("/users/{id}/orders"))), anything),
		with(endpoint("/unnamed/{id}", lambdaBackend(event)), anything),
		with(endpoint("/simple/{id}", lambdaBackend(fixed(api, "f"))), object{"querystring_params": list{"tag", "c[]"}}),
		with(endpoint("/simple/{id}/orders", lambdaBackend(fixed(api, "f")))),
		with(endpoint("/untyped", lambdaBackend(event)), post, object{"headers_to_pass": list{"Authorization"}}),
		with(endpoint("/1.0", lambdaBackend(with(inFormat(api, "f", "1.0"), object{"response_format": "plain"}))), anything),
		with(endpoint("/head", lambdaBackend(event)), object{"method": "HEAD"}),
	}
}

// requestRows are the rows of docs/payloads.md in their order.
func requestRows(g gateway) []requestRow {
	// KrakenD 2 refuses what stays escaped, and 1.x lets it through.
	escaped := func(request, payload string) exchange {
		if g.refusesEncodedParams {
			return answered(request, http.StatusBadRequest)
		}
		return sees(request, payload)
	}
	percent := answered("GET /users/5%25", http.StatusInternalServerError)
	if g.refusesEncodedParams {
		percent.status = http.StatusBadRequest
	}
	forwardedHost := "gateway"
	if !g.forwardsHost {
		forwardedHost = "evil.example.com"
	}
	return []requestRow{
		{"`%2F` in a placeholder: `/users/7%2Forders`", []exchange{
			sees("GET /users/7%2Forders", `{"rawPath":"/users/7/orders","pathParameters":{"id":"7"}}`),
			sees("GET /users%2f7", `{"rawPath":"/users/7"}`),
			answered("GET /users/a%2Fb", http.StatusNotFound),
			answered("GET /simple/a%2fb", http.StatusNotFound),
		}},
		{"`%25`, `%3F` or `%23` in a placeholder: `/users/a%3Fb`", []exchange{
			escaped("GET /users/a%3Fb", `{"rawPath":"/users/a%3Fb","pathParameters":{"id":"a?b"}}`),
			escaped("GET /users/a%23b", `{"rawPath":"/users/a%23b","pathParameters":{"id":"a#b"}}`),
			escaped("GET /users/a%2525b", `{"rawPath":"/users/a%2525b","pathParameters":{"id":"a%25b"}}`),
			escaped("GET /simple/a%252Fb", `{"id":"a%2Fb"}`),
		}},
		{"a `%` in a placeholder that begins no escape once it is decoded, and control characters: `/users/5%25`, `/users/a%0Ab`", []exchange{
			percent,
			escaped("GET /unnamed/5%25", `{"pathParameters":{"id":"5%"}}`),
			escaped("GET /simple/5%25", `{"id":"5%"}`),
			answered("GET /users/a%0Ab", http.StatusInternalServerError),
			answered("GET /users/a%00b", http.StatusInternalServerError),
			sees("GET /unnamed/a%0Ab", `{"pathParameters":{"id":"a\nb"}}`),
			sees("GET /simple/a%00b", `{"id":"a\u0000b"}`),
		}},
		{"a `%` that begins no escape: `/users/5%`", []exchange{
			answered("GET /users/5%", http.StatusBadRequest),
			answered("GET /simple/5%zz", http.StatusBadRequest),
		}},
		{"`..` or `.` for a placeholder, escaped or not: `/users/%2e%2e`", []exchange{
			sees("GET /users/%2e%2E", `{"rawPath":"/users/..","pathParameters":{"id":".."}}`),
			sees("GET /users/..", `{"rawPath":"/users/.."}`),
			sees("GET /users/%2e", `{"rawPath":"/users/."}`),
			sees("GET /simple/..", `{"id":".."}`),
		}},
		{"no value for a placeholder: `/users//orders`, `/users/`", []exchange{
			sees("GET /users//orders", `{"rawPath":"/users//orders","pathParameters":{"id":""}}`),
			sees("GET /simple//orders", `{"id":""}`),
			answered("GET /users/", http.StatusNotFound),
		}},
		{"a path with more or fewer slashes, with `..` in the middle, or in another letter case: `/users/7/`, `/teas/../users/7`, `/Users/7`", []exchange{
			redirected("GET /users/7/?a=1;2&b=%", http.StatusMovedPermanently, "/users/7?a=1;2&b=%"),
			redirected("GET /users//7", http.StatusMovedPermanently, "/users/7"),
			redirected("GET /teas/../users/7", http.StatusMovedPermanently, "/users/7"),
			redirected("GET /Users/7", http.StatusMovedPermanently, "/users/7"),
			redirected("POST /users/7/", http.StatusTemporaryRedirect, "/users/7"),
		}},
		{"`+` in a path: `/users/a+b`", []exchange{
			sees("GET /users/a+b?q=a+b", `{"rawPath":"/users/a+b","pathParameters":{"id":"a+b"},"queryStringParameters":{"q":"a b"}}`),
			sees("GET /users/a%20b?q=a%2Bb", `{"rawPath":"/users/a%20b","pathParameters":{"id":"a b"},"queryStringParameters":{"q":"a+b"}}`),
		}},

		{"`;` or a `%` that begins no escape: `?a=1;b=2&c=3&d=5%`", []exchange{
			sees("GET /users/7?a=1;b=2&c=3&d=5%", `{"rawQueryString":"c=3","queryStringParameters":{"c":"3","a":null,"b":null,"d":null}}`),
			sees("GET /users/7?a=1%3Bb=2", `{"queryStringParameters":{"a":"1;b=2"}}`),
			sees("GET /users/7?a=%zz", `{"rawQueryString":"","queryStringParameters":null}`),
		}},
		{"more than 10,000 parameters", []exchange{
			sees("GET /users/7?"+strings.Repeat("&", 9_998)+"a=1&b=2", `{"rawQueryString":"a=1&b=2"}`),
			sees("GET /users/7?"+strings.Repeat("&", 9_999)+"a=1&b=2", `{"rawQueryString":"","queryStringParameters":null}`),
			sees("GET /simple/7?"+strings.Repeat("tag=1&", 10_000)+"tag=2", `{"id":"7"}`),
		}},
		{"any query string: `?b=2&a=x%20y&a=&c[]=1&d`", []exchange{
			sees("GET /users/7?b=2&a=x%20y&a=&c[]=1&d", `{"rawQueryString":"a=x+y&a=&b=2&c%5B%5D=1&d=","queryStringParameters":{"a":"x y,","b":"2","c[]":"1","d":""}}`),
		}},
		{"a name that is not exactly as the endpoint lists it: `?Tag=1`, `?tag[]=1` for `tag`", []exchange{
			sees("GET /simple/7?Tag=1&tag[]=2&c[x]=3", `{"id":"7"}`),
			sees("GET /simple/7?tag=1&c[]=2&c%5B%5D=3", `{"c[]":["2","3"],"id":"7","tag":"1"}`),
		}},
		{"bytes that are not UTF-8, in query strings and placeholders: `%E9`", []exchange{
			sees("GET /users/%E9?q=%E9", `{"rawPath":"/users/%E9","rawQueryString":"q=%E9","pathParameters":{"id":"\ufffd"},"queryStringParameters":{"q":"\ufffd"}}`),
			sees("GET /users/\xe9?q=\xe9", `{"rawPath":"/users/%E9","rawQueryString":"q=%E9"}`),
			sees("GET /simple/%E9?tag=%E9", "{\"id\":\"\ufffd\",\"tag\":\"\ufffd\"}"),
		}},

		{"`HEAD`, `OPTIONS`, `TRACE`, `get` in lower case, or any method that the path has no endpoint for", []exchange{
			answered("HEAD /users/7", http.StatusMethodNotAllowed),
			answered("OPTIONS /users/7", http.StatusMethodNotAllowed),
			answered("TRACE /users/7", http.StatusMethodNotAllowed),
			answered("get /users/7", http.StatusMethodNotAllowed),
			answered("PUT /users/7", http.StatusMethodNotAllowed),
			answered("HEAD /head", http.StatusNotFound),
		}},

		{"a header that the endpoint does not list", []exchange{
			sees("GET /users/7\nX-Secret: 1", `{"headers":{"x-secret":null}}`),
			sees("POST /untyped\nContent-Type: application/json\n\n{}", `{"body":"e30=","isBase64Encoded":true,"headers":{"content-type":null}}`),
			sees("POST /users/7\nContent-Type: application/json\n\n{}", `{"body":"{}","isBase64Encoded":false,"headers":{"content-type":"application/json"}}`),
			sees("GET /users/7\nUser-Agent: a browser", fmt.Sprintf(`{"headers":{"user-agent":%q}}`, g.userAgent())),
		}},
		{"one header several times, in any letter case: `x-TEA: a`, `X-Tea: b`", []exchange{
			sees("GET /users/7\nx-TEA: a\nX-Tea: b\nCookie: a=1\nCookie: b=2", `{"headers":{"x-tea":"a,b","cookie":null},"cookies":["a=1","b=2"]}`),
			sees("GET /users/7\nX-Tea: a,b", `{"headers":{"x-tea":"a,b"}}`),
			sees("GET /1.0\nx-TEA: a\nX-Tea: b", `{"multiValueHeaders":{"X-Tea":["a","b"]}}`),
		}},
		{"`X-Forwarded-For: 192.0.2.1, 192.0.2.2`", []exchange{
			sees("GET /users/7\nX-Forwarded-For: 192.0.2.1, 192.0.2.2", `{"headers":{"x-forwarded-for":"192.0.2.1"}}`),
		}},
		{"`X-Forwarded-Host`", []exchange{
			sees("GET /users/7\nX-Forwarded-Host: evil.example.com", fmt.Sprintf(`{"headers":{"x-forwarded-host":%q}}`, forwardedHost)),
		}},
		{"a body in chunks, with a trailer, or after `Expect: 100-continue`", []exchange{
			sees("POST /users/7\nContent-Type: text/plain\nTransfer-Encoding: chunked\nTrailer: X-Tea\n\n2\r\nas\r\n3\r\nsam\r\n0\r\nX-Tea: 1\r\n\r\n",
				`{"body":"assam","headers":{"content-length":null,"transfer-encoding":null,"x-tea":null}}`),
			sees("POST /users/7\nContent-Type: text/plain\nExpect: 100-continue\n\nassam", `{"body":"assam"}`),
		}},
		{"a body with a GET", []exchange{
			sees("GET /users/7\nContent-Type: text/plain\n\nassam", `{"body":"assam"}`),
			sees("GET /simple/7\nContent-Type: application/json\n\n{}", `{"id":"7"}`),
		}},
		{"a URL and headers of more than 1 MiB", []exchange{
			sees("GET /users/"+strings.Repeat("x", 1<<19), `{"version":"2.0"}`),
			answered("GET /users/7\nX-Tea: "+strings.Repeat("x", 1<<20+1<<13), http.StatusRequestHeaderFieldsTooLarge),
		}},
	}
}

// TestRequests proves what docs/payloads.md says of requests, row by row.
func TestRequests(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{}`)})
		gw := start(t, g, requestEndpoints(api), options{})
		for _, row := range requestRows(g) {
			for _, e := range row.exchanges {
				gw.exchange(t, api, e)
			}
		}
	})
}

// Settings of KrakenD 2's router that docs/payloads.md names as remedies.
func TestRequestsWithRouterSettings(t *testing.T) {
	eachGatewayThat(t, func(g gateway) bool { return g.refusesEncodedParams }, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{}`)})
		gw := start(t, g, requestEndpoints(api), options{Service: object{
			"max_header_bytes": 8 << 10,
			"extra_config": object{routerNamespace: object{
				"disable_path_decoding": true, "remove_extra_slash": true, "auto_options": true,
				"disable_redirect_trailing_slash": true, "disable_redirect_fixed_path": true,
			}},
		}})
		for _, e := range []exchange{
			sees("GET /users/a%3Fb", `{"rawPath":"/users/a%3Fb","pathParameters":{"id":"a?b"}}`),
			sees("GET /simple/a%252Fb", `{"id":"a%2Fb"}`),
			sees("GET /simple/5%25", `{"id":"5%"}`),
			answered("GET /users/5%25", http.StatusInternalServerError),
			answered("GET /users/%2e%2e", http.StatusNotFound),
			sees("GET /teas/%2e%2e/users/7", `{"rawPath":"/users/7"}`),
			answered("GET /users/7/", http.StatusNotFound),
			answered("GET /Users/7", http.StatusNotFound),
			answered("OPTIONS /users/7", http.StatusOK),
			answered("GET /users/7\nX-Tea: "+strings.Repeat("x", 1<<14), http.StatusRequestHeaderFieldsTooLarge),
		} {
			gw.exchange(t, api, e)
		}
	})
}

// The tables have the rows that TestRequests proves, and no other.
func TestDocsRequests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/payloads.md")
	if err != nil {
		t.Fatal(err)
	}
	const heading = "\n## What KrakenD does to a request first\n"
	_, section, _ := strings.Cut(string(page), heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var got, want []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, " | "); len(cells) == 3 && cells[0] != "| the client sends" {
			got = append(got, strings.TrimPrefix(cells[0], "| "))
		}
	}
	for _, row := range requestRows(newest) {
		want = append(want, row.sends)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// exchange sends a request as it is spelled, and compares what becomes of it.
func (p process) exchange(t *testing.T, api *lambdaAPI, e exchange) {
	t.Helper()
	head, body, _ := strings.Cut(e.request, "\n\n")
	line, headers, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(line, " ")
	if headers != "" {
		headers = strings.ReplaceAll(headers, "\n", "\r\n") + "\r\n"
	}
	if body != "" && !strings.Contains(headers, "Transfer-Encoding:") {
		headers += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	api.Reset()
	answer := p.raw(t, method, target, headers, body)

	name := e.request[:min(len(e.request), 100)]
	status := e.status
	if status == 0 {
		status = http.StatusOK
	}
	if location := answer.header.Get("Location"); answer.status != status || location != e.location {
		t.Errorf("%q: got %d %q, want %d %q", name, answer.status, location, status, e.location)
	}
	calls := api.Calls()
	if e.sees == "" {
		if len(calls) != 0 {
			t.Errorf("%q: got the payload %s, want no call", name, calls[0].Payload)
		}
		return
	}
	if len(calls) != 1 {
		t.Errorf("%q: got %d calls, want 1", name, len(calls))
		return
	}
	got, want := parse(t, string(calls[0].Payload)), parse(t, e.sees)
	if strings.HasPrefix(target, "/simple/") && !reflect.DeepEqual(got, want) {
		t.Errorf("%q: got the payload %s, want %s", name, calls[0].Payload, e.sees)
	} else if missing := lacks(got, want); missing != "" {
		t.Errorf("%q: %s", name, missing)
	}
}

// lacks says which of the wanted members an object does not have. A wanted null stands
// for a member that must not be there. The result is empty where all is as wanted.
func lacks(got, want object) string {
	for name, w := range want {
		g, there := got[name]
		switch w := w.(type) {
		case nil:
			if there {
				return fmt.Sprintf("got %s %#v, want none", name, g)
			}
		case object:
			inner, _ := g.(object)
			if inner == nil {
				return fmt.Sprintf("got %s %#v, want an object", name, g)
			}
			if missing := lacks(inner, w); missing != "" {
				return name + ": " + missing
			}
		default:
			if !reflect.DeepEqual(g, w) {
				return fmt.Sprintf("got %s %#v, want %#v", name, g, w)
			}
		}
	}
	return ""
}
