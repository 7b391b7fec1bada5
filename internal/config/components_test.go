package config

import (
	"slices"
	"testing"
)

func TestWithoutEffect(t *testing.T) {
	for _, tc := range []struct {
		name, namespace, want string
	}{
		{"martian", "modifier/martian", "modifier/martian has no effect on a Lambda backend: use modifier/lua-backend to change requests and replies"},
		{"http cache", "qos/http-cache", "qos/http-cache has no effect on a Lambda backend: use cache_ttl of the endpoint to let clients cache responses"},
		{"client credentials", "auth/client-credentials", "auth/client-credentials has no effect on a Lambda backend: use profile or assume_role to choose the credentials of the calls"},
		{"client plugin", "plugin/http-client", "plugin/http-client has no effect on a Lambda backend: use plugin/req-resp-modifier or modifier/lua-backend to change requests and replies"},
		{"http client", "backend/http/client", "backend/http/client has no effect on a Lambda backend: set HTTPS_PROXY and AWS_CA_BUNDLE in the gateway's environment"},
		{"publisher", "backend/pubsub/publisher", "backend/pubsub/publisher has no effect on a Lambda backend: move it to a backend without a function"},
		{"subscriber", "backend/pubsub/subscriber", "backend/pubsub/subscriber has no effect on a Lambda backend: move it to a backend without a function"},
		{"producer", "backend/amqp/producer", "backend/amqp/producer has no effect on a Lambda backend: move it to a backend without a function"},
		{"consumer", "backend/amqp/consumer", "backend/amqp/consumer has no effect on a Lambda backend: move it to a backend without a function"},
		{"long martian", "github.com/devopsfaith/krakend-martian", "github.com/devopsfaith/krakend-martian (modifier/martian) has no effect on a Lambda backend: use modifier/lua-backend to change requests and replies"},
		{"long http cache", "github.com/devopsfaith/krakend-httpcache", "github.com/devopsfaith/krakend-httpcache (qos/http-cache) has no effect on a Lambda backend: use cache_ttl of the endpoint to let clients cache responses"},
		{"long client credentials", "github.com/devopsfaith/krakend-oauth2-clientcredentials", "github.com/devopsfaith/krakend-oauth2-clientcredentials (auth/client-credentials) has no effect on a Lambda backend: use profile or assume_role to choose the credentials of the calls"},
		{"long client plugin", "github.com/devopsfaith/krakend/transport/http/client/executor", "github.com/devopsfaith/krakend/transport/http/client/executor (plugin/http-client) has no effect on a Lambda backend: use plugin/req-resp-modifier or modifier/lua-backend to change requests and replies"},
		{"long publisher", "github.com/devopsfaith/krakend-pubsub/publisher", "github.com/devopsfaith/krakend-pubsub/publisher (backend/pubsub/publisher) has no effect on a Lambda backend: move it to a backend without a function"},
		{"long subscriber", "github.com/devopsfaith/krakend-pubsub/subscriber", "github.com/devopsfaith/krakend-pubsub/subscriber (backend/pubsub/subscriber) has no effect on a Lambda backend: move it to a backend without a function"},
		{"long producer", "github.com/devopsfaith/krakend-amqp/produce", "github.com/devopsfaith/krakend-amqp/produce (backend/amqp/producer) has no effect on a Lambda backend: move it to a backend without a function"},
		{"long consumer", "github.com/devopsfaith/krakend-amqp/consume", "github.com/devopsfaith/krakend-amqp/consume (backend/amqp/consumer) has no effect on a Lambda backend: move it to a backend without a function"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := WithoutEffect(map[string]any{tc.namespace: nil, lambdaShort: map[string]any{}})
			if !slices.Equal(got, []string{tc.want}) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// Components that work on a Lambda backend, and unknown ones, cause no warning.
func TestWithoutEffectOfOthers(t *testing.T) {
	extra := map[string]any{
		lambdaShort: nil, lambdaLong: nil,
		"qos/circuit-breaker": nil, "qos/ratelimit/proxy": nil, "validation/cel": nil, "modifier/lua-backend": nil,
		"plugin/req-resp-modifier": nil, "backend/http": nil, "backend/graphql": nil, "proxy": nil,
		"telemetry/opentelemetry": nil, "@comment": nil, "example.com/own": nil, "": nil,
	}
	if got := WithoutEffect(extra); got != nil {
		t.Errorf("got %q, want nothing", got)
	}
	if got := WithoutEffect(nil); got != nil {
		t.Errorf("got %q for nil, want nothing", got)
	}
	got := WithoutEffect(map[string]any{"qos/http-cache": nil, "backend/amqp/producer": nil, "modifier/martian": nil})
	if len(got) != 3 || !slices.IsSorted(got) {
		t.Errorf("got %q, want three in order", got)
	}
}
