package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Placeholders are the names that an endpoint gives to its placeholders, by the names
// that they have in a request, where KrakenD uppercases the first letter. It is nil where
// the framework does not tell the endpoint, and empty for an endpoint without placeholders.
type Placeholders map[string]string

// placeholderPattern finds the placeholders of an endpoint, as KrakenD's configuration has
// them ({name}) and as its routers take them (:name, up to the next slash). With
// disable_rest a name can have dots.
var placeholderPattern = regexp.MustCompile(`\{([^{}]+)\}|:([^/{}]+)`)

// PlaceholdersOf returns the placeholders of an endpoint, nil for an empty one.
func PlaceholdersOf(endpoint string) Placeholders {
	if endpoint == "" {
		return nil
	}
	names := make(Placeholders)
	for _, m := range placeholderPattern.FindAllStringSubmatch(endpoint, -1) {
		name := m[1] + m[2]
		names[upperFirst(name)] = name
	}
	return names
}

// Has tells whether a param can be a placeholder. Where the endpoint is not known, every
// param with a capital can, but those that KrakenD's own parts set.
func (n Placeholders) Has(param string) bool {
	if n == nil {
		return upperFirst(param) == param && !isForeign(param)
	}
	_, ok := n[param]
	return ok
}

// EndpointName returns the endpoint's name for a param. Where the endpoint is not known it
// takes the capital for KrakenD's. A param of another origin, such as the claim JWT.sub,
// keeps its name.
func (n Placeholders) EndpointName(param string) string {
	if name, ok := n[param]; ok {
		return name
	}
	if strings.HasPrefix(param, ClaimPrefix) {
		return param
	}
	return lowerFirst(param)
}

// ClaimPrefix is how KrakenD's validator begins the names of the params in which it puts
// the claims of a token.
const ClaimPrefix = "JWT."

const foldedClaimPrefix = "jwt."

// isForeign tells whether KrakenD sets a param that is not a placeholder, and gives it a capital
// as placeholders have: a claim of a token, or a value of an earlier reply.
func isForeign(param string) bool {
	return strings.HasPrefix(param, ClaimPrefix) || strings.HasPrefix(param, "Resp") && isGatewayName(Fold(param))
}

// PathParameters returns the params that are placeholders, under the endpoint's names, and
// nil where there are none. It leaves out the params that other components have set.
func (n Placeholders) PathParameters(params map[string]string) map[string]string {
	var path map[string]string
	for param, value := range params {
		if !n.Has(param) {
			continue
		}
		if path == nil {
			path = make(map[string]string, len(params))
		}
		path[n.EndpointName(param)] = value
	}
	return path
}

// Claims returns the claims of a validated token, which KrakenD's validator has put into
// the params, by their names and as text. It returns nil where there are none.
func Claims(params map[string]string) map[string]string {
	var claims map[string]string
	for param, value := range params {
		if claim, ok := strings.CutPrefix(param, ClaimPrefix); ok {
			if claims == nil {
				claims = make(map[string]string, len(params))
			}
			claims[claim] = value
		}
	}
	return claims
}

// check returns an error for a placeholder that would have the name of a claim, in any case:
// where a token lacks the claim, a client could set it through the path.
func (n Placeholders) check() error {
	for _, param := range slices.Sorted(maps.Keys(n)) {
		if strings.HasPrefix(Fold(param), foldedClaimPrefix) {
			return fmt.Errorf("the endpoint's placeholder {%s} has the name of a token's claim, so that a client could set the claim: rename the placeholder", n[param])
		}
	}
	return nil
}

// upperFirst uppercases the first letter of s where it is an ASCII one, as
// KrakenD does with the names of placeholders.
func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// lowerFirst undoes upperFirst.
func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]-'A'+'a') + s[1:]
}
