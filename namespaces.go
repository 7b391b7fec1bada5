package lambda

import (
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"
)

// CheckNamespaces finds the namespaces that this build does not know in the extra_config of
// cfg's service, endpoints and backends. KrakenD ignores them without a warning: with
// auth/validator in krakend.json, a build without that component lets every request pass.
//
// wired are the namespaces of the components in the build. It need not list those of a Lambda
// backend, of KrakenD's proxies and of its HTTP client. A key that begins with @, $, _ or # is a
// comment.
//
// missing has a sentence for each component that would refuse or change requests or responses.
// ignored has one for each other unknown namespace, and suggests the known namespace that it
// resembles. Each sentence names the namespace and its place. Both are nil if the build knows
// all namespaces.
func CheckNamespaces(cfg config.ServiceConfig, wired ...string) (missing, ignored []string) {
	check := backend.NewNamespaceCheck([]string{Namespace}, append(slices.Clip(wired), proxy.Namespace, client.Namespace)...)
	check.Service(cfg.ExtraConfig)
	for _, e := range cfg.Endpoints {
		check.Endpoint(e.Method, e.Endpoint, e.ExtraConfig)
		for _, b := range e.Backend {
			check.Backend(b.ExtraConfig)
		}
	}
	return check.Missing, check.Ignored
}
