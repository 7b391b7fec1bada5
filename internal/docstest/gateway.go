package docstest

// A Service describes the gateway to start.
type Service struct {
	// Endpoints are spelled as in KrakenD 2, with the long names of namespaces.
	Endpoints []map[string]any
	// Keys are more keys for the top level of krakend.json.
	Keys map[string]any
	// Profiles are the profiles that the shared AWS files must have, with gatewaytest's
	// credentials.
	Profiles []string
	// STS is the URL of an AWS STS stand-in. It is empty if no role is assumed.
	STS string
}

// A Gateway runs a Service.
type Gateway struct {
	URL string        // scheme://host:port
	Log func() string // the log so far, at DEBUG
}

// A Start starts a gateway for a section, which ends with the test. It signs with gatewaytest's
// credentials, in us-west-2 unless another region is configured.
type Start func(Service) Gateway

// started returns the Service for a gateway, without STS. api is the URL of the Invoke API.
func (s *service) started(api string) Service {
	started := Service{Keys: longNamespaces(s.keys).(object)}
	for _, e := range s.endpoints {
		o := longNamespaces(e.object).(object)
		for _, settings := range (&endpoint{object: o}).settings() {
			if _, has := settings["endpoint"]; !has || !e.wrong {
				settings["endpoint"] = api
			}
			if profile, ok := settings["profile"].(string); ok && !e.wrong {
				started.Profiles = append(started.Profiles, profile)
			}
		}
		started.Endpoints = append(started.Endpoints, o)
	}
	return started
}
