// Package config has what the adapter uses of the package of that name in Lura 3.
package config

import "github.com/luraproject/lura/v3/encoding"

// ExtraConfig is the configuration of components, by namespace.
type ExtraConfig map[string]interface{}

// Backend is the configuration of a backend.
type Backend struct {
	Method               string
	Host                 []string
	URLPattern           string
	Encoding             string
	IsCollection         bool
	HeadersToPass        []string
	ExtraConfig          ExtraConfig
	ConcurrentCalls      int
	ParentEndpoint       string
	ParentEndpointMethod string
	Decoder              encoding.Decoder
}

// EndpointConfig is the configuration of an endpoint.
type EndpointConfig struct {
	Endpoint, Method string
	Backend          []*Backend
	ExtraConfig      ExtraConfig
}

// AsyncAgent is the configuration of an agent that consumes messages.
type AsyncAgent struct {
	Name        string
	Backend     []*Backend
	ExtraConfig ExtraConfig
}

// ServiceConfig is the configuration of a gateway.
type ServiceConfig struct {
	Endpoints   []*EndpointConfig
	AsyncAgents []*AsyncAgent
	ExtraConfig ExtraConfig
}
