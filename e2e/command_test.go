package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a gateway's program to its end. The environment has credentials, an AWS region, and an STS
// that must not be called.
func run(t *testing.T, g gateway, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	sts := newForbidden(t)
	cmd := g.Command(t, []string{
		"AWS_ACCESS_KEY_ID=" + accessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + secretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_REGION=eu-west-1",
		"AWS_ENDPOINT_URL_STS=" + sts,
	}, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), status
}

// writeConfig writes a krakend.json with these endpoints, spelled as in version 2.
func writeConfig(t *testing.T, g gateway, endpoints []object) (file string) {
	t.Helper()
	if g.Version == 3 {
		endpoints = inVersion3(endpoints)
	}
	content, err := json.Marshal(object{"version": g.Version, "port": 8080, "listen_ip": "127.0.0.1", "endpoints": endpoints})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "krakend.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// -check reports the mistakes of a configuration, and makes no calls.
func TestCheck(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		url := newForbidden(t)
		function := func(settings object) object {
			return object{"extra_config": object{lambdaNamespace: with(object{"endpoint": url}, settings)}}
		}
		http := httpBackend(url, "/x")
		good := []object{
			endpoint("/fixed", function(object{"function_name": "orders", "qualifier": "live"})),
			endpoint("/orders/{id}/of/{customer}", function(object{"function_param_name": "Id"})),
			endpoint("/merged", function(object{"function_name": "a"}), http, function(object{"function_name": "b", "invocation_type": "Event"})),
			endpoint("/http", http),
			endpoint("/posted", function(object{
				"function_name": "f",
				"assume_role":   object{"role_arn": "arn:aws:iam::123456789012:role/invoke"},
			})),
		}
		good[4]["method"] = "POST"
		table := []string{
			"ENDPOINT                        INVOKES",
			"GET /fixed                      function orders:live, region eu-west-1, endpoint " + url,
			"GET /orders/{id}/of/{customer}  function from the param Id, the name's first letter put into upper case (function_name_case), region eu-west-1, endpoint " + url + ", every name allowed",
			"GET /merged                     function a, region eu-west-1, endpoint " + url,
			"GET /merged                     function b, region eu-west-1, endpoint " + url + ", invocation type Event",
			"POST /posted                    function f, region eu-west-1, endpoint " + url + ", role arn:aws:iam::123456789012:role/invoke",
		}

		unsetClaims := []string{
			"GET /a: tenant_id: {JWT.tenant} has no value: add it to a url_pattern of the endpoint, such as /?claim={JWT.tenant}, so that KrakenD sets the claim",
			"GET /a: tenant_id: {JWT.sub} has no value: ",
			"GET /a: durable_execution_name: {JWT.sub} has no value: ",
			"krakend: Lambda backends: 2, errors: 0, warnings: 3\n",
		}
		if g.setsClaims {
			unsetClaims = []string{"krakend: Lambda backends: 2, errors: 0, warnings: 0\n"}
		}
		for _, tc := range []struct {
			name      string
			endpoints []object
			status    int
			stdout    []string
			stderr    []string // lines or parts of them, in any order; nothing else is at level ERROR
		}{
			{"good", good, 0, table, []string{"a request can name every function in eu-west-1", "krakend: Lambda backends: 5, errors: 0, warnings: 1\n"}},
			{"no Lambda", []object{endpoint("/http", http)}, 0, nil, []string{"krakend: Lambda backends: 0, errors: 0, warnings: 0\n"}},
			{
				"a bad Lambda backend",
				[]object{
					endpoint("/a", function(object{"function_name": "f", "max_retries": "1", "profile": ""})),
					endpoint("/b", function(object{"function_name": "f"})),
				},
				1,
				[]string{
					"ENDPOINT  INVOKES",
					`GET /a    nothing, bad configuration: max_retries: must be an integer, is the string '1'; profile: must not be empty`,
					"GET /b    function f, region eu-west-1, endpoint " + url,
				},
				[]string{
					`][Lambda] bad configuration: max_retries: must be an integer, is the string '1'; profile: must not be empty; each request to `,
					"krakend: bad configuration of 1 of 2 Lambda backends",
				},
			},
			{
				"claims of templates",
				[]object{
					endpoint("/a", with(function(object{"function_name": "f:7", "tenant_id": "{JWT.tenant}-{JWT.sub}", "durable_execution_name": "{JWT.sub}"}), object{"url_pattern": "/"})),
					endpoint("/b", with(function(object{"function_name": "f:7", "tenant_id": "{JWT.tenant}"}), object{"url_pattern": "/"}), httpBackend(url, "/x?tenant={JWT.tenant}")),
				},
				0,
				[]string{
					"ENDPOINT  INVOKES",
					"GET /a    function f:7, region eu-west-1, endpoint " + url + `, tenant '{JWT.tenant}-{JWT.sub}', durable execution '{JWT.sub}'`,
					"GET /b    function f:7, region eu-west-1, endpoint " + url + `, tenant '{JWT.tenant}'`,
				},
				unsetClaims,
			},
			{
				"headers and query strings of templates",
				[]object{
					with(endpoint("/a", with(function(object{"function_name": "f:7", "tenant_id": "{input_headers.x-tenant}-{input_query_strings.tenant}"}), object{"url_pattern": "/"})), object{"headers_to_pass": list{"X-Tenant"}, "querystring_params": list{"tenant"}}),
					with(endpoint("/b", with(function(object{"function_name": "f:7", "tenant_id": "{input_headers.X-Tenant}-{input_query_strings.tenant}"}), object{"url_pattern": "/"})), object{"headers_to_pass": list{"*"}, "querystring_params": list{"*"}}),
					endpoint("/c", with(function(object{"function_name": "f:7", "tenant_id": "{input_headers.User-Agent}-{input_headers.content-type}"}), object{"url_pattern": "/"})),
					endpoint("/d", with(function(object{"function_name": "f:7", "durable_execution_name": "{input_headers.Idempotency-Key}:{input_query_strings.key}"}), object{"url_pattern": "/"})),
				},
				0,
				[]string{
					"ENDPOINT  INVOKES",
					"GET /a    function f:7, region eu-west-1, endpoint " + url + `, tenant '{input_headers.x-tenant}-{input_query_strings.tenant}'`,
					"GET /b    function f:7, region eu-west-1, endpoint " + url + `, tenant '{input_headers.X-Tenant}-{input_query_strings.tenant}'`,
					"GET /c    function f:7, region eu-west-1, endpoint " + url + `, tenant '{input_headers.User-Agent}-{input_headers.content-type}'`,
					"GET /d    function f:7, region eu-west-1, endpoint " + url + `, durable execution '{input_headers.Idempotency-Key}:{input_query_strings.key}'`,
				},
				[]string{
					"GET /d: durable_execution_name: {input_headers.Idempotency-Key} has no value: add Idempotency-Key to the input_headers (headers_to_pass on KrakenD 1.x) of the endpoint, and to those of the backend if it has any",
					"GET /d: durable_execution_name: {input_query_strings.key} has no value: add key to the input_query_strings (querystring_params on KrakenD 1.x) of the endpoint",
					"krakend: Lambda backends: 4, errors: 0, warnings: 2\n",
				},
			},
			{
				"an unknown key",
				[]object{endpoint("/a", function(object{"function_name": "f", "max_retry": 1}))},
				0,
				[]string{"ENDPOINT  INVOKES", "GET /a    function f, region eu-west-1, endpoint " + url},
				[]string{
					`][Lambda] unknown key 'max_retry' is ignored; did you mean 'max_retries'?`,
					"krakend: Lambda backends: 1, errors: 0, warnings: 1\n",
				},
			},
			{
				"an endpoint that KrakenD leaves out",
				[]object{with(endpoint("/a", http), object{"method": "TEAPOT"})},
				1,
				nil,
				[]string{"Unsupported method", "krakend: bad configuration, see the log"},
			},
			{
				"endpoints in each other's way",
				[]object{endpoint("/a/{id}", function(object{"function_name": "f"})), endpoint("/a/{other}", http)},
				1,
				nil,
				[]string{"krakend: bad configuration: ", "':other'"},
			},
			{
				"a namespace that is misspelled",
				[]object{endpoint("/a/{id}", object{"extra_config": object{"backend/lamda": object{"function_name": "f"}}})},
				1,
				nil,
				[]string{"GET /a/{id}: a backend has neither a host nor a function: add a host, or correct the namespace in its extra_config", "krakend: bad configuration, see the log"},
			},
			{
				"an invalid host",
				[]object{endpoint("/a", object{"host": list{"no host"}, "url_pattern": "/"})},
				1,
				nil,
				[]string{"invalid host"},
			},
		} {
			t.Run(tc.name, func(t *testing.T) {
				stdout, stderr, status := run(t, g, "-check", "-c", writeConfig(t, g, tc.endpoints))
				if status != tc.status {
					t.Errorf("got the exit status %d, want %d", status, tc.status)
				}
				if want := strings.Join(append(tc.stdout, ""), "\n"); stdout != want {
					t.Errorf("got on standard output:\n%swant:\n%s", stdout, want)
				}
				for _, want := range tc.stderr {
					if !strings.Contains(stderr, want) {
						t.Errorf("no %q on standard error:\n%s", want, stderr)
					}
				}
				if tc.status == 0 && strings.Contains(stderr, "ERROR") {
					t.Errorf("got on standard error:\n%s", stderr)
				}
			})
		}
	})
}

