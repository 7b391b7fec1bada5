package lambda

import (
	"slices"
	"testing"

	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"
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
		ExtraConfig: with("example.com/wired", "github_com/devopsfaith/krakend-cors"),
		Endpoints: []*config.EndpointConfig{{
			Method:      "GET",
			Endpoint:    "/a/:id",
			ExtraConfig: with(proxy.Namespace, "auth/validator"),
			Backend:     []*config.Backend{{ExtraConfig: with(Namespace, client.Namespace, "modifier/martian")}, {ExtraConfig: with("backend/lamda")}},
		}},
	}
	wired := []string{"example.com/wired", "example.com/unused"}

	missing, ignored := CheckNamespaces(cfg, wired[:1]...)
	const reason = " has no effect, and requests pass without it: this build does not contain it"
	if want := []string{
		"github_com/devopsfaith/krakend-cors in the extra_config of the service" + reason,
		"auth/validator in the extra_config of GET /a/{id}" + reason,
	}; !slices.Equal(missing, want) {
		t.Errorf("got missing %q, want %q", missing, want)
	}
	if want := []string{"backend/lamda in the extra_config of backend 2 of GET /a/{id} has no effect; did you mean " + Namespace + "?"}; !slices.Equal(ignored, want) {
		t.Errorf("got ignored %q, want %q", ignored, want)
	}
	if wired[1] != "example.com/unused" {
		t.Errorf("CheckNamespaces changed its argument: %q", wired)
	}
	if missing, ignored := CheckNamespaces(config.ServiceConfig{}); missing != nil || ignored != nil {
		t.Errorf("got %q and %q for an empty configuration, want nil", missing, ignored)
	}
}
