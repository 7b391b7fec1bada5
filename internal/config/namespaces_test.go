package config

import (
	"slices"
	"strings"
	"testing"
)

// extra returns an extra_config with these namespaces.
func extra(namespaces ...string) map[string]any {
	m := map[string]any{}
	for _, n := range namespaces {
		m[n] = map[string]any{}
	}
	return m
}

var (
	ownOf1 = []string{lambdaLong}              // KrakenD 1.x
	ownOf2 = []string{lambdaShort, lambdaLong} // KrakenD 2
)

// Components that protect a gateway are missing, under each of their names.
func TestMissingNamespaces(t *testing.T) {
	for _, namespace := range []string{
		"auth/validator", "github.com/devopsfaith/krakend-jose/validator",
		"auth/signer", "github.com/devopsfaith/krakend-jose/signer",
		"auth/revoker", "github_com/devopsfaith/bloomfilter",
		"auth/api-keys", "auth/basic",
		"qos/ratelimit/router", "github.com/devopsfaith/krakend-ratelimit/juju/router", "github.com/devopsfaith/krakend-ratelimit/rate/router",
		"qos/ratelimit/proxy", "github.com/devopsfaith/krakend-ratelimit/juju/proxy", "github.com/devopsfaith/krakend-ratelimit/rate/proxy",
		"qos/ratelimit/tiered",
		"qos/circuit-breaker", "github.com/devopsfaith/krakend-circuitbreaker/gobreaker", "github.com/devopsfaith/krakend-circuitbreaker/eapache",
		"validation/cel", "github.com/devopsfaith/krakend-cel",
		"validation/json-schema", "github.com/devopsfaith/krakend-jsonschema",
		"modifier/lua-endpoint", "github.com/devopsfaith/krakend-lua/router",
		"modifier/lua-proxy", "github.com/devopsfaith/krakend-lua/proxy",
		"modifier/lua-backend", "github.com/devopsfaith/krakend-lua/proxy/backend",
		"security/http", "github_com/devopsfaith/krakend-httpsecure",
		"security/cors", "github_com/devopsfaith/krakend-cors",
		"security/bot-detector", "github_com/devopsfaith/krakend-botdetector",
		"security/policies",
		"plugin/http-server", "github_com/devopsfaith/krakend/transport/http/server/handler",
		"plugin/req-resp-modifier", "github.com/devopsfaith/krakend/proxy/plugin",
	} {
		c := NewNamespaceCheck(ownOf2)
		c.Service(extra(namespace))
		want := namespace + " in the extra_config of the service has no effect, and requests pass without it: this build does not contain it"
		if !slices.Equal(c.Missing, []string{want}) || c.Ignored != nil {
			t.Errorf("got missing %q and ignored %q, want missing %q", c.Missing, c.Ignored, want)
		}
		c = NewNamespaceCheck(ownOf2, namespace)
		c.Service(extra(namespace))
		if c.Missing != nil || c.Ignored != nil {
			t.Errorf("%s is wired: got missing %q and ignored %q, want nothing", namespace, c.Missing, c.Ignored)
		}
	}
}

func TestIgnoredNamespaces(t *testing.T) {
	const service = " in the extra_config of the service has no effect"
	for _, tc := range []struct {
		name      string
		own       []string
		wired     []string
		namespace string
		want      string
	}{
		{"unknown", ownOf2, nil, "example.com/own", "example.com/own" + service + ": this build does not contain it"},
		{"short and unknown", ownOf2, nil, "x", "x" + service + ": this build does not contain it"},
		{"short and a little like another one", ownOf2, nil, "pro", "pro" + service + ": this build does not contain it"},
		{"too different from another one", ownOf2, nil, "prok", "prok" + service + ": this build does not contain it"},
		{"empty", ownOf2, nil, "", service + ": this build does not contain it"},
		{"a component that does not protect", ownOf2, nil, "telemetry/metrics", "telemetry/metrics" + service + ": this build does not contain it"},
		{"part of the HTTP client", ownOf2, nil, "qos/http-cache", "qos/http-cache" + service + ": this build does not contain it"},
		{"a short name without aliases", ownOf2, []string{"github.com/devopsfaith/krakend/proxy"}, "proxy", "proxy" + service + ": this build knows it as github.com/devopsfaith/krakend/proxy"},
		{"the other name of a component", ownOf2, []string{"github.com/devopsfaith/krakend/http"}, "backend/htttp", "backend/htttp" + service + "; did you mean backend/http?"},
		{"a wired one that is misspelled", ownOf2, []string{"example.com/own"}, "example.com/Own/", "example.com/Own/" + service + "; did you mean example.com/own?"},
		{"ours, misspelled", ownOf2, nil, "backend/lamda", "backend/lamda" + service + "; did you mean backend/lambda?"},
		{"ours, misspelled, on 1.x", ownOf1, nil, "backend/lamda", "backend/lamda" + service + "; did you mean " + lambdaLong + "?"},
		{"the long one, misspelled", ownOf2, nil, "github.com/devopsfaith/krakend-lamda", "github.com/devopsfaith/krakend-lamda" + service + "; did you mean " + lambdaLong + "?"},
		{"a name with Lambda in it", ownOf2, nil, "aws/Lambda", "aws/Lambda" + service + "; did you mean backend/lambda?"},
		{"the import path", ownOf1, nil, lambdaLong + "/lura", lambdaLong + "/lura" + service + "; did you mean " + lambdaLong + "?"},
		{"in the wrong place", ownOf2, nil, lambdaShort, lambdaShort + service + ": it belongs in the extra_config of a backend"},
		{"in the wrong place, on 1.x", ownOf1, nil, lambdaLong, lambdaLong + service + ": it belongs in the extra_config of a backend"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := NewNamespaceCheck(tc.own, tc.wired...)
			c.Service(extra(tc.namespace))
			if !slices.Equal(c.Ignored, []string{tc.want}) || c.Missing != nil {
				t.Errorf("got missing %q and ignored %q, want ignored %q", c.Missing, c.Ignored, tc.want)
			}
		})
	}
}

