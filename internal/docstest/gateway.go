package docstest

// A Service is what a gateway is started with.
type Service struct {
	// Endpoints are spelled as in KrakenD 2, with the long names of namespaces.
	Endpoints []map[string]any
	// Keys are further ones for the top level of krakend.json.
	Keys map[string]any
	// Profiles are those that the shared AWS files have to have, with gatewaytest's
	// credentials.
	Profiles []string
	// STS is the URL of a stand-in for AWS STS. It is empty where no role is assumed.
	STS string
}

// A Gateway runs a Service.
type Gateway struct {
	URL string        // scheme://host:port
	Log func() string // what it has logged so far, at DEBUG
}

// A Start starts a gateway for a section, which ends with the test. It signs with
// gatewaytest's credentials, in us-west-2 where nothing else is configured.
type Start func(Service) Gateway

// started is what a gateway is started with, but for STS. api is the URL of the Invoke API.
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
