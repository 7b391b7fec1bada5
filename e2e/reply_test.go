package e2e

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

const order = `{"id":9007199254740993,"customer":{"name":"Ada","city":"London"},"lines":[{"sku":"a","n":1},{"sku":"b","n":2}],"note":null,"paid":true}`

// flatmap makes the operations of a flatmap_filter.
func flatmap(ops ...any) object {
	return object{"extra_config": object{proxyNamespace: object{"flatmap_filter": ops}}}
}

// What a function returns can be treated as the reply of any other backend, so the
// same reply comes from a function and from an HTTP backend of the same gateway
// with the same settings, and both answers must be the one wanted.
func TestReplyIsTreatedAsAnyOtherBackends(t *testing.T) {
	cases := []struct {
		name     string
		reply    string
		backend  object
		endpoint object
		want     string // SCALAR is the generation's scalarKey
	}{
		{name: "object", reply: order, want: `{"customer":{"city":"London","name":"Ada"},"id":9007199254740993,"lines":[{"n":1,"sku":"a"},{"n":2,"sku":"b"}],"note":null,"paid":true}`},
		{name: "numbers keep their digits", reply: `{"a":9007199254740993,"b":12345678901234567890,"c":1.10,"d":-0,"e":1e400,"f":[0.1000000000000000055511151231257827]}`,
			want: `{"a":9007199254740993,"b":12345678901234567890,"c":1.10,"d":-0,"e":1e400,"f":[0.1000000000000000055511151231257827]}`},
		{name: "text of all kinds", reply: `{"t":"é\u00e9 \ud83d\ude00 <b>&amp; \"\\ \u0000"}`, want: `{"t":"éé 😀 \u003cb\u003e\u0026amp; \"\\ \u0000"}`},
		{name: "empty object", reply: `{}`, want: `{}`},
		{name: "spaces around", reply: " \n{\"a\":1}\n", want: `{"a":1}`},

		{name: "deny", reply: order, backend: object{"deny": list{"lines", "note", "absent"}},
			want: `{"customer":{"city":"London","name":"Ada"},"id":9007199254740993,"paid":true}`},
		{name: "deny, nested", reply: order, backend: object{"deny": list{"customer.city", "lines"}},
			want: `{"customer":{"name":"Ada"},"id":9007199254740993,"note":null,"paid":true}`},
		{name: "deny all", reply: `{"a":1}`, backend: object{"deny": list{"a"}}, want: `{}`},
		{name: "blacklist", reply: `{"a":1,"b":2}`, backend: object{"blacklist": list{"a"}}, want: `{"b":2}`},
		{name: "allow", reply: order, backend: object{"allow": list{"id", "absent"}}, want: `{"id":9007199254740993}`},
		{name: "allow, nested", reply: order, backend: object{"allow": list{"customer.name", "paid"}}, want: `{"customer":{"name":"Ada"},"paid":true}`},
		{name: "whitelist", reply: `{"a":1,"b":2}`, backend: object{"whitelist": list{"a"}}, want: `{"a":1}`},
		{name: "mapping", reply: `{"a":1,"b":2}`, backend: object{"mapping": object{"a": "first"}}, want: `{"b":2,"first":1}`},
		{name: "group", reply: `{"a":1}`, backend: object{"group": "order"}, want: `{"order":{"a":1}}`},
		{name: "group of nothing", reply: `{}`, backend: object{"group": "order"}, want: `{"order":{}}`},
		{name: "target", reply: `{"data":{"a":1},"b":2}`, backend: object{"target": "data"}, want: `{"a":1}`},
		{name: "target, nested", reply: `{"data":{"of":{"a":1}}}`, backend: object{"target": "data.of"}, want: `{"a":1}`},
		{name: "missing target", reply: `{"b":2}`, backend: object{"target": "data"}, want: `{}`},
		{name: "target that is not an object", reply: `{"data":[1]}`, backend: object{"target": "data"}, want: `{}`},
		{name: "all of them", reply: `{"data":{"a":1,"b":2,"c":3}}`,
			backend: object{"target": "data", "deny": list{"c"}, "mapping": object{"a": "x"}, "group": "g"}, want: `{"g":{"b":2,"x":1}}`},
		{name: "flatmap_filter", reply: order,
			backend: flatmap(
				object{"type": "del", "args": list{"lines.*.n"}},
				object{"type": "move", "args": list{"customer.name", "name"}},
				object{"type": "del", "args": list{"note"}}),
			want: `{"customer":{"city":"London"},"id":9007199254740993,"lines":[{"sku":"a"},{"sku":"b"}],"name":"Ada","paid":true}`},
		{name: "flatmap_filter with target and group", reply: `{"data":{"a":{"b":1}}}`,
			backend: with(flatmap(object{"type": "move", "args": list{"a.b", "c"}}), object{"target": "data", "group": "g"}),
			want:    `{"g":{"a":null,"c":1}}`},

		{name: "collection", reply: `[1,{"a":9007199254740993},"x"]`, backend: object{"is_collection": true}, want: `{"collection":[1,{"a":9007199254740993},"x"]}`},
		{name: "collection, empty", reply: `[]`, backend: object{"is_collection": true}, want: `{"collection":[]}`},
		{name: "collection, renamed", reply: `[1]`, backend: object{"is_collection": true, "mapping": object{"collection": "items"}}, want: `{"items":[1]}`},

		{name: "encoding json", reply: `{"a":1.10}`, backend: object{"encoding": "json"}, want: `{"a":1.10}`},
		{name: "encoding in capitals", reply: `["a"]`, backend: object{"encoding": "SafeJSON"}, want: `{"collection":["a"]}`},
		{name: "encoding safejson, object", reply: `{"a":1.10}`, backend: object{"encoding": "safejson"}, want: `{"a":1.10}`},
		{name: "encoding safejson, list", reply: `[1.10]`, backend: object{"encoding": "safejson"}, want: `{"collection":[1.10]}`},
		{name: "encoding safejson, number", reply: `12345678901234567890`, backend: object{"encoding": "safejson"}, want: `{"SCALAR":12345678901234567890}`},
		{name: "encoding safejson, string", reply: `"x"`, backend: object{"encoding": "safejson"}, want: `{"SCALAR":"x"}`},
		{name: "encoding string", reply: "no {JSON", backend: object{"encoding": "string"}, want: `{"content":"no {JSON"}`},
		{name: "encoding string, JSON", reply: `{"a": 1}`, backend: object{"encoding": "string"}, want: `{"content":"{\"a\": 1}"}`},
		{name: "encoding string, null", reply: `null`, backend: object{"encoding": "string"}, want: `{"content":"null"}`},
		{name: "encoding string, rendered as a string", reply: `"quoted"`, backend: object{"encoding": "string"}, endpoint: object{"output_encoding": "string"}, want: `"quoted"`},
		{name: "encoding string, filtered", reply: `x`, backend: object{"encoding": "string", "mapping": object{"content": "text"}, "group": "g"}, want: `{"g":{"text":"x"}}`},
		{name: "encoding unknown is json", reply: `{"a":1}`, backend: object{"encoding": "morse"}, want: `{"a":1}`},

		{name: "no-op", reply: " [1,\n 1.10] ", backend: object{"encoding": "no-op"}, endpoint: object{"output_encoding": "no-op"}, want: " [1,\n 1.10] "},
		{name: "no-op does not filter", reply: `{"a":1}`, backend: object{"encoding": "no-op", "deny": list{"a"}, "group": "g"}, endpoint: object{"output_encoding": "no-op"}, want: `{"a":1}`},
		{name: "no-op, null", reply: `null`, backend: object{"encoding": "no-op"}, endpoint: object{"output_encoding": "no-op"}, want: `null`},
		{name: "no-op, nothing", reply: ``, backend: object{"encoding": "no-op"}, endpoint: object{"output_encoding": "no-op"}, want: ``},
		{name: "no-op, bytes that are no text", reply: "\x00\xff\x1f\x8b", backend: object{"encoding": "no-op"}, endpoint: object{"output_encoding": "no-op"}, want: "\x00\xff\x1f\x8b"},

		{name: "rendered as negotiated", reply: `{"a":1}`, endpoint: object{"output_encoding": "negotiate"}, want: `{"a":1}`},
		{name: "cached", reply: `{"a":1}`, endpoint: object{"cache_ttl": 60}, want: `{"a":1}`},
		{name: "static data", reply: `{"a":1}`, endpoint: object{"extra_config": object{proxyNamespace: object{"static": object{"strategy": "always", "data": object{"b": 2}}}}},
			want: `{"a":1,"b":2}`},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		functions := make(map[string]any)
		for i, tc := range cases {
			functions[fmt.Sprint("f", i)] = replies(tc.reply)
		}
		api := newLambda(t, functions)
		host := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			var i int
			fmt.Sscanf(r.URL.Path, "/f%d", &i)
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, cases[i].reply)
		})
		var endpoints []object
		for i, tc := range cases {
			endpoints = append(endpoints,
				with(endpoint(fmt.Sprint("/lambda/", i), lambdaBackend(fixed(api, fmt.Sprint("f", i)), tc.backend, at("/lambda"))), tc.endpoint),
				with(endpoint(fmt.Sprint("/http/", i), httpBackend(host, fmt.Sprint("/f", i), tc.backend)), tc.endpoint))
		}
		gw := start(t, g, endpoints, options{})

		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				got := gw.get(t, fmt.Sprint("/lambda/", i))
				check(t, got, http.StatusOK, strings.Replace(tc.want, "SCALAR", g.scalarKey, 1))
				other := gw.get(t, fmt.Sprint("/http/", i))
				check(t, other, got.status, got.body)
				for _, name := range []string{"X-Krakend-Completed", "X-Krakend", "Content-Type", "Cache-Control"} {
					if got, want := got.header.Values(name), other.header.Values(name); !slices.Equal(got, want) {
						t.Errorf("%s: got %q, an HTTP backend %q", name, got, want)
					}
				}
				onlyCall(t, api, fmt.Sprint("f", i))
			})
		}
		if errs := gw.Lines(t, "ERROR", "/lambda"); len(errs) != 0 {
			t.Errorf("got errors %q", errs)
		}
	})
}

