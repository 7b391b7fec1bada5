package backend

import (
	"maps"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/config"
)

// requestValues returns the values of template placeholders. Headers that the operator does not
// pass to the backend have no value.
func (b *Backend) requestValues(r *Request) config.RequestValues {
	v := config.RequestValues{Params: r.Params, Headers: r.Headers, Query: r.Query}
	if len(b.hidden) > 0 && (b.cfg.TenantID != nil || b.cfg.DurableExecutionName != nil) {
		v.Headers = maps.Clone(r.Headers)
		for _, name := range b.hidden {
			delete(v.Headers, name)
		}
	}
	return v
}

// Claims returns the params with a token's claims, such as JWT.sub, that the configuration uses
// in placeholders. It returns nil for a bad configuration.
func (b *Backend) Claims() []string { return b.cfg.Claims() }

// unsetClaims returns a warning for each of these claims that KrakenD's validator may not set:
// the validator reads all url_patterns of an endpoint, and the backend knows only its own. A
// command that checks the configuration knows them all, and warns itself.
func (s Spec) unsetClaims(claims []string, checkOnly bool) (warnings []string) {
	if s.SetsClaims || checkOnly {
		return nil
	}
	for _, claim := range claims {
		if !strings.Contains(s.URLPattern, "{{."+claim+"}}") {
			name := strings.TrimPrefix(claim, config.ClaimPrefix)
			warnings = append(warnings, "KrakenD sets {"+claim+"} only if a url_pattern of the endpoint contains it: add it to one, such as /?"+name+"={"+claim+"}")
		}
	}
	return warnings
}
