package krakend

import (
	lambda "github.com/krakend/krakend-lambda/v2"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
)

// NewBackendFactory stands in for KrakenD-CE's, which stacks its components.
func NewBackendFactory(logger logging.Logger) proxy.BackendFactory {
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory)
	return backendFactory
}
