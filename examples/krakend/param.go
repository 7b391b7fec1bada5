package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend/config"
)

// param matches a placeholder in the router's spelling.
var param = regexp.MustCompile(`:([^/{}]+)`)

// ofKrakenD matches a param that KrakenD sets itself: a claim of a token, or a value of
// an earlier reply.
var ofKrakenD = regexp.MustCompile(`^(JWT\.|Resp\d+(_|$))`)

// notPlaceholders returns a warning for each function_param_name with a capital that is not a
// placeholder of the endpoint. KrakenD 1.x does not tell a backend its endpoint, so the backend
// takes such a name for a placeholder. The backend warns of all other names itself, and a param
// that KrakenD sets (JWT.shop, Resp0_shop) causes no warning.
func (r reports) notPlaceholders(endpoints []*config.EndpointConfig) (warnings []string) {
	for _, e := range endpoints {
		params := map[string]bool{"": true}
		for _, m := range param.FindAllStringSubmatch(e.Endpoint, -1) {
			params[capitalized(m[1])] = true
		}
		for _, b := range e.Backend {
			p := r[b].Param // empty without one, and for a bad configuration
			if !params[p] && p == capitalized(p) && !ofKrakenD.MatchString(p) {
				warnings = append(warnings, fmt.Sprintf("%s: function_param_name: the endpoint has no placeholder for '%s', so another component, such as a Lua script, must set it", name(e), p))
			}
		}
	}
	return warnings
}

// capitalized puts the first letter of a name that is not empty into upper case, as KrakenD
// does with the names of placeholders.
func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
