package backend

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Spec is an adapter's description of a backend.
type Spec struct {
	// Settings are the values of extra_config under the adapter's namespaces. There must be at
	// least one.
	Settings []Setting
	// ExtraConfig is the whole extra_config. Except for Settings, only its namespaces count.
	ExtraConfig map[string]any
	// URLPattern, Method and Encoding are the backend's own. An empty method is
	// GET; Encoding is no-op, or names a decoder.
	URLPattern, Method, Encoding string
	// Endpoint and EndpointMethod describe the endpoint that the backend is part of. They are
	// empty if the framework does not tell.
	Endpoint, EndpointMethod string
	// ConcurrentCalls is the number of concurrent executions for each request. The backend makes
	// these calls, so its adapter makes KrakenD call only once.
	ConcurrentCalls int
	// Host are the backend's hosts. If a request does not name a host, the first one is the
	// domain name in its event.
	Host []string
	// ForwardsHost tells that the framework's routers put the name that the client called into
	// X-Forwarded-Host and replace what the client sent.
	ForwardsHost bool
	// HiddenHeaders are headers, by their canonical names, that the operator does not pass to
	// the backend. Events use what they tell about the client, but do not contain them.
	HiddenHeaders []string
	// SetsClaims tells that the adapter makes KrakenD's validator set the claims that templates
	// use.
	SetsClaims bool
	// Transport returns the transport for the calls of this backend, or nil for the SDK's. New
	// calls it once, for a good configuration without an Invoker. If it panics, the
	// configuration is bad. A nil Transport has the same effect as one that returns nil.
	Transport func() http.RoundTripper
	// Report receives the result of checking the configuration, before New returns. It may be
	// nil.
	Report func(Report)
	// SharedBody tells that KrakenD's own concurrent calls share one body. Configurations that
	// never worked because of that stay errors.
	SharedBody bool
}

// String identifies the backend in the log, where many have no url_pattern.
func (s Spec) String() string {
	if s.Endpoint != "" {
		return s.EndpointMethod + " " + s.Endpoint
	}
	key, function := s.function()
	return describeBackend(s.method(), key, function)
}

// method returns the backend's method in upper case.
func (s Spec) method() string { return cmp.Or(strings.ToUpper(s.Method), http.MethodGet) }

// The keys that name the function.
const (
	functionName  = "function_name"
	functionParam = "function_param_name"
)

// function returns the key that names the function and its value, both empty without one.
func (s Spec) function() (key, value string) {
	for _, setting := range s.Settings {
		m, _ := setting.Value.(map[string]any)
		for _, key := range []string{functionName, functionParam} {
			if f, ok := m[key].(string); ok && f != "" {
				return key, f
			}
		}
	}
	return "", ""
}

// describeBackend describes a backend by its method and its function.
func describeBackend(method, key, function string) string {
	if key == "" {
		return "this " + method + " backend"
	}
	return "this " + method + " backend (" + key + " " + text.Quote(function) + ")"
}

// where names the backend in log lines where the prefix does not.
func (s Spec) where() string {
	if s.hasPattern() || s.Endpoint != "" {
		return ""
	}
	return " (" + s.String() + ")"
}

// hasPattern tells whether the url_pattern identifies the backend. KrakenD replaces an empty one
// with "/".
func (s Spec) hasPattern() bool { return s.URLPattern != "" && s.URLPattern != "/" }

// logPrefix returns the prefix of the backend's log lines: its url_pattern, as in lines of
// KrakenD's own components, or its endpoint.
func (s Spec) logPrefix() string {
	if !s.hasPattern() && s.Endpoint != "" {
		return "[BACKEND: " + s.EndpointMethod + " " + s.Endpoint + "][Lambda]"
	}
	if s.URLPattern == "/" {
		return "[BACKEND: /][Lambda]" // one text for the many backends without a url_pattern
	}
	return "[BACKEND: " + s.URLPattern + "][Lambda]"
}

// eventFormats are the formats of events and replies. A function that receives no event may
// reply as behind an HTTP API.
var eventFormats = map[config.PayloadFormat]apigw.Format{
	config.Simple:   apigw.HTTP,
	config.Version1: apigw.REST,
	config.Version2: apigw.HTTP,
	config.ALB:      apigw.ALB,
}

// route describes the backend for events.
func (s Spec) route() apigw.Route {
	r := apigw.Route{URLPattern: s.URLPattern, Endpoint: s.Endpoint, EndpointMethod: s.EndpointMethod, ForwardsHost: s.ForwardsHost}
	if len(s.Host) > 0 && s.Host[0] != Host {
		r.Host = s.Host[0]
	}
	return r
}

// Setting is the value of a backend's extra_config under a namespace.
type Setting struct {
	Namespace string
	Value     any
}

// Settings returns the values of extra_config under the namespaces, in the order of the
// namespaces. It returns none for a backend that does not use Lambda.
func Settings(extra map[string]any, namespaces ...string) (settings []Setting) {
	for _, n := range namespaces {
		if v, ok := extra[n]; ok {
			settings = append(settings, Setting{n, v})
		}
	}
	return settings
}
