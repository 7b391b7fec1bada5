package e2e

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestPayloadOfGETIsAllParameters(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		backend := lambdaBackend(fixed(api, "f"))
		gw := start(t, g, []object{
			endpoint("/none", backend),
			endpoint("/users/{userId}/orders/{order_id}", backend),
			endpoint("/capital/{UserId}", backend),
			with(endpoint("/query", backend), object{"querystring_params": list{"color", "size", "empty", "A", "not-sent"}}),
			with(endpoint("/clash/{color}", backend), object{"querystring_params": list{"color", "size"}}),
			with(endpoint("/any/{id}", backend), object{"querystring_params": list{"*"}}),
		}, options{})

		// If the adapter does not know the endpoint, it takes the capital for KrakenD's.
		capital := `{"userId":"7"}`
		if g.tellsEndpoint {
			capital = `{"UserId":"7"}`
		}
		for _, tc := range []struct{ name, path, want string }{
			{"no parameter", "/none", `{}`},
			{"query strings that no one lets through", "/none?color=red", `{}`},
			{"placeholders", "/users/42/orders/a-b", `{"order_id":"a-b","userId":"42"}`},
			{"a placeholder is decoded", "/users/%C3%A9%22/orders/a%20b", `{"order_id":"a b","userId":"é\""}`},
			{"numbers stay strings", "/users/007/orders/9007199254740993", `{"order_id":"9007199254740993","userId":"007"}`},
			{"a capital of the endpoint's own", "/capital/7", capital},
			{"one value", "/query?color=red", `{"color":"red"}`},
			{"several values", "/query?color=red&color=blue&size=9", `{"color":["red","blue"],"size":"9"}`},
			{"no value", "/query?empty", `{"empty":""}`},
			{"names keep their case", "/query?A=1&a=2&Color=red", `{"A":"1"}`},
			{"those not let through", "/query?color=red&secret=1", `{"color":"red"}`},
			{"HTML stays as it is", "/query?color=%3Cb%3E%26", `{"color":"<b>&"}`},
			{"the placeholder wins", "/clash/red?color=blue&size=9", `{"color":"red","size":"9"}`},
			{"all query strings", "/any/1?b=2&a=3&b=4", `{"a":"3","b":["2","4"],"id":"1"}`},
			{"all query strings, the placeholder wins", "/any/1?id=2&Id=3", `{"id":"1"}`},
		} {
			t.Run(tc.name, func(t *testing.T) {
				api.Reset()
				if got := gw.get(t, tc.path); got.status != http.StatusOK {
					t.Errorf("got %d %q", got.status, got.body)
				}
				if call := onlyCall(t, api, "f"); string(call.Payload) != tc.want {
					t.Errorf("%s: got payload %s, want %s", tc.path, call.Payload, tc.want)
				}
			})
		}
	})
}

