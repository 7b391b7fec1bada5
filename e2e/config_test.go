package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A bad configuration fails closed: it is logged when the gateway starts, in one
// line, and each request is a 500. Neither AWS nor the backend's host is called.
func TestBadConfiguration(t *testing.T) {
	const (
		oneOfThem = "function_name, function_param_name: "
		notAURL   = "endpoint: must be an http or https URL such as http://127.0.0.1:4566"
		notAName  = " is not a function: write a name, name:qualifier, a partial ARN or an ARN"
	)
	cases := []struct {
		name     string
		settings any    // besides an endpoint, where it is an object
		want     string // what the log line says is wrong
	}{
		{"both names", object{"function_name": "f", "function_param_name": "Lambda"}, oneOfThem + "set only one of them"},
		{"both names, one wrong", object{"function_name": 1, "function_param_name": "Lambda"}, "function_name: must be a string, is the number 1; " + oneOfThem + "set only one of them"},
		{"no name", object{}, oneOfThem + "set one of them"},
		{"no name, but a misspelled one", object{"function": "f"}, oneOfThem + "set one of them"},
		{"comments only", object{"@function_name": "f", "$x": 1, "_y": 2, "#z": 3}, oneOfThem + "set one of them"},

		{"null", nil, "the configuration must be an object, is null"},
		{"list", list{"f"}, "the configuration must be an object, is a list"},
		{"string", "my-lambda", `the configuration must be an object, is the string 'my-lambda'`},
		{"number", 1.5, "the configuration must be an object, is the number 1.5"},
		{"boolean", true, "the configuration must be an object, is true"},

		{"function_name null", object{"function_name": nil}, "function_name: must be a string, is null"},
		{"function_name empty", object{"function_name": ""}, "function_name: must not be empty"},
		{"function_name a number", object{"function_name": 7}, "function_name: must be a string, is the number 7"},
		{"function_name a list", object{"function_name": list{"f"}}, "function_name: must be a string, is a list"},
		{"function_name an object", object{"function_name": object{"f": "g"}}, "function_name: must be a string, is an object"},
		{"function_name with a space", object{"function_name": "my lambda"}, `function_name: 'my lambda'` + notAName},
		{"function_name a placeholder", object{"function_name": "{lambda}"}, `function_name: '{lambda}'` + notAName},
		{"function_name a path", object{"function_name": "../f"}, `function_name: '../f'` + notAName},
		{"function_name too long", object{"function_name": strings.Repeat("f", 65)}, "function_name: '" + strings.Repeat("f", 65) + "'" + notAName},
		{"function_name an ARN of another service", object{"function_name": "arn:aws:s3:::bucket"}, `function_name: 'arn:aws:s3:::bucket'` + notAName},
		{"function_name of two readings", object{"function_name": "123456789012:f"}, `function_name: '123456789012:f' is ambiguous: AWS takes '123456789012' for a part of an ARN, so write the whole ARN`},
		{"function_param_name empty", object{"function_param_name": ""}, "function_param_name: must not be empty"},
		{"function_param_name a number", object{"function_param_name": 7}, "function_param_name: must be a string, is the number 7"},

		{"function_name_case unknown", object{"function_param_name": "Lambda", "function_name_case": "upper"}, `function_name_case: must be 'capitalized' or 'verbatim', is 'upper'`},
		{"function_name_case a boolean", object{"function_param_name": "Lambda", "function_name_case": true}, "function_name_case: must be a string, is true"},

		{"region with a space", object{"function_name": "f", "region": "us west"}, `region: 'us west' is not a region`},
		{"region with a host", object{"function_name": "f", "region": "evil.example/"}, `region: 'evil.example/' is not a region`},
		{"region empty", object{"function_name": "f", "region": ""}, "region: must not be empty"},
		{"region not the ARN's", object{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "region": "us-east-1"}, `region: must be 'eu-west-1', the region of the function's ARN, is 'us-east-1'`},
		{"region nowhere", object{"function_name": "f", "region": absent}, "region: missing: set this key, AWS_REGION, AWS_DEFAULT_REGION or the region of the shared AWS config"},

		{"endpoint empty", object{"function_name": "f", "endpoint": ""}, "endpoint: must not be empty"},
		{"endpoint a number", object{"function_name": "f", "endpoint": 4566}, "endpoint: must be a string, is the number 4566"},
		{"endpoint without scheme", object{"function_name": "f", "endpoint": "localhost:4566"}, notAURL + `, is 'localhost:4566'`},
		{"endpoint with another scheme", object{"function_name": "f", "endpoint": "ftp://localhost"}, notAURL + `, is 'ftp://localhost'`},
		{"endpoint without host", object{"function_name": "f", "endpoint": "http://:4566"}, notAURL + `, is 'http://:4566'`},
		{"endpoint that is not a URL", object{"function_name": "f", "endpoint": "http://%zz"}, notAURL + "; this one cannot be parsed"},
		{"endpoint with a password", object{"function_name": "f", "endpoint": "http://me:hunter2@localhost"}, "endpoint: must not carry a user or a password"},
		{"endpoint with a query", object{"function_name": "f", "endpoint": "http://localhost?token=hunter2"}, "endpoint: must not have a query or a fragment"},
		{"endpoint with a bad port", object{"function_name": "f", "endpoint": "http://localhost:99999"}, `endpoint: has the port '99999', which is not a number from 1 to 65535`},

		{"max_retries a string", object{"function_name": "f", "max_retries": "1"}, `max_retries: must be an integer, is the string '1'`},
		{"max_retries a fraction", object{"function_name": "f", "max_retries": 1.5}, "max_retries: must be an integer, is the number 1.5"},
		{"max_retries null", object{"function_name": "f", "max_retries": nil}, "max_retries: must be an integer, is null"},
		{"max_retries below -1", object{"function_name": "f", "max_retries": -2}, "max_retries: must be -1 or more, is -2"},
		{"max_retries beyond all bounds", object{"function_name": "f", "max_retries": 1e12}, "max_retries: is out of range"},

		// An operator who sets one of these relies on its effect.
		{"allowed_functions", object{"function_param_name": "Lambda", "allowed_functions": list{"a:live"}}, `allowed_functions: 'a:live' has a qualifier: write the pattern without it`},
		{"assume_role", object{"function_name": "f", "assume_role": object{}}, "assume_role: role_arn: missing"},
		{"profile", object{"function_name": "f", "profile": ""}, "profile: must not be empty"},
		{"function_error_status", object{"function_name": "f", "function_error_status": object{"NotFound": 200}}, `function_error_status: 'NotFound': must be 400 to 599, is 200`},
		{"retry_function_errors", object{"function_name": "f", "retry_function_errors": "yes"}, `retry_function_errors: must be true or false, is the string 'yes'`},
		{"max_reply_bytes", object{"function_name": "f", "max_reply_bytes": 7000000}, "max_reply_bytes: must be at most 6291556, Lambda's limit without stream, is 7000000"},

		{"several at once", object{"max_retries": "many", "endpoint": 1, "region": "?"},
			`endpoint: must be a string, is the number 1; max_retries: must be an integer, is the string 'many'; ` + oneOfThem + `set one of them; region: '?' is not a region`},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo, "F": echo})
		host := newForbidden(t)
		var endpoints []object
		for i, tc := range cases {
			settings := tc.settings
			if o, ok := settings.(object); ok {
				o = with(object{"region": "us-east-1", "endpoint": api.URL}, o)
				if o["region"] == absent {
					delete(o, "region")
				}
				settings = o
			}
			path := fmt.Sprint("/", i)
			endpoints = append(endpoints, endpoint(path+"/{lambda}", httpBackend(host, path, lambdaBackend(settings))))
		}
		gw := start(t, g, endpoints, options{})

		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				path := fmt.Sprint("/", i)
				checkFailsClosed(t, g, gw.Lines(t, "ERROR", path), tc.want, http.MethodGet, path+"/:lambda")
				if got := gw.Lines(t, "DEBUG", path); len(got) != 0 {
					t.Errorf("got %q, want no sign of a component that works", got)
				}
				for range 2 {
					got := gw.get(t, path+"/f")
					check(t, got, http.StatusInternalServerError, "")
					checkNothingLeaks(t, got)
				}
				if got := gw.Lines(t, "ERROR", path); len(got) != 1 {
					t.Errorf("got errors %q after requests, want no more", got)
				}
			})
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
		if strings.Contains(gw.Log(t), "hunter2") {
			t.Error("the log has a secret of an endpoint's")
		}
	})
}