// A component that protects is missing too if the build knows it by another name, or if its name is
// misspelled after a prefix such as security/.
func TestMissingNamespacesByAnotherName(t *testing.T) {
	c := NewNamespaceCheck(ownOf2, "github.com/devopsfaith/krakend-jose/validator", "qos/ratelimit/router")
	c.Service(extra("auth/validator", "github.com/devopsfaith/krakend-ratelimit/juju/router", "validation/cell"))
	const effect = " in the extra_config of the service has no effect, and requests pass without it"
	want := []string{
		"auth/validator" + effect + ": this build knows it as github.com/devopsfaith/krakend-jose/validator",
		"github.com/devopsfaith/krakend-ratelimit/juju/router" + effect + ": this build knows it as qos/ratelimit/router",
		"validation/cell" + effect + "; did you mean validation/cel?",
	}
	if !slices.Equal(c.Missing, want) || c.Ignored != nil {
		t.Errorf("got missing %q and ignored %q, want missing %q", c.Missing, c.Ignored, want)
	}
}

func TestPlacesOfNamespaces(t *testing.T) {
	c := NewNamespaceCheck(ownOf2)
	c.Service(extra("auth/validator"))
	c.Endpoint("GET", "/a/:id/of/:customer", extra("auth/validator"))
	c.Backend(extra("qos/circuit-breaker"))
	c.Backend(extra("qos/circuit-breaker"))
	c.Endpoint("POST", "/b", nil)
	c.Backend(extra("qos/circuit-breaker"))
	c.Agent("orders", extra("async/amqp"))
	c.Backend(extra("qos/circuit-breaker"))

	const missing, ignored = " has no effect, and requests pass without it: this build does not contain it", " has no effect: this build does not contain it"
	want := []string{
		"auth/validator in the extra_config of the service" + missing,
		"auth/validator in the extra_config of GET /a/{id}/of/{customer}" + missing,
		"qos/circuit-breaker in the extra_config of backend 1 of GET /a/{id}/of/{customer}" + missing,
		"qos/circuit-breaker in the extra_config of backend 2 of GET /a/{id}/of/{customer}" + missing,
		"qos/circuit-breaker in the extra_config of backend 1 of POST /b" + missing,
		"qos/circuit-breaker in the extra_config of backend 1 of the async agent orders" + missing,
	}
	if !slices.Equal(c.Missing, want) {
		t.Errorf("got missing\n%q, want\n%q", c.Missing, want)
	}
	if want := []string{"async/amqp in the extra_config of the async agent orders" + ignored}; !slices.Equal(c.Ignored, want) {
		t.Errorf("got ignored %q, want %q", c.Ignored, want)
	}
}

func TestNamespaceOnOneLine(t *testing.T) {
	c := NewNamespaceCheck(ownOf2)
	c.Service(extra("a\nb"))
	if len(c.Ignored) != 1 || strings.Contains(c.Ignored[0], "\n") {
		t.Errorf("got %q, want one line", c.Ignored)
	}
}

// The check ignores comments, and namespaces that the backend factory warns of itself.
func TestNamespacesThatAreNotChecked(t *testing.T) {
	c := NewNamespaceCheck(ownOf2)
	c.Service(extra("@auth/validator", "$schema", "_auth/validator", "#auth/validator"))
	c.Endpoint("GET", "/", nil)
	c.Backend(extra(lambdaShort, "modifier/martian"))
	c.Backend(extra(lambdaLong, "github.com/devopsfaith/krakend-httpcache"))
	old := NewNamespaceCheck(ownOf1)
	old.Endpoint("GET", "/", nil)
	old.Backend(extra(lambdaShort))
	for _, c := range []*NamespaceCheck{c, old} {
		if c.Missing != nil || c.Ignored != nil {
			t.Errorf("got missing %q and ignored %q, want nothing", c.Missing, c.Ignored)
		}
	}

	c.Backend(extra("modifier/martian"))
	if len(c.Ignored) != 1 {
		t.Errorf("got %q for an HTTP backend, want one", c.Ignored)
	}
}