// A check enables nothing: that would look up credentials sooner or later.
func TestCheckEnablesNothing(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		settings := object{"function_name": "f", "endpoint": newForbidden(t)}
		_, stderr, status := run(t, g, "-check", "-d", "-c", writeConfig(t, g, []object{endpoint("/a", lambdaBackend(settings))}))
		if status != 0 || !strings.Contains(stderr, "Component checked, not enabled: function f") || strings.Contains(stderr, "Component enabled") {
			t.Errorf("got the exit status %d and %s", status, stderr)
		}
	})
}

// What only warns: it ends with 0, and names the endpoint or the backend.
func TestCheckWarnings(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		url := newForbidden(t)
		function := func(settings, more object) object {
			return with(object{"extra_config": object{lambdaNamespace: with(object{"endpoint": url}, settings)}}, more)
		}
		event := func(format string) object {
			return function(object{"function_name": "f", "payload_format": format}, nil)
		}
		accepting := func(method, path string, headers list, backends ...object) object {
			return with(endpoint(path, backends...), object{"method": method, "headers_to_pass": headers})
		}
		const (
			untyped = ": bodies reach a function without their Content-Type, so it cannot tell what they are: add Content-Type to the input_headers (headers_to_pass on KrakenD 1.x) of the endpoint, and to those of the backend if it has any"
			foreign = "function_param_name: the endpoint has no placeholder for "
		)
		authorization := list{"Authorization"}
		var untypedByBackends []string
		if g.limitsHeaders {
			untypedByBackends = []string{"POST /a" + untyped, "POST /b" + untyped}
		}
		for _, tc := range []struct {
			name      string
			endpoints []object
			want      []string // parts of the warnings, in any order
		}{
			{
				"bodies without a type",
				[]object{
					accepting("POST", "/a/{id}", authorization, event("2.0")),
					accepting("PUT", "/b", list{"X-Content-Type"}, event("1.0")),
					accepting("PATCH", "/c", authorization, event("alb")),
					accepting("GET", "/d", authorization, function(object{"function_name": "f", "payload_format": "2.0"}, object{"method": "POST"})),
				},
				[]string{"POST /a/{id}" + untyped, "PUT /b" + untyped, "PATCH /c" + untyped, "GET /d" + untyped},
			},
			{
				"bodies with a type, or none",
				[]object{
					accepting("POST", "/a", list{}, event("2.0")),
					accepting("POST", "/b", list{"Authorization", "content-type"}, event("2.0")),
					accepting("POST", "/c", list{"*"}, event("2.0")),
					accepting("POST", "/d", authorization, event("simple")),
					accepting("POST", "/e", authorization, httpBackend(url, "/x")),
					accepting("GET", "/f", authorization, event("2.0")),
					accepting("DELETE", "/g", authorization, event("2.0")),
					accepting("POST", "/h", authorization, function(object{"function_name": "f", "payload_format": "2.0"}, object{"method": "GET"})),
				},
				nil,
			},
			{
				"lists of headers that backends have",
				[]object{
					accepting("POST", "/a", list{"*"}, with(event("2.0"), object{"headers_to_pass": list{"X-Tea"}})),
					accepting("POST", "/b", list{}, with(event("2.0"), object{"headers_to_pass": list{"*"}})),
					accepting("POST", "/c", list{"*"}, with(event("2.0"), object{"headers_to_pass": list{"X-Tea", "content-type"}})),
				},
				untypedByBackends,
			},
			{
				"params without a placeholder",
				[]object{
					endpoint("/a/{lambda}", function(object{"function_param_name": "Lambda_handler", "allowed_functions": list{"*"}}, nil)),
					endpoint("/b/{lambda}", function(object{"function_param_name": "lambda", "allowed_functions": list{"*"}}, nil)),
				},
				[]string{foreign + `'Lambda_handler', so another component, such as a Lua script, must set it`, foreign + "'lambda'"},
			},
			{
				"placeholders, and params of KrakenD's own",
				[]object{
					endpoint("/a/{lambda}", function(object{"function_param_name": "Lambda", "allowed_functions": list{"*"}}, nil)),
					endpoint("/b/{Name}/{x}", function(object{"function_param_name": "Name", "allowed_functions": list{"*"}}, nil), function(object{"function_name": "f"}, nil)),
					endpoint("/c", function(object{"function_param_name": "JWT.shop", "allowed_functions": list{"*"}}, nil)),
					endpoint("/d", function(object{"function_param_name": "Resp0_shop", "allowed_functions": list{"*"}}, nil)),
				},
				nil,
			},
		} {
			t.Run(tc.name, func(t *testing.T) {
				_, stderr, status := run(t, g, "-check", "-c", writeConfig(t, g, tc.endpoints))
				if status != 0 || strings.Count(stderr, "WARNING") != len(tc.want) || !strings.Contains(stderr, fmt.Sprintf(", errors: 0, warnings: %d\n", len(tc.want))) {
					t.Errorf("got the exit status %d, want 0 and %d warnings:\n%s", status, len(tc.want), stderr)
				}
				for _, want := range tc.want {
					if !strings.Contains(stderr, want) {
						t.Errorf("no %q on standard error:\n%s", want, stderr)
					}
				}
			})
		}
	})
}