// checkFailsClosed checks the one line that a bad configuration is worth. The
// endpoint is spelled as KrakenD's routers take it.
func checkFailsClosed(t *testing.T, g gateway, got []string, what, method, endpoint string) {
	t.Helper()
	where := "this " + method + " backend" // and what else tells it from others
	if g.tellsEndpoint {
		where = method + " " + endpoint + " gets a 500"
	}
	want := "bad configuration: " + what + "; each request to " + where
	if len(got) != 1 || !strings.HasPrefix(got[0], want) || !strings.HasSuffix(got[0], " gets a 500") {
		t.Errorf("got errors %q, want one that begins\n%q and ends in a 500", got, want)
	}
}

// A backend may have the namespace under either of its names, and not under both.
func TestShortNamespace(t *testing.T) {
	eachGatewayThat(t, func(g gateway) bool { return g.shortNamespaces }, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo, "My-lambda": echo})
		host := newForbidden(t)
		short := func(settings object) object { return object{shortNamespace: settings} }
		gw := start(t, g, []object{
			endpoint("/short/{id}", object{"extra_config": short(fixed(api, "f"))}),
			endpoint("/named/{lambda}", object{"extra_config": short(fromPath(api))}),
			endpoint("/bad", httpBackend(host, "/bad", object{"extra_config": short(object{})})),
			endpoint("/both", httpBackend(host, "/both", lambdaBackend(fixed(api, "f"), object{"extra_config": short(fixed(api, "f"))}))),
		}, options{})

		check(t, gw.get(t, "/short/1"), http.StatusOK, `{"id":"1"}`)
		check(t, gw.get(t, "/named/my-lambda"), http.StatusOK, `{"lambda":"my-lambda"}`)
		api.Reset()
		for path, want := range map[string]string{
			"/bad":  "function_name, function_param_name: set one of them",
			"/both": "backend/lambda, github.com/devopsfaith/krakend-lambda: set only one of them",
		} {
			check(t, gw.get(t, path), http.StatusInternalServerError, "")
			checkFailsClosed(t, g, gw.Lines(t, "ERROR", path), want, http.MethodGet, path)
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}

