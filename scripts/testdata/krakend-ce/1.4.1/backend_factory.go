package krakend

import (
	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
	"github.com/luraproject/lura/transport/http/client"
)

// NewBackendFactory stands in for KrakenD-CE's, which stacks its components.
func NewBackendFactory(logger logging.Logger) proxy.BackendFactory {
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(backendFactory)
	return backendFactory
}