func TestCheckFile(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		broken := filepath.Join(t.TempDir(), "broken.json")
		if err := os.WriteFile(broken, []byte(`{"version": 2,`), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{broken, filepath.Join(t.TempDir(), "none.json")} {
			if stdout, stderr, status := run(t, g, "-check", "-c", file); status != 1 || stdout != "" || !strings.Contains(stderr, filepath.Base(file)) {
				t.Errorf("%s: got the exit status %d, %q and %q", file, status, stdout, stderr)
			}
		}
	})
}

// KrakenD 1.x does not know the short name of the namespace, and says so.
func TestNamespaceOfKrakenD2(t *testing.T) {
	eachGatewayThat(t, func(g gateway) bool { return !g.shortNamespaces }, func(t *testing.T, g gateway) {
		backend := httpBackend(newForbidden(t), "/x", object{"extra_config": object{"backend/lambda": object{"function_name": "f"}}})
		_, stderr, status := run(t, g, "-check", "-c", writeConfig(t, g, []object{endpoint("/a", backend)}))
		if want := " calls its host and no function: rename the key to github.com/devopsfaith/krakend-lambda"; status != 0 || !strings.Contains(stderr, want) {
			t.Errorf("got the exit status %d and %q, want %q", status, stderr, want)
		}
	})
}

// A gateway that starts shows the table as well.
func TestTableAtStart(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{endpoint("/a/{id}", lambdaBackend(fixed(api, "f")))}, options{Quiet: true})
		for _, want := range []string{"ENDPOINT     INVOKES\n", "GET /a/{id}  function f, region us-east-1, endpoint " + api.URL + "\n"} {
			if !strings.Contains(gw.Log(t), want) {
				t.Errorf("no %q in the log:\n%s", want, gw.Log(t))
			}
		}
	})
}
