package lambda

import (
	"slices"
	"testing"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/client/graphql"
)

func TestCheckNamespaces(t *testing.T) {
	with := func(namespaces ...string) config.ExtraConfig {
		extra := config.ExtraConfig{}
		for _, n := range namespaces {
			extra[n] = map[string]any{}
		}
		return extra
	}
	cfg := config.ServiceConfig{
		ExtraConfig: with("example.com/wired", "security/cors"),
		Endpoints: []*config.EndpointConfig{{
			Method:      "GET",
			Endpoint:    "/a/:id",
			ExtraConfig: with(proxy.Namespace, "auth/validator"),
			Backend:     []*config.Backend{{ExtraConfig: with(NamespaceAlias, client.Namespace, "modifier/martian")}, {ExtraConfig: with("backend/lamda")}},
		}},
		AsyncAgents: []*config.AsyncAgent{{
			Name:        "orders",
			ExtraConfig: with("async/amqp"),
			Backend:     []*config.Backend{{ExtraConfig: with(Namespace, graphql.Namespace, "qos/circuit-breaker")}},
		}},
	}
	wired := []string{"example.com/wired", "example.com/unused"}

	missing, ignored := CheckNamespaces(cfg, wired[:1]...)
	const reason = " has no effect, and requests pass without it: this build does not contain it"
	if want := []string{
		"security/cors in the extra_config of the service" + reason,
		"auth/validator in the extra_config of GET /a/{id}" + reason,
		"qos/circuit-breaker in the extra_config of backend 1 of the async agent orders" + reason,
	}; !slices.Equal(missing, want) {
		t.Errorf("got missing %q, want %q", missing, want)
	}
	if want := []string{
		"backend/lamda in the extra_config of backend 2 of GET /a/{id} has no effect; did you mean backend/lambda?",
		"async/amqp in the extra_config of the async agent orders has no effect: this build does not contain it",
	}; !slices.Equal(ignored, want) {
		t.Errorf("got ignored %q, want %q", ignored, want)
	}
	if wired[1] != "example.com/unused" {
		t.Errorf("CheckNamespaces changed its argument: %q", wired)
	}
	if missing, ignored := CheckNamespaces(config.ServiceConfig{}); missing != nil || ignored != nil {
		t.Errorf("got %q and %q for an empty configuration, want nil", missing, ignored)
	}
}
