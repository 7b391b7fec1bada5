package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestFunctionOfTheConfiguration(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"my-lambda": echo})
		cases := []struct{ name, function, qualifier string }{
			{"name", "my-lambda", ""},
			{"qualifier", "my-lambda:live", "live"},
			{"latest", "my-lambda:$LATEST", "$LATEST"},
			{"latest published", "my-lambda:$LATEST.PUBLISHED", "$LATEST.PUBLISHED"},
			{"ARN with the latest published", "arn:aws:lambda:us-east-1:123456789012:function:my-lambda:$LATEST.PUBLISHED", "$LATEST.PUBLISHED"},
			{"partial ARN", "123456789012:function:my-lambda", ""},
			{"ARN", "arn:aws:lambda:us-east-1:123456789012:function:my-lambda", ""},
			{"ARN with version", "arn:aws:lambda:us-east-1:123456789012:function:my-lambda:7", "7"},
		}
		var endpoints []object
		for i, tc := range cases {
			endpoints = append(endpoints, endpoint(fmt.Sprintf("/%d", i), lambdaBackend(fixed(api, tc.function))))
		}
		gw := start(t, g, endpoints, options{})

		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				api.Reset()
				// A client has no say in what the configuration has fixed.
				check(t, gw.get(t, fmt.Sprintf("/%d?function_name=other&lambda=other", i)), http.StatusOK, `{}`)
				if call := onlyCall(t, api, "my-lambda"); call.Qualifier != tc.qualifier {
					t.Errorf("got qualifier %q, want %q", call.Qualifier, tc.qualifier)
				}
			})
		}
	})
}

func TestEachBackendCallsItsOwnEndpointAndRegion(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		one := newLambda(t, map[string]any{"f": replies(`{"api":1}`)})
		two := newLambda(t, map[string]any{"f": replies(`{"api":2}`)})
		gw := start(t, g, []object{
			endpoint("/one", lambdaBackend(with(fixed(one, "f"), object{"region": "eu-west-1"}))),
			endpoint("/two", lambdaBackend(with(fixed(two, "f"), object{"region": "ap-south-1"}))),
		}, options{})

		check(t, gw.get(t, "/one"), http.StatusOK, `{"api":1}`)
		check(t, gw.get(t, "/two"), http.StatusOK, `{"api":2}`)
		if got := onlyCall(t, one, "f").Region; got != "eu-west-1" {
			t.Errorf("got region %q, want eu-west-1", got)
		}
		if got := onlyCall(t, two, "f").Region; got != "ap-south-1" {
			t.Errorf("got region %q, want ap-south-1", got)
		}
	})
}

// everyFunction is the warning of a backend whose placeholder may name every function.
const everyFunction = "function_param_name: without allowed_functions, a request can name every function in us-east-1 that the gateway's credentials may invoke in their own account; the gateway puts the first letter of the name into upper case unless function_name_case is 'verbatim'"

func TestFunctionFromThePlaceholder(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"my-lambda": echo, "My-lambda": echo, "_x": echo, "7up": echo})
		gw := start(t, g, []object{
			endpoint("/default/{lambda}", lambdaBackend(fromPath(api))),
			endpoint("/capitalized/{lambda}", lambdaBackend(with(fromPath(api), object{"function_name_case": "capitalized"}))),
			endpoint("/verbatim/{lambda}", lambdaBackend(with(fromPath(api), object{"function_name_case": "verbatim"}))),
		}, options{})

		for _, tc := range []struct{ path, function, qualifier string }{
			{"/default/my-lambda", "My-lambda", ""},
			{"/default/My-lambda", "My-lambda", ""},
			{"/default/my-lambda:live", "My-lambda", "live"},
			{"/default/_x", "_x", ""},
			{"/default/7up", "7up", ""},
			{"/capitalized/my-lambda", "My-lambda", ""},
			{"/verbatim/my-lambda", "my-lambda", ""},
			{"/verbatim/My-lambda", "My-lambda", ""},
			{"/verbatim/my-lambda:$LATEST", "my-lambda", "$LATEST"},
			{"/verbatim/my-lambda:$LATEST.PUBLISHED", "my-lambda", "$LATEST.PUBLISHED"},
		} {
			t.Run(tc.path[1:], func(t *testing.T) {
				api.Reset()
				if got := gw.get(t, tc.path); got.status != http.StatusOK {
					t.Errorf("got %d %q", got.status, got.body)
				}
				if call := onlyCall(t, api, tc.function); call.Qualifier != tc.qualifier {
					t.Errorf("got qualifier %q, want %q", call.Qualifier, tc.qualifier)
				}
			})
		}
	})
}