// absent takes a key out of what a test would set.
const absent = "(absent)"

func TestConcurrentCalls(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		// The first answer ends the other calls, so two have to meet before there is one.
		meet := make(chan struct{})
		post := handler(func(ctx context.Context, payload []byte) ([]byte, error) {
			select {
			case meet <- struct{}{}:
			case <-meet:
			case <-ctx.Done():
			}
			return payload, nil
		})
		api := newLambda(t, map[string]any{"get": replies(`{"done":true}`), "post": post})
		gw := start(t, g, []object{
			with(endpoint("/get", lambdaBackend(fixed(api, "get"), at("/get"))), object{"concurrent_calls": 3}),
			with(endpoint("/post", lambdaBackend(fixed(api, "post"), at("/post"))), object{"method": "POST", "concurrent_calls": 2}),
		}, options{})

		check(t, gw.get(t, "/get"), http.StatusOK, `{"done":true}`)
		want := []string{"concurrent_calls: each request executes the function 3 times"}
		if got := gw.Lines(t, "WARNING", "/get"); !slices.Equal(got, want) {
			t.Errorf("got warnings %q, want %q", got, want)
		}

		if g.copiesBodies {
			check(t, gw.post(t, "/post", `{"n":1}`), http.StatusOK, `{"n":1}`)
			calls := callsOf(api, "post")
			if len(calls) != 2 || string(calls[0].Payload) != `{"n":1}` || string(calls[1].Payload) != `{"n":1}` {
				t.Errorf("got calls %+v, want two with the body", calls)
			}
			want = []string{"concurrent_calls: each request executes the function 2 times"}
			if got := gw.Lines(t, "WARNING", "/post"); !slices.Equal(got, want) {
				t.Errorf("got warnings %q, want %q", got, want)
			}
			return
		}
		// The one body that KrakenD 1.x has for all of them would be torn between them.
		check(t, gw.post(t, "/post", `{"n":1}`), http.StatusInternalServerError, "")
		checkFailsClosed(t, g, gw.Lines(t, "ERROR", "/post"), "concurrent_calls: must be 1 for POST, is 2, because all calls would read the same body", http.MethodPost, "/post")
		if calls := callsOf(api, "post"); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}

