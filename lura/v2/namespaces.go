package lambda

import (
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/client/graphql"
)

// CheckNamespaces finds the namespaces in the extra_config of cfg's service, endpoints, async
// agents and backends that this build does not know. KrakenD ignores them without a log line: with
// auth/validator in krakend.json, a build without that component lets every request pass.
//
// wired are the namespaces of the components that the build contains. Those of a Lambda backend,
// of KrakenD's proxies, of its HTTP client and of GraphQL need not be among them. A short name,
// such as proxy, counts only in a build that adds it to config.ExtraConfigAlias before it reads
// krakend.json. A key that begins with @, $, _ or # is a comment.
//
// missing has a sentence for each component that would refuse or change requests or responses;
// ignored has one for each other namespace, with the one that it resembles. Each names the
// namespace and its place. Both are nil where the build knows all.
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