// The body is the payload of a POST, whatever has named the function.
func TestFunctionFromThePlaceholderOfAPOST(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"My-lambda": echo})
		gw := start(t, g, []object{
			with(endpoint("/call-a-lambda/{lambda}", lambdaBackend(fromPath(api))), object{"method": "POST"}),
		}, options{})

		check(t, gw.post(t, "/call-a-lambda/my-lambda", `{"n":1}`), http.StatusOK, `{"n":1}`)
		if call := onlyCall(t, api, "My-lambda"); string(call.Payload) != `{"n":1}` {
			t.Errorf("got payload %s", call.Payload)
		}
	})
}

// In one piece, AWS would read the first part of such a name as an account, as a
// region, or as a part of an ARN.
func TestNameAndQualifierGoOutApart(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"123456789012": echo, "us-east-2": echo, "function": echo})
		gw := start(t, g, []object{
			endpoint("/f/{lambda}", lambdaBackend(with(fromPath(api), object{"function_name_case": "verbatim"}))),
		}, options{})

		for _, function := range []string{"123456789012", "us-east-2", "function"} {
			if got := gw.get(t, "/f/"+function+":victim"); got.status != http.StatusOK {
				t.Errorf("got %d %q", got.status, got.body)
			}
			if call := onlyCall(t, api, function); call.Qualifier != "victim" {
				t.Errorf("got qualifier %q, want victim", call.Qualifier)
			}
		}
	})
}

