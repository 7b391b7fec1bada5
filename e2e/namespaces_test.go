package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	unprotected = " has no effect, and requests pass without it: this build does not contain it"
	ignored     = " has no effect: this build does not contain it"
)

// What -check says of components that the gateway does not contain.
func TestCheckNamespaces(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		url := newForbidden(t)
		having := func(backend object, namespaces ...string) object {
			extra, _ := backend["extra_config"].(object)
			for _, n := range namespaces {
				extra = with(extra, object{n: object{}})
			}
			return with(backend, object{"extra_config": extra})
		}
		function := func() object { return lambdaBackend(object{"function_name": "f", "endpoint": url}) }
		prefix := "[BACKEND: /][Lambda] "
		if g.tellsEndpoint {
			prefix = "[BACKEND: GET /a][Lambda] "
		}
		suggestion := lambdaNamespace
		if g.shortNamespaces {
			suggestion = "backend/lambda"
		}
		for _, tc := range []struct {
			name     string
			endpoint object
			errors   []string // parts of the lines, in any order
			warnings []string
		}{
			{
				"components that protect an endpoint",
				having(endpoint("/a/{id}", function()), "auth/validator", "github.com/devopsfaith/krakend-ratelimit/juju/router"),
				[]string{
					"auth/validator in the extra_config of GET /a/{id}" + unprotected,
					"github.com/devopsfaith/krakend-ratelimit/juju/router in the extra_config of GET /a/{id}" + unprotected,
				},
				nil,
			},
			{
				"components that protect a backend",
				endpoint("/a", httpBackend(url, "/"), having(function(), "qos/circuit-breaker", "github.com/devopsfaith/krakend-lua/proxy/backend")),
				[]string{
					"qos/circuit-breaker in the extra_config of backend 2 of GET /a" + unprotected,
					"github.com/devopsfaith/krakend-lua/proxy/backend in the extra_config of backend 2 of GET /a" + unprotected,
				},
				nil,
			},
			{
				"other components",
				having(endpoint("/a", function()), "telemetry/opentelemetry", "proxy", "@comment", "$comment", "_comment", "#comment"),
				nil,
				[]string{
					"telemetry/opentelemetry in the extra_config of GET /a" + ignored,
					"proxy in the extra_config of GET /a has no effect: this build knows it as " + proxyNamespace,
				},
			},
			{
				"a namespace that is misspelled",
				endpoint("/a", having(httpBackend(url, "/"), "backend/lamda")),
				nil,
				[]string{"backend/lamda in the extra_config of backend 1 of GET /a has no effect; did you mean " + suggestion + "?"},
			},
			{
				"components without effect on a function",
				endpoint("/a", having(function(), "qos/http-cache", "github.com/devopsfaith/krakend-martian")),
				nil,
				[]string{
					prefix + "qos/http-cache has no effect on a Lambda backend: use cache_ttl of the endpoint to let clients cache responses",
					prefix + "github.com/devopsfaith/krakend-martian (modifier/martian) has no effect on a Lambda backend: use modifier/lua-backend to change requests and replies",
				},
			},
			{
				"KrakenD's own",
				having(endpoint("/a", having(httpBackend(url, "/"), httpNamespace, proxyNamespace)), proxyNamespace),
				nil,
				nil,
			},
		} {
			t.Run(tc.name, func(t *testing.T) {
				_, stderr, status := run(t, g, "-check", "-c", writeConfig(t, g, []object{tc.endpoint}))
				want := 0
				if len(tc.errors) > 0 {
					want = 1
				}
				if status != want {
					t.Errorf("got the exit status %d, want %d", status, want)
				}
				for level, lines := range map[string][]string{"ERROR": tc.errors, "WARNING": tc.warnings} {
					if got := strings.Count(stderr, level); got != len(lines) {
						t.Errorf("got %d lines at level %s, want %d:\n%s", got, level, len(lines), stderr)
					}
					for _, line := range lines {
						if !hasLine(stderr, level, line) {
							t.Errorf("no %s %q on standard error:\n%s", level, line, stderr)
						}
					}
				}
			})
		}
	})
}

// hasLine tells whether a log has a line of a level with this part.
func hasLine(log, level, part string) bool {
	for line := range strings.Lines(log) {
		if strings.Contains(line, level) && strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// A gateway that starts warns, and serves requests.
func TestNamespacesAtStart(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		protected := with(endpoint("/a/{id}", lambdaBackend(fixed(api, "f"))), object{"extra_config": object{"auth/validator": object{}, "x": object{}}})
		gw := start(t, g, []object{protected}, options{})
		check(t, gw.get(t, "/a/7"), http.StatusOK, `{"id":"7"}`)
		for _, want := range []string{"auth/validator in the extra_config of GET /a/{id}" + unprotected, "x in the extra_config of GET /a/{id}" + ignored} {
			if log := gw.Log(t); !hasLine(log, "WARNING", want) {
				t.Errorf("no warning %q in the log:\n%s", want, log)
			}
		}
	})
}

// Of the service itself a gateway knows what its own router has.
func TestCheckNamespacesOfTheService(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		gw := start(t, g, nil, options{Service: object{"extra_config": object{routerNamespace: object{}, "security/cors": object{}}}})
		log := gw.Log(t)
		if want := "security/cors in the extra_config of the service" + unprotected; !hasLine(log, "WARNING", want) {
			t.Errorf("no warning %q in the log:\n%s", want, log)
		}
		router := fmt.Sprintf("%s in the extra_config of the service%s", routerNamespace, ignored)
		if got, want := hasLine(log, "WARNING", router), !g.shortNamespaces; got != want {
			t.Errorf("warns of the router: %v, want %v:\n%s", got, want, log)
		}
	})
}
