package docstest

import (
	"strings"
	"testing"
)

// started returns the Service of a page with one section.
func started(t *testing.T, blocks ...string) Service {
	t.Helper()
	sections, err := Parse("p.md", strings.Join(blocks, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range sections[0].errs {
		t.Error(err)
	}
	return sections[0].service.started("http://api")
}

func block(text string) string { return "```json\n" + text + "\n```" }

func TestServiceOfASection(t *testing.T) {
	const f = `{"extra_config": {"backend/lambda": {"function_name": "f"}}}`
	for name, tc := range map[string]struct{ blocks, endpoints, keys string }{
		"an endpoint": {
			blocks:    block(`{"endpoint": "/a", "backend": [` + f + `]}`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/a"}]`,
		},
		"endpoints": {
			blocks: block(`[{"endpoint": "/a", "backend": [` + f + `]}, {"endpoint": "/b", "backend": [` + f + `]}]`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/a"},` +
				`{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/b"}]`,
		},
		"a krakend.json": {
			blocks: block(`{"$schema": "x", "version": 3, "name": "n", "port": 80, "host": ["http://x"], "listen_ip": "::",
				"extra_config": {"router": {"return_error_msg": true}}, "endpoints": [{"endpoint": "/a", "backend": [` + f + `]}]}`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/a"}]`,
			keys:      `{"$schema":"x","extra_config":{"github_com/luraproject/lura/router/gin":{"return_error_msg":true}},"name":"n"}`,
		},
		"members of a backend": {
			blocks:    block(`"encoding": "string", "extra_config": {"backend/lambda": {"function_name": "f"}}`),
			endpoints: `[{"backend":[{"encoding":"string","extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/"}]`,
		},
		"backends": {
			blocks: block(f) + "\n" + block(f),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/"},` +
				`{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/2"}]`,
		},
		"the namespace": {
			blocks:    block(`"github.com/devopsfaith/krakend-lambda": {"function_name": "f", "endpoint": "http://localhost:4566"}`),
			endpoints: `[{"backend":[{"extra_config":{"github.com/devopsfaith/krakend-lambda":{"endpoint":"http://api","function_name":"f"}}}],"endpoint":"/"}]`,
		},
		"the namespace, with a placeholder": {
			blocks:    block(`"backend/lambda": {"function_param_name": "Lambda"}`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_param_name":"Lambda"}}}],"endpoint":"/{lambda}"}]`,
		},
		"the namespace, with another param": {
			blocks:    block(`"backend/lambda": {"function_param_name": "canary"}`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_param_name":"canary"}}}],"endpoint":"/"}]`,
		},
		"an endpoint that is wrong": {
			blocks: "This is wrong:\n" + block(`"backend/lambda": {"function_name": "f", "endpoint": "localhost"}`) +
				"\nThe gateway logs:\n```text\nERROR\n```",
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"localhost","function_name":"f"}}}],"endpoint":"/"}]`,
		},
		"an extra_config for backend, endpoint and gateway": {
			blocks: block(`{"endpoint": "/a", "backend": [`+f+`]}`) + "\n" +
				block(`"extra_config": {"backend/http": {"return_error_code": true}, "proxy": {"sequential": true}, "router": {"return_error_msg": true}}`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"f"},` +
				`"github.com/devopsfaith/krakend/http":{"return_error_code":true}}}],"endpoint":"/a","extra_config":{"github.com/devopsfaith/krakend/proxy":{"sequential":true}}}]`,
			keys: `{"extra_config":{"github_com/luraproject/lura/router/gin":{"return_error_msg":true}}}`,
		},
		"an extra_config alone": {
			blocks: block(`"extra_config": {"backend/http": {"return_error_code": true}}`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"lambda-function"},` +
				`"github.com/devopsfaith/krakend/http":{"return_error_code":true}}}],"endpoint":"/"}]`,
		},
		"keys": {
			blocks:    block(`"max_idle_connections_per_host": 250, "read_timeout": "10s"`) + "\n" + block(`"write_timeout": "1m"`),
			endpoints: `[{"backend":[{"extra_config":{"backend/lambda":{"endpoint":"http://api","function_name":"lambda-function"}}}],"endpoint":"/"}]`,
			keys:      `{"max_idle_connections_per_host":250,"read_timeout":"10s","write_timeout":"1m"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := started(t, tc.blocks)
			var endpoints list
			for _, e := range got.Endpoints {
				endpoints = append(endpoints, e)
			}
			if got := encode(endpoints); got != tc.endpoints {
				t.Errorf("got the endpoints\n%s\nwant\n%s", got, tc.endpoints)
			}
			if tc.keys == "" {
				tc.keys = "{}"
			}
			if got := encode(got.Keys); got != tc.keys {
				t.Errorf("got the keys %s, want %s", got, tc.keys)
			}
		})
	}
}