func TestPlaceholderMissing(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		gw := start(t, g, []object{
			endpoint("/other/{name}", lambdaBackend(fromPath(api), at("/other"))),
			// KrakenD capitalizes placeholders, so this is the param of another component. No
			// component sets it.
			endpoint("/lower/{lambda}", lambdaBackend(with(fromPath(api), object{"function_param_name": "lambda"}), at("/lower"))),
		}, options{})

		noPlaceholder := func(param string) string {
			return fmt.Sprintf("function_param_name: the endpoint has no placeholder for '%s', so another component, such as a Lua script, must set it", param)
		}
		warnings := map[string][]string{"Lambda": {noPlaceholder("Lambda")}, "lambda": {noPlaceholder("lambda") + `; did you mean 'Lambda'?`}}
		if !g.tellsEndpoint { // with a capital it may be a placeholder
			warnings = map[string][]string{"Lambda": {everyFunction}, "lambda": {noPlaceholder("lambda")}}
		}
		for _, tc := range []struct{ path, param string }{{"/other", "Lambda"}, {"/lower", "lambda"}} {
			if got := gw.get(t, tc.path+"/my-lambda"); got.status != http.StatusNotFound {
				t.Errorf("%s: got %d, want 404", tc.path, got.status)
			}
			want := fmt.Sprintf("the request has no param '%s' to name the function", tc.param)
			if errs := gw.Lines(t, "INFO", tc.path); len(errs) != 1 || errs[0] != want {
				t.Errorf("%s: got errors %q, want %q", tc.path, errs, want)
			}
			if got := gw.Lines(t, "WARNING", tc.path); !slices.Equal(got, warnings[tc.param]) {
				t.Errorf("%s: got warnings %q, want %q", tc.path, got, warnings[tc.param])
			}
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}

func TestNamesRefused(t *testing.T) {
	// These get as far as the backend.
	refused := []struct {
		name, segment string
		encoded       bool // see refusesEncodedParams
	}{
		{"ARN", "arn:aws:lambda:us-east-1:123456789012:function:victim", false},
		{"ARN with version", "arn:aws:lambda:us-east-1:123456789012:function:victim:1", false},
		{"ARN in capitals", "ARN:AWS:LAMBDA:US-EAST-1:123456789012:FUNCTION:VICTIM", false},
		{"ARN, escaped", "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Avictim", false},
		{"partial ARN", "123456789012:function:victim", false},
		{"empty qualifier", "victim:", false},
		{"empty name", ":live", false},
		{"colon", ":", false},
		{"two qualifiers", "victim:live:1", false},
		{"NUL", "%00", false},
		{"NUL at the end", "victim%00", false},
		{"line feed", "victim%0A", false},
		{"header", "victim%0D%0AX-Evil:1", false},
		{"space", "victim%20", false},
		{"dot", ".", false},
		{"two dots", "..", false},
		{"two dots, escaped", "%2E%2E", false},
		{"dotted name", "victim.live", false},
		{"dotted qualifier", "victim:v1.2", false},
		{"dotted qualifier, almost published", "victim:$LATEST.published", false},
		{"slash, escaped twice", "victim%252Finvocations", true},
		{"backslash", "..%5Cvictim", false},
		{"query", "victim%3FQualifier=live", true},
		{"fragment", "victim%23x", true},
		{"non-ASCII", "caf\xc3\xa9", false},
		{"non-ASCII, escaped", "caf%C3%A9", false},
		{"no UTF-8", "victim%FF", false},
		{"right-to-left override", "%E2%80%AEvictim", false},
		{"full width", "%EF%BD%96ictim", false},
		{"template", "%7B%7B.Lambda%7D%7D", false},
		{"65 characters", strings.Repeat("v", 65), false},
		{"qualifier of 129 characters", "victim:" + strings.Repeat("v", 129), false},
		{"10 KB", strings.Repeat("v", 10<<10), false},
	}
	// These get no further than net/http or KrakenD's router, which may redirect.
	stray := []struct{ name, segment string }{
		{"nothing", ""},
		{"slash", "%2F"},
		{"slash in the middle", "victim%2Finvocations"},
		{"slash at the end", "victim%2F"},
		{"path traversal", "..%2F..%2Fvictim"},
		{"two segments", "victim/live"},
		{"raw space", "a b"},
		{"raw NUL", "\x00"},
		{"bad escape", "%zz"},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"victim": echo, "Victim": echo})
		gw := start(t, g, []object{
			endpoint("/capitalized/{lambda}", lambdaBackend(fromPath(api), at("/capitalized"))),
			endpoint("/verbatim/{lambda}", lambdaBackend(with(fromPath(api), object{"function_name_case": "verbatim"}), at("/verbatim"))),
			endpoint("/allowed/{lambda}", lambdaBackend(with(fromPath(api), object{
				"allowed_functions": list{"*-own", "arn:aws:lambda:us-east-1:*:function:own", "*:function:own"},
			}), at("/allowed"))),
		}, options{})

		for _, prefix := range []string{"/capitalized", "/verbatim", "/allowed"} {
			for _, tc := range refused {
				t.Run(prefix[1:]+"/"+tc.name, func(t *testing.T) {
					before := len(gw.Lines(t, "INFO", prefix))
					got := gw.raw(t, http.MethodGet, prefix+"/"+tc.segment, "", "")
					if tc.encoded && g.refusesEncodedParams { // before there is a backend to ask
						check(t, got, http.StatusBadRequest, "error: encoded url params")
						if lines := gw.Lines(t, "INFO", prefix)[before:]; len(lines) != 0 {
							t.Errorf("got log %q for a request that is not the backend's", lines)
						}
						return
					}
					check(t, got, http.StatusNotFound, "")
					if got.header.Get("X-Krakend") == "" {
						t.Error("the answer is not the endpoint's")
					}
					// One line, which a name can neither break nor flood.
					lines := gw.Lines(t, "INFO", prefix)[before:]
					if len(lines) != 1 || !strings.HasPrefix(lines[0], "invalid function name '") || len(lines[0]) > 2<<10 {
						t.Errorf("got log %q", lines)
					}
				})
			}
			for _, tc := range stray {
				t.Run(prefix[1:]+"/"+tc.name, func(t *testing.T) {
					if got := gw.raw(t, http.MethodGet, prefix+"/"+tc.segment, "", ""); got.status < 300 || got.status > 499 {
						t.Errorf("got %d %q, want a redirect or a client's error", got.status, got.body)
					}
				})
			}
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}

func TestAllowedFunctions(t *testing.T) {
	const own, other = "arn:aws:lambda:us-east-1:123456789012:function:", "arn:aws:lambda:us-east-1:999999999999:function:"
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"Order-new": echo, "order-new": echo, "Basket": echo, "Anything": echo})
		limited := func(patterns ...any) object {
			return lambdaBackend(with(fromPath(api), object{"allowed_functions": patterns}))
		}
		gw := start(t, g, []object{
			endpoint("/names/{lambda}", limited("Order-*", "Basket")),
			endpoint("/arns/{lambda}", limited(own+"order-*", "123456789012:function:Basket")),
			endpoint("/any/{lambda}", limited("*")),
		}, options{})

		for _, tc := range []struct{ path, function, qualifier string }{ // no function: refused
			{"/names/order-new", "Order-new", ""},
			{"/names/order-new:live", "Order-new", "live"},
			{"/names/basket", "Basket", ""},
			{"/names/baskets", "", ""},
			{"/names/order", "", ""},
			{"/names/ORDER-new", "", ""},
			{"/names/x:Basket", "", ""},
			{"/names/" + own + "order-new", "", ""},
			{"/names/123456789012:function:Basket", "", ""},
			{"/arns/" + own + "order-new", "order-new", ""},
			{"/arns/" + own + "order-new:7", "order-new", "7"},
			{"/arns/123456789012:function:Basket", "Basket", ""},
			{"/arns/" + other + "order-new", "", ""},
			{"/arns/999999999999:function:Basket", "", ""},
			{"/arns/" + strings.Replace(own, "us-east-1", "eu-west-1", 1) + "order-new", "", ""},
			{"/arns/order-new", "", ""},
			{"/any/anything", "Anything", ""},
			{"/any/" + own + "order-new", "", ""},
			{"/any/123456789012:function:Basket", "", ""},
		} {
			api.Reset()
			got := gw.raw(t, http.MethodGet, tc.path, "", "")
			if tc.function == "" {
				check(t, got, http.StatusNotFound, "")
				if calls := api.Calls(); len(calls) != 0 {
					t.Errorf("%s: got calls %+v, want none", tc.path, calls)
				}
				continue
			}
			if got.status != http.StatusOK {
				t.Errorf("%s: got %d", tc.path, got.status)
			}
			if call := onlyCall(t, api, tc.function); call.Qualifier != tc.qualifier {
				t.Errorf("%s: got the qualifier %q, want %q", tc.path, call.Qualifier, tc.qualifier)
			}
		}
	})
}

// An operator sees at start what a client can reach, where nothing limits it.
func TestWarningOfWhatAClientCanReach(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		gw := start(t, g, []object{
			endpoint("/open/{lambda}", lambdaBackend(fromPath(api), at("/open"))),
			endpoint("/limited/{lambda}", lambdaBackend(with(fromPath(api), object{"allowed_functions": list{"A"}}), at("/limited"))),
			endpoint("/fixed", lambdaBackend(fixed(api, "f"), at("/fixed"))),
		}, options{})
		for path, want := range map[string]int{"/open": 1, "/limited": 0, "/fixed": 0} {
			lines := gw.Lines(t, "WARNING", path)
			if len(lines) != want || want == 1 && lines[0] != everyFunction {
				t.Errorf("%s: got %q, want %d lines", path, lines, want)
			}
		}
	})
}
