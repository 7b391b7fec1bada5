package config

import (
	"slices"
	"strings"
)

// A component is a part of KrakenD, or of the frameworks that it uses, that extra_config
// configures.
type component struct {
	short string // the name in KrakenD 2
	long  string // the name in the component's code, or the short name

	// instead says what to use on a Lambda backend, if the component has no effect there. It is
	// empty if the component works.
	instead string
}

const (
	lambdaShort = "backend/lambda"
	lambdaLong  = "github.com/devopsfaith/krakend-lambda"

	ownBackend = "move it to a backend without a function"
)

// components are those of KrakenD-CE 1.4.1 and 2.13.8. The names are the constants in their code,
// and the aliases of KrakenD-CE's cmd/krakend-ce/main.go.
var components = []component{
	{lambdaShort, lambdaLong, ""},

	{"modifier/martian", "github.com/devopsfaith/krakend-martian", "use modifier/lua-backend to change requests and replies"},
	{"qos/http-cache", "github.com/devopsfaith/krakend-httpcache", "use cache_ttl of the endpoint to let clients cache responses"},
	{"auth/client-credentials", "github.com/devopsfaith/krakend-oauth2-clientcredentials", "use profile or assume_role to choose the credentials of the calls"},
	{"plugin/http-client", "github.com/devopsfaith/krakend/transport/http/client/executor", "use plugin/req-resp-modifier or modifier/lua-backend to change requests and replies"},
	{"backend/http/client", "backend/http/client", "set HTTPS_PROXY and AWS_CA_BUNDLE in the gateway's environment"},
	{"backend/pubsub/publisher", "github.com/devopsfaith/krakend-pubsub/publisher", ownBackend},
	{"backend/pubsub/subscriber", "github.com/devopsfaith/krakend-pubsub/subscriber", ownBackend},
	{"backend/amqp/producer", "github.com/devopsfaith/krakend-amqp/produce", ownBackend},
	{"backend/amqp/consumer", "github.com/devopsfaith/krakend-amqp/consume", ownBackend},

	{"proxy", "github.com/devopsfaith/krakend/proxy", ""},
	{"router", "github_com/luraproject/lura/router/gin", ""},
	{"backend/http", "github.com/devopsfaith/krakend/http", ""},
	{"backend/graphql", "github.com/devopsfaith/krakend/transport/http/client/graphql", ""},
	{"plugin/http-server", "github_com/devopsfaith/krakend/transport/http/server/handler", ""},
	{"plugin/req-resp-modifier", "github.com/devopsfaith/krakend/proxy/plugin", ""},

	{"auth/validator", "github.com/devopsfaith/krakend-jose/validator", ""},
	{"auth/signer", "github.com/devopsfaith/krakend-jose/signer", ""},
	{"auth/revoker", "github_com/devopsfaith/bloomfilter", ""},
	{"qos/circuit-breaker", "github.com/devopsfaith/krakend-circuitbreaker/gobreaker", ""},
	{"qos/circuit-breaker", "github.com/devopsfaith/krakend-circuitbreaker/eapache", ""},
	{"qos/ratelimit/proxy", "github.com/devopsfaith/krakend-ratelimit/juju/proxy", ""},
	{"qos/ratelimit/proxy", "github.com/devopsfaith/krakend-ratelimit/rate/proxy", ""},
	{"qos/ratelimit/router", "github.com/devopsfaith/krakend-ratelimit/juju/router", ""},
	{"qos/ratelimit/router", "github.com/devopsfaith/krakend-ratelimit/rate/router", ""},
	{"security/bot-detector", "github_com/devopsfaith/krakend-botdetector", ""},
	{"security/cors", "github_com/devopsfaith/krakend-cors", ""},
	{"security/http", "github_com/devopsfaith/krakend-httpsecure", ""},
	{"validation/cel", "github.com/devopsfaith/krakend-cel", ""},
	{"validation/json-schema", "github.com/devopsfaith/krakend-jsonschema", ""},
	{"modifier/lua-backend", "github.com/devopsfaith/krakend-lua/proxy/backend", ""},
	{"modifier/lua-endpoint", "github.com/devopsfaith/krakend-lua/router", ""},
	{"modifier/lua-proxy", "github.com/devopsfaith/krakend-lua/proxy", ""},

	{"async/amqp", "github.com/devopsfaith/krakend-amqp/agent", ""},
	{"telemetry/gelf", "github_com/devopsfaith/krakend-gelf", ""},
	{"telemetry/influx", "github_com/letgoapp/krakend-influx", ""},
	{"telemetry/logging", "github_com/devopsfaith/krakend-gologging", ""},
	{"telemetry/logstash", "github_com/devopsfaith/krakend-logstash", ""},
	{"telemetry/metrics", "github_com/devopsfaith/krakend-metrics", ""},
	{"telemetry/opencensus", "github_com/devopsfaith/krakend-opencensus", ""},
	{"telemetry/opentelemetry", "telemetry/opentelemetry", ""},
}

// lookup finds a component by either of its names.
func lookup(namespace string) (component, bool) {
	for _, c := range components {
		if namespace == c.short || namespace == c.long {
			return c, true
		}
	}
	return component{}, false
}

// protecting are the short names, or their prefixes, of the components that refuse or change
// requests and responses.
var protecting = []string{
	"auth/api-keys", "auth/basic", "auth/revoker", "auth/signer", "auth/validator",
	"modifier/lua-",
	"plugin/http-server", "plugin/req-resp-modifier",
	"qos/circuit-breaker", "qos/ratelimit/",
	"security/",
	"validation/",
}

func protects(namespace string) bool {
	if c, ok := lookup(namespace); ok {
		namespace = c.short
	}
	return slices.ContainsFunc(protecting, func(prefix string) bool { return strings.HasPrefix(namespace, prefix) })
}

// WithoutEffect returns a warning for each component in a Lambda backend's extra_config that has
// no effect there, because it is part of KrakenD's HTTP client or replaces its calls. It also
// knows backend/http/client of KrakenD Enterprise.
func WithoutEffect(extra map[string]any) (warnings []string) {
	for namespace := range extra {
		c, _ := lookup(namespace)
		if c.instead == "" {
			continue
		}
		name := namespace
		if name != c.short { // KrakenD-CE 2 writes the long name over the one in the file
			name += " (" + c.short + ")"
		}
		warnings = append(warnings, name+" has no effect on a Lambda backend: "+c.instead)
	}
	slices.Sort(warnings)
	return warnings
}