func TestPayloadOfOtherMethodsIsTheBody(t *testing.T) {
	methods := []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	bodies := []struct{ name, body string }{
		{"object", `{"b":1,"a":[true,null,"x"]}`},
		{"spaces and the order of keys", " {\n\t\"z\" : 1.10,\r\n  \"a\":9007199254740993 }\n"},
		{"list", `[1,2]`},
		{"string", `"<é&\u00e9>"`},
		{"number", `12345678901234567890`},
		{"null", `null`},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"done":true}`)})
		var endpoints []object
		for _, method := range methods {
			// The payload does not contain the parameters here.
			endpoints = append(endpoints, with(endpoint("/f/{id}", lambdaBackend(fixed(api, "f"))),
				object{"method": method, "querystring_params": list{"q"}}))
		}
		gw := start(t, g, endpoints, options{})

		for _, method := range methods {
			for _, tc := range bodies {
				t.Run(method+"/"+tc.name, func(t *testing.T) {
					api.Reset()
					check(t, gw.do(t, method, "/f/1?q=2", nil, strings.NewReader(tc.body)), http.StatusOK, `{"done":true}`)
					if call := onlyCall(t, api, "f"); string(call.Payload) != tc.body {
						t.Errorf("got payload %q, want %q", call.Payload, tc.body)
					}
				})
			}
			t.Run(method+"/chunked", func(t *testing.T) {
				api.Reset()
				body := `{"chunked":true}`
				// A plain io.Reader has no length that the client could announce.
				check(t, gw.do(t, method, "/f/1", nil, io.MultiReader(strings.NewReader(body))), http.StatusOK, `{"done":true}`)
				if call := onlyCall(t, api, "f"); string(call.Payload) != body {
					t.Errorf("got payload %q, want %q", call.Payload, body)
				}
			})
		}
	})
}

// An empty payload is {} to a function: the Invoke API makes it so.
func TestPayloadOfAnEmptyBody(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		methods := []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
		var endpoints []object
		for _, method := range methods {
			endpoints = append(endpoints, with(endpoint("/f/{id}", lambdaBackend(fixed(api, "f"), object{"group": "got"})), object{"method": method}))
		}
		gw := start(t, g, endpoints, options{})
		for _, method := range methods {
			for name, body := range map[string]io.Reader{"none": nil, "empty": strings.NewReader(""), "chunked": io.MultiReader()} {
				t.Run(method+"/"+name, func(t *testing.T) {
					api.Reset()
					check(t, gw.do(t, method, "/f/1", nil, body), http.StatusOK, `{"got":{}}`)
					if call := onlyCall(t, api, "f"); len(call.Payload) != 0 {
						t.Errorf("got payload %q, want none", call.Payload)
					}
				})
			}
		}
	})
}

func TestPayloadFollowsTheBackendsMethod(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{
			endpoint("/post-behind-get/{id}", lambdaBackend(fixed(api, "f"), object{"method": "POST"})),
			with(endpoint("/get-behind-post/{id}", lambdaBackend(fixed(api, "f"), object{"method": "GET"})), object{"method": "POST"}),
			with(endpoint("/lower-case/{id}", lambdaBackend(fixed(api, "f"), object{"method": "get"})), object{"method": "POST"}),
		}, options{})

		check(t, gw.do(t, http.MethodGet, "/post-behind-get/1", nil, strings.NewReader(`{"body":1}`)), http.StatusOK, `{"body":1}`)
		check(t, gw.post(t, "/get-behind-post/1", `{"body":1}`), http.StatusOK, `{"id":"1"}`)
		check(t, gw.post(t, "/lower-case/1", `{"body":1}`), http.StatusOK, `{"id":"1"}`)
	})
}

func TestPayloadLimit(t *testing.T) {
	const limit = 6 << 20
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"done":true}`)})
		gw := start(t, g, []object{
			with(endpoint("/f", lambdaBackend(fixed(api, "f"), at("/f"))), object{"method": "POST"}),
		}, options{})
		body := func(size int) []byte { return append(append([]byte{'"'}, bytes.Repeat([]byte{'x'}, size-2)...), '"') }

		check(t, gw.do(t, http.MethodPost, "/f", nil, bytes.NewReader(body(limit))), http.StatusOK, `{"done":true}`)
		if call := onlyCall(t, api, "f"); len(call.Payload) != limit {
			t.Errorf("got a payload of %d bytes, want %d", len(call.Payload), limit)
		}
		if errs := gw.Lines(t, "ERROR", "/f"); len(errs) != 0 {
			t.Errorf("got errors %q", errs)
		}

		api.Reset()
		for name, tooLarge := range map[string]io.Reader{
			"with a length": bytes.NewReader(body(limit + 1)),
			"chunked":       io.MultiReader(bytes.NewReader(body(limit + 1))),
		} {
			if got := gw.do(t, http.MethodPost, "/f", nil, tooLarge); got.status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: got %d, want 413", name, got.status)
			}
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got %d calls, want none", len(calls))
		}
		errs := gw.Lines(t, "INFO", "/f")
		if want := "the payload is larger than Lambda's limit of 6291456 bytes: function f"; len(errs) != 2 || !strings.HasPrefix(errs[0], want) || !strings.HasPrefix(errs[1], want) {
			t.Errorf("got errors %q, want twice %q", errs, want)
		}
	})
}

func TestTraceHeaderGoesOutWhereTheEndpointForwardsIt(t *testing.T) {
	const trace = "Root=1-67891233-abcdef012345678912345678"
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{
			with(endpoint("/forwarded", lambdaBackend(fixed(api, "f"))), object{"headers_to_pass": list{"X-Amzn-Trace-Id"}}),
			with(endpoint("/any-case", lambdaBackend(fixed(api, "f"))), object{"headers_to_pass": list{"x-amzn-trace-id"}}),
			with(endpoint("/all", lambdaBackend(fixed(api, "f"))), object{"headers_to_pass": list{"*"}}),
			endpoint("/dropped", lambdaBackend(fixed(api, "f"))),
		}, options{})

		for path, want := range map[string]string{"/forwarded": trace, "/any-case": trace, "/all": trace, "/dropped": ""} {
			api.Reset()
			check(t, gw.do(t, http.MethodGet, path, http.Header{"X-Amzn-Trace-Id": {trace}, "X-Other": {"1"}}, nil), http.StatusOK, `{}`)
			call := onlyCall(t, api, "f")
			if got := call.Header.Get("X-Amzn-Trace-Id"); got != want {
				t.Errorf("%s: got trace %q, want %q", path, got, want)
			}
			if got := call.Header.Values("X-Other"); got != nil {
				t.Errorf("%s: the client's headers reach AWS: %q", path, got)
			}
		}
	})
}
