package lambda

import (
	"net/textproto"
	"slices"
	"strings"
	"sync"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/luraproject/lura/v2/config"
)

// configuredBackends remembers the original settings of the backends that a factory has changed. Its
// zero value is empty.
type configuredBackends struct{ seen sync.Map } // from *config.Backend to configuredBackend

type configuredBackend struct {
	concurrentCalls int
	headersToPass   []string
	urlPattern      string
}

// first returns a backend's settings from before a factory changed them.
func (c *configuredBackends) first(remote *config.Backend) configuredBackend {
	if v, ok := c.seen.Load(remote); ok {
		return v.(configuredBackend)
	}
	return configuredBackend{remote.ConcurrentCalls, remote.HeadersToPass, remote.URLPattern}
}

// identityHeaders describe the client in events: its address, the host that it called, and its user
// agent.
var identityHeaders = []string{"X-Forwarded-For", "X-Forwarded-Host", "User-Agent"}

// prepare changes the settings of a Lambda backend that KrakenD reads after the factory has run.
// spec has the settings that the factory saw first.
func (c *configuredBackends) prepare(remote *config.Backend, spec *backend.Spec) {
	first := c.first(remote)
	if first.concurrentCalls > 1 || len(first.headersToPass) > 0 {
		c.seen.Store(remote, first)
	}
	spec.ConcurrentCalls, spec.URLPattern = first.concurrentCalls, first.urlPattern

	if len(remote.Host) == 0 {
		remote.Host = []string{backend.Host} // a Spec with this host is like one without a host
	}
	remote.URLPattern = first.urlPattern // requireClaims may have changed it
	// The backend makes the calls itself.
	remote.ConcurrentCalls = min(remote.ConcurrentCalls, 1)

	if len(first.headersToPass) == 0 { // the backend gets all headers
		return
	}
	remote.HeadersToPass = slices.Clone(first.headersToPass)
	for _, name := range identityHeaders {
		if !slices.ContainsFunc(first.headersToPass, func(h string) bool { return textproto.CanonicalMIMEHeaderKey(h) == name }) {
			remote.HeadersToPass = append(remote.HeadersToPass, name)
			spec.HiddenHeaders = append(spec.HiddenHeaders, name)
		}
	}
}

// requireClaims makes KrakenD's validator set the params of these claims, such as JWT.sub. The
// validator sets the claims in the url_patterns of the endpoint, and reads the patterns after the
// factory has run. A Lambda backend does not use the path that KrakenD makes of its url_pattern. Source:
// extractRequiredJWTClaims of github.com/krakend/krakend-jose/v2.
func (c *configuredBackends) requireClaims(remote *config.Backend, claims []string) {
	if len(claims) == 0 {
		return
	}
	c.seen.Store(remote, c.first(remote))
	var b strings.Builder
	b.WriteString(remote.URLPattern)
	separator := "?"
	if strings.Contains(remote.URLPattern, "?") {
		separator = "&"
	}
	for _, claim := range claims {
		if placeholder := "{{." + claim + "}}"; !strings.Contains(remote.URLPattern, placeholder) {
			b.WriteString(separator + claim + "=" + placeholder)
			separator = "&"
		}
	}
	remote.URLPattern = b.String()
}
