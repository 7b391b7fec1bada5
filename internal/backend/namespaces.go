package backend

import "github.com/devopsfaith/krakend-lambda/internal/config"

// NamespaceCheck finds the namespaces in a krakend.json that a build does not know.
type NamespaceCheck = config.NamespaceCheck

// NewNamespaceCheck returns a check for a build with the components of these namespaces. own are
// the namespaces of a Lambda backend, the best first. There must be one.
func NewNamespaceCheck(own []string, wired ...string) *NamespaceCheck {
	return config.NewNamespaceCheck(own, wired...)
}