func TestVersion2(t *testing.T) {
	got := started(t, block(`{
		"endpoint": "/a/{id}", "input_headers": ["X-A"], "input_query_strings": ["b"],
		"extra_config": {
			"validation/cel": [{"check_expr": "true"}],
			"qos/ratelimit/router": {"max_rate": 1, "client_max_rate": 2, "strategy": "ip"},
			"modifier/lua-proxy": {"pre": "x"}
		},
		"backend": [{
			"allow": ["a"], "deny": ["b"], "mapping": {"allow": "max_rate"},
			"extra_config": {
				"backend/lambda": {"function_name": "f"},
				"qos/circuit-breaker": {"max_errors": 1, "log_status_change": true, "name": "max_errors"},
				"qos/ratelimit/proxy": {"max_rate": 1, "capacity": 1},
				"modifier/lua-backend": {"pre": "y"}
			}
		}]
	}`)).Version2()
	want := `{"backend":[{"blacklist":["b"],"extra_config":{` +
		`"github.com/devopsfaith/krakend-circuitbreaker/gobreaker":{"logStatusChange":true,"maxErrors":1,"name":"max_errors"},` +
		`"github.com/devopsfaith/krakend-lambda":{"endpoint":"http://api","function_name":"f"},` +
		`"github.com/devopsfaith/krakend-lua/proxy/backend":{"pre":"y"},` +
		`"github.com/devopsfaith/krakend-ratelimit/juju/proxy":{"capacity":1,"maxRate":1}},` +
		`"mapping":{"allow":"max_rate"},"whitelist":["a"]}],` +
		`"endpoint":"/a/{id}","extra_config":{` +
		`"github.com/devopsfaith/krakend-cel":[{"check_expr":"true"}],` +
		`"github.com/devopsfaith/krakend-lua/proxy":{"pre":"x"},` +
		`"github.com/devopsfaith/krakend-ratelimit/juju/router":{"clientMaxRate":2,"maxRate":1,"strategy":"ip"}},` +
		`"headers_to_pass":["X-A"],"querystring_params":["b"]}`
	if got := encode(got.Endpoints[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStack(t *testing.T) {
	const lambda = `"backend/lambda": {"function_name": "f"}`
	for blocks, want := range map[string]Stack{
		"text":                               Nothing,
		"```sh\nls\n```":                     Nothing,
		"```text\nno log\n```":               Nothing,
		"```go\nx := 1\n```":                 Nothing,
		block(lambda):                        KrakenD2,
		block(`{"a": 1}`):                    KrakenD2, // to tell that it has no meaning
		"```\n{\"a\": 1}\n```":               KrakenD2,
		"```console\n$ ls\n```":              KrakenD2,
		"The log logs:\n```text\nERROR\n```": KrakenD2,
		block(`"extra_config": {` + lambda + `, "qos/circuit-breaker": {}}`):                                 Components,
		block(`"extra_config": {"github.com/devopsfaith/krakend-lua/proxy/backend": {}}`):                    Components,
		block(`"extra_config": {"validation/cel": []}`):                                                      Components,
		block(lambda) + "\n" + block(`"extra_config": {"qos/ratelimit/router": {}}`):                         Components,
		block(lambda) + "\n```go\nx := 1\n```":                                                               KrakenD2,
		block(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`): KrakenD2,
	} {
		sections, err := Parse("p.md", blocks)
		if err != nil {
			t.Fatal(err)
		}
		if got := sections[0].Stack(); got != want {
			t.Errorf("%s\n: got %d, want %d", blocks, got, want)
		}
	}
}