func TestConfigurationWithWarnings(t *testing.T) {
	cases := []struct {
		name     string
		settings object
		want     []string
	}{
		{"nothing to warn of", nil, nil},
		{"comments", object{"@comment": 1, "$schema": 2, "_": 3, "#": 4}, nil},
		{"an empty key", object{"": 5}, []string{`unknown key '' is ignored`}},
		{"misspelled", object{"max_retry": 1}, []string{`unknown key 'max_retry' is ignored; did you mean 'max_retries'?`}},
		{"in another case", object{"Region": "x"}, []string{`unknown key 'Region' is ignored; did you mean 'region'?`}},
		{"with hyphens", object{"max-retries": 1}, []string{`unknown key 'max-retries' is ignored; did you mean 'max_retries'?`}},
		{"like no other", object{"colour": "red"}, []string{`unknown key 'colour' is ignored`}},
		{"on two lines", object{"a\nb": 1}, []string{"unknown key 'a b' is ignored"}},
		{"no known region", object{"region": "us-west1"}, []string{`region: 'us-west1' does not look like a region such as us-west-2`}},
		{"no effect", object{"function_name_case": "verbatim"}, []string{"function_name_case: has no effect on function_name, which is never changed"}},
		{"several", object{"regoin": "x", "colour": 1, "region": "local"}, []string{
			`unknown key 'colour' is ignored`,
			`unknown key 'regoin' is ignored; did you mean 'region'?`,
			`region: 'local' does not look like a region such as us-west-2`,
		}},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		host := newForbidden(t)
		var endpoints []object
		for i, tc := range cases {
			path := fmt.Sprint("/", i)
			endpoints = append(endpoints, endpoint(path, httpBackend(host, path, lambdaBackend(with(fixed(api, "f"), tc.settings)))))
		}
		gw := start(t, g, endpoints, options{})

		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				path := fmt.Sprint("/", i)
				if got := gw.Lines(t, "WARNING", path); !slices.Equal(got, tc.want) {
					t.Errorf("got warnings %q, want %q", got, tc.want)
				}
				check(t, gw.get(t, path), http.StatusOK, `{}`)
				if got := gw.Lines(t, "ERROR", path); len(got) != 0 {
					t.Errorf("got errors %q", got)
				}
			})
		}
	})
}

// A gateway whose build knows Lambda backends is silent about all others.
func TestBackendsWithoutTheNamespace(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		host := jsonHost(t, `{"http":true}`)
		gw := start(t, g, []object{
			endpoint("/http", httpBackend(host, "/")),
			endpoint("/extra", httpBackend(host, "/", detailsAsX)),
		}, options{})

		check(t, gw.get(t, "/http"), http.StatusOK, `{"http":true}`)
		check(t, gw.get(t, "/extra"), http.StatusOK, `{"http":true}`)
		if log := gw.Log(t); strings.Contains(log, "[Lambda]") || strings.Contains(log, "AWS") {
			t.Error("the log speaks of Lambda")
		}
	})
}
