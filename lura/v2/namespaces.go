package lambda

import (
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/client/graphql"
)

// CheckNamespaces finds the namespaces that this build does not know in the extra_config of cfg's
// service, endpoints, async agents and backends. KrakenD ignores them without a warning: with
// auth/validator in krakend.json, a build without that component lets every request pass.
//
// wired are the namespaces of the components in the build. It need not list those of a Lambda
// backend, of KrakenD's proxies, of its HTTP client and of GraphQL. A short name, such as proxy,
// counts only if the build adds it to config.ExtraConfigAlias before it reads krakend.json. A key
// that begins with @, $, _ or # is a comment.
//
// missing has a sentence for each component that would refuse or change requests or responses.
// ignored has one for each other unknown namespace, and suggests the known namespace that it
// resembles. Each sentence names the namespace and its place. Both are nil if the build knows
// all namespaces.
func CheckNamespaces(cfg config.ServiceConfig, wired ...string) (missing, ignored []string) {
	check := backend.NewNamespaceCheck([]string{NamespaceAlias, Namespace},
		append(slices.Clip(wired), proxy.Namespace, client.Namespace, graphql.Namespace)...)
	check.Service(cfg.ExtraConfig)
	for _, e := range cfg.Endpoints {
		check.Endpoint(e.Method, e.Endpoint, e.ExtraConfig)
		for _, b := range e.Backend {
			check.Backend(b.ExtraConfig)
		}
	}
	for _, a := range cfg.AsyncAgents {
		check.Agent(a.Name, a.ExtraConfig)
		for _, b := range a.Backend {
			check.Backend(b.ExtraConfig)
		}
	}
	return check.Missing, check.Ignored
}