// An empty reply and null, which Lambda's runtimes make of it, are not an error. From an HTTP backend
// they would be one.
func TestEmptyAndNullReplies(t *testing.T) {
	cases := []struct {
		name    string
		reply   string
		backend object
		want    string
	}{
		{"nothing", ``, nil, `{}`},
		{"spaces", " \n", nil, `{}`},
		{"null", `null`, nil, `{}`},
		{"null in spaces", " null\n", nil, `{}`},
		{"nothing, collection", ``, object{"is_collection": true}, `{}`},
		{"null, collection", `null`, object{"is_collection": true}, `{}`},
		{"nothing, safejson", ``, object{"encoding": "safejson"}, `{}`},
		{"null, safejson", `null`, object{"encoding": "safejson"}, `{}`},
		{"nothing, string", ``, object{"encoding": "string"}, `{}`},
		{"nothing, group", ``, object{"group": "g"}, `{"g":{}}`},
		{"null, group", `null`, object{"group": "g"}, `{"g":{}}`},
		{"null, filters", `null`, object{"deny": list{"a"}, "mapping": object{"a": "b"}}, `{}`},
		{"null, target", `null`, object{"target": "a.b"}, `{}`},
		{"null, flatmap_filter", `null`, flatmap(object{"type": "move", "args": list{"a", "b"}}), `{}`},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		functions := map[string]any{"whole": replies(`{"a":1}`)}
		for i, tc := range cases {
			functions[fmt.Sprint("f", i)] = replies(tc.reply)
		}
		api := newLambda(t, functions)
		var endpoints []object
		for i, tc := range cases {
			backend := lambdaBackend(fixed(api, fmt.Sprint("f", i)), tc.backend, at("/lambda"))
			endpoints = append(endpoints,
				endpoint(fmt.Sprint("/alone/", i), backend),
				endpoint(fmt.Sprint("/merged/", i), backend, lambdaBackend(fixed(api, "whole"))))
		}
		gw := start(t, g, endpoints, options{})

		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				check(t, gw.get(t, fmt.Sprint("/alone/", i)), http.StatusOK, tc.want)
				// The router calls no answer without data complete. The merge shows that
				// the reply was.
				got := gw.get(t, fmt.Sprint("/merged/", i))
				want := strings.Replace(`{"a":1,`+tc.want[1:], ",}", "}", 1)
				check(t, got, http.StatusOK, want)
				if got.completed() != "true" {
					t.Errorf("merged: got X-Krakend-Completed %q, want true", got.completed())
				}
			})
		}
		if errs := gw.Lines(t, "ERROR", "/lambda"); len(errs) != 0 {
			t.Errorf("got errors %q", errs)
		}
	})
}

