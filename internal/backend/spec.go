package backend

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Spec is what an adapter knows of a backend.
type Spec struct {
	// Settings are the values of extra_config under the namespaces that are the
	// adapter's. There must be one.
	Settings []Setting
	// ExtraConfig is all of extra_config. Of what is not in Settings only the namespaces count.
	ExtraConfig map[string]any
	// URLPattern, Method and Encoding are the backend's own. An empty method is
	// GET; Encoding is no-op, or names a decoder.
	URLPattern, Method, Encoding string
	// Endpoint and EndpointMethod are those of the endpoint that the backend belongs
	// to, empty where the framework does not tell.
	Endpoint, EndpointMethod string
	// ConcurrentCalls is how often the function is executed for each request, at
	// once. The backend makes the calls: its adapter has KrakenD make one.
	ConcurrentCalls int
	// Host are the backend's hosts. The first one is the domain name in an event where
	// the request tells none.
	Host []string
	// ForwardsHost tells that the framework's routers put the name that the client called
	// into X-Forwarded-Host, in place of what the client has sent.
	ForwardsHost bool
	// HiddenHeaders are headers, by their canonical names, that the operator does not let
	// through to the backend. The events say what they tell of the client, and do not hold
	// them.
	HiddenHeaders []string
	// SetsClaims tells that the adapter has KrakenD's validator set the claims that templates
	// have placeholders for.
	SetsClaims bool
	// Transport returns what sends the calls of this backend, nil for what the SDK has found. New
	// calls it once, for a good configuration without an Invoker. If it panics, the configuration
	// is bad. A nil Transport is as one that returns nil.
	Transport func() http.RoundTripper
	// SharedBody tells that KrakenD's own concurrent calls share one body, so that
	// configurations which have never worked stay errors.
	SharedBody bool
}

// String tells the backend from others in the log, where many have no url_pattern.
func (s Spec) String() string {
	if s.Endpoint != "" {
		return s.EndpointMethod + " " + s.Endpoint
	}
	name := "this " + cmp.Or(strings.ToUpper(s.Method), http.MethodGet) + " backend"
	for _, setting := range s.Settings {
		m, _ := setting.Value.(map[string]any)
		for _, key := range []string{"function_name", "function_param_name"} {
			if f, ok := m[key].(string); ok && f != "" {
				return name + " (" + key + " " + text.Quote(f) + ")"
			}
		}
	}
	return name
}

// hasPattern tells whether the backend has a url_pattern that tells it from others. KrakenD makes
// "/" of an empty one.
func (s Spec) hasPattern() bool { return s.URLPattern != "" && s.URLPattern != "/" }

// logPrefix returns what the backend's log lines begin with: its url_pattern, as lines of KrakenD's
// own components have it, or else its endpoint.
func (s Spec) logPrefix() string {
	name := s.URLPattern
	if !s.hasPattern() && s.Endpoint != "" {
		name = s.String()
	}
	return "[BACKEND: " + name + "][Lambda]"
}

// eventFormats are the formats of events and replies. A function that receives no event may
// answer as one behind an HTTP API does.
var eventFormats = map[config.PayloadFormat]apigw.Format{
	config.Simple:   apigw.HTTP,
	config.Version1: apigw.REST,
	config.Version2: apigw.HTTP,
	config.ALB:      apigw.ALB,
}

// route is what events say of the backend.
func (s Spec) route() apigw.Route {
	r := apigw.Route{URLPattern: s.URLPattern, Endpoint: s.Endpoint, EndpointMethod: s.EndpointMethod, ForwardsHost: s.ForwardsHost}
	if len(s.Host) > 0 && s.Host[0] != Host {
		r.Host = s.Host[0]
	}
	return r
}

// Setting is what a backend's extra_config has under a namespace.
type Setting struct {
	Namespace string
	Value     any
}

// Settings are the values that extra_config has under the namespaces, in the order of
// these. It is empty for a backend that is none of Lambda's.
func Settings(extra map[string]any, namespaces ...string) (settings []Setting) {
	for _, n := range namespaces {
		if v, ok := extra[n]; ok {
			settings = append(settings, Setting{n, v})
		}
	}
	return settings
}
