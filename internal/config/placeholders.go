package config

import (
	"fmt"
	"strings"
)

// Placeholders maps the names of an endpoint's placeholders in a request, where KrakenD
// uppercases the first letter, to the endpoint's own names. It is nil if the framework does not
// tell the endpoint, and empty for an endpoint without placeholders.
type Placeholders map[string]string

// noPlaceholders are those of all endpoints without placeholders. Nothing may add to them.
var noPlaceholders = Placeholders{}

// PlaceholdersOf returns the placeholders of an endpoint, nil for an empty one. The map must not
// be changed.
func PlaceholdersOf(endpoint string) Placeholders {
	if endpoint == "" {
		return nil
	}
	names := noPlaceholders
	for name, rest := nextPlaceholder(endpoint); name != ""; name, rest = nextPlaceholder(rest) {
		if len(names) == 0 {
			names = make(Placeholders)
		}
		names[upperFirst(name)] = name
	}
	return names
}

// nextPlaceholder returns the first placeholder of an endpoint and what follows it: as KrakenD's
// configuration has placeholders ({name}), or as its routers take them (:name, up to the next
// slash). With disable_rest a name can have dots. It is empty if there is none.
func nextPlaceholder(endpoint string) (name, rest string) {
	for i, c := range []byte(endpoint) {
		rest := endpoint[i+1:]
		switch c {
		case '{':
			if end := strings.IndexAny(rest, "{}"); end > 0 && rest[end] == '}' {
				return rest[:end], rest[end+1:]
			}
		case ':':
			end := strings.IndexAny(rest, "/{}")
			if end < 0 {
				end = len(rest)
			}
			if end > 0 {
				return rest[:end], rest[end:]
			}
		}
	}
	return "", ""
}

// Has tells whether a param can be a placeholder. If the endpoint is not known, it returns true
// for every param with a capital, except those that KrakenD's own parts set.
func (n Placeholders) Has(param string) bool {
	if n == nil {
		return upperFirst(param) == param && !isForeign(param)
	}
	_, ok := n[param]
	return ok
}

// EndpointName returns the endpoint's name for a param. If the endpoint is not known, it assumes
// that KrakenD added the capital. A param from another source, such as the claim JWT.sub, keeps
// its name.
func (n Placeholders) EndpointName(param string) string {
	if name, ok := n[param]; ok {
		return name
	}
	if strings.HasPrefix(param, ClaimPrefix) {
		return param
	}
	return lowerFirst(param)
}

// ClaimPrefix is the prefix of the params in which KrakenD's validator puts the claims of a
// token.
const ClaimPrefix = "JWT."

const foldedClaimPrefix = "jwt."

// isForeign tells whether KrakenD itself sets a param that is not a placeholder but has a
// capital: a claim of a token, or a value of an earlier reply.
func isForeign(param string) bool {
	return strings.HasPrefix(param, ClaimPrefix) || strings.HasPrefix(param, "Resp") && isGatewayName(Fold(param))
}

// PathParameters returns the params that are placeholders, under the endpoint's names, or nil.
// It leaves out params that other components have set.
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

// Claims returns the claims of a validated token as text, by name. KrakenD's validator has put
// them into the params. It returns nil if there are none.
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

// check returns an error for a placeholder with the name of a claim, in any case: if a token
// lacks the claim, a client could set it through the path.
func (n Placeholders) check() error {
	first := ""
	for param := range n {
		if strings.HasPrefix(Fold(param), foldedClaimPrefix) && (first == "" || param < first) {
			first = param
		}
	}
	if first == "" {
		return nil
	}
	return fmt.Errorf("the endpoint's placeholder {%s} has the name of a token's claim, so a client could set the claim: rename the placeholder", n[first])
}

// upperFirst uppercases the first letter of s if it is ASCII, as KrakenD does with the names of
// placeholders.
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