func TestNoOpShowsTheReplyAsItIs(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		noop := object{"encoding": "no-op"}
		gw := start(t, g, []object{
			with(endpoint("/f", lambdaBackend(fixed(api, "f"), noop)), object{"method": "POST", "output_encoding": "no-op"}),
		}, options{})

		body := "{ \"b\": 1.10,\n  \"a\": \"<&>\" }"
		got := gw.post(t, "/f", body)
		check(t, got, http.StatusOK, body)
		call := onlyCall(t, api, "f")
		want := map[string]string{
			"Content-Type":           "application/json",
			"X-Amz-Executed-Version": "$LATEST",
			"X-Amzn-Requestid":       call.RequestID,
		}
		for name, value := range want {
			if got := got.header.Values(name); len(got) != 1 || got[0] != value {
				t.Errorf("%s: got %q, want %q once", name, got, value)
			}
		}
		for name, values := range got.header {
			if len(values) != 1 {
				t.Errorf("%s: got %q, want one value", name, values)
			}
		}
	})
}

// The response has AWS's request id and the executed version, each exactly once.
func TestHeadersOfAReplyComeOnce(t *testing.T) {
	cases := []struct {
		name              string
		backend, endpoint object
	}{
		{name: "json"},
		{name: "safejson", backend: object{"encoding": "safejson"}},
		{name: "string", backend: object{"encoding": "string"}},
		{name: "string-to-string", backend: object{"encoding": "string"}, endpoint: object{"output_encoding": "string"}},
		{name: "negotiated", endpoint: object{"output_encoding": "negotiate"}},
		{name: "grouped", backend: object{"group": "g"}},
		{name: "filtered", backend: object{"allow": list{"a"}}},
		{name: "cached", endpoint: object{"cache_ttl": 60}},
		{name: "no-op", backend: object{"encoding": "no-op"}, endpoint: object{"output_encoding": "no-op"}},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"a":1}`)})
		var endpoints []object
		for _, tc := range cases {
			endpoints = append(endpoints, with(endpoint("/"+tc.name, lambdaBackend(fixed(api, "f:7"), tc.backend)), tc.endpoint))
		}
		gw := start(t, g, endpoints, options{})

		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				api.Reset()
				got := gw.get(t, "/"+tc.name)
				if got.status != http.StatusOK {
					t.Errorf("got %d %q", got.status, got.body)
				}
				for name, want := range map[string]string{"X-Amzn-Requestid": onlyCall(t, api, "f").RequestID, "X-Amz-Executed-Version": "7"} {
					if got := got.header.Values(name); !slices.Equal(got, []string{want}) {
						t.Errorf("%s: got %q, want %q once", name, got, want)
					}
				}
			})
		}
	})
}

func gzipText(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What stands between the gateway and AWS may compress, and may say that it does
// when it does not. A stand-in for the Invoke API shows both.
func TestCompressedReplies(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		compressed := gzipText(t, `{"a":1}`)
		var asked atomic.Value
		stub := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			asked.Store(fmt.Sprint(r.Header.Get("Accept-Encoding"), ", closed: ", r.Close))
			_, encoding, _ := strings.Cut(r.URL.Path, "/functions/")
			encoding, body, _ := strings.Cut(strings.TrimSuffix(encoding, "/invocations"), "-")
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", encoding)
			io.WriteString(w, map[string]string{"good": compressed, "plain": `{"a":1}`, "cut": compressed[:len(compressed)/2]}[body])
		})
		settings := object{"function_param_name": "Lambda", "function_name_case": "verbatim", "region": "us-east-1", "endpoint": stub, "max_retries": 0}
		endpoints := []object{
			endpoint("/decoded/{lambda}", lambdaBackend(settings, at("/decoded"))),
			with(endpoint("/raw/{lambda}", lambdaBackend(settings, object{"encoding": "no-op"})), object{"output_encoding": "no-op"}),
		}
		for _, keptAlive := range []bool{true, false} {
			t.Run(fmt.Sprint("kept alive: ", keptAlive), func(t *testing.T) {
				gw := start(t, g, endpoints, options{Service: object{"disable_keep_alives": !keptAlive}})
				for _, tc := range []struct {
					function string
					status   int
					body     string
				}{
					{"gzip-good", http.StatusOK, `{"a":1}`},
					{"gzip-plain", http.StatusBadGateway, ""},
					{"gzip-cut", http.StatusBadGateway, ""},
					{"identity-plain", http.StatusOK, `{"a":1}`},
					{"br-plain", http.StatusBadGateway, ""},
				} {
					got := gw.get(t, "/decoded/"+tc.function)
					if got.status != tc.status || got.body != tc.body {
						t.Errorf("%s: got %d %q, want %d %q", tc.function, got.status, got.body, tc.status, tc.body)
					}
					// Calls go through the transport that krakend.json configures.
					if got, want := asked.Load(), fmt.Sprint("identity, closed: ", !keptAlive); got != want {
						t.Errorf("%s: got Accept-Encoding %q, want %q", tc.function, got, want)
					}
				}
				if errs := gw.Lines(t, "ERROR", "/decoded"); len(errs) != 3 {
					t.Errorf("got errors %q, want 3", errs)
				}
				got := gw.get(t, "/raw/gzip-good")
				check(t, got, http.StatusOK, compressed)
				if encoding := got.header.Values("Content-Encoding"); !slices.Equal(encoding, []string{"gzip"}) {
					t.Errorf("no-op: got Content-Encoding %q, want gzip", encoding)
				}
			})
		}
	})
}
