package lambda

import (
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"
)

// CheckNamespaces tells which namespaces in the extra_config of cfg's service, endpoints and
// backends this build does not know. KrakenD ignores them without a word: with auth/validator in
// krakend.json, a build without that component lets every request pass.
//
// wired are the namespaces of the components that the build contains. Those of a Lambda backend,
// of KrakenD's proxies and of its HTTP client need not be among them. A key that begins with @,
// $, _ or # is a comment.
//
// missing has a sentence for each component that would refuse or change requests or responses;
// ignored has one for each other namespace, with the one that it resembles. Each names the
// namespace and its place. Both are nil where the build knows all.
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
