package apigw

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// target is a parsed url_pattern, from which an event's path and query string are built.
type target struct{ path, query template }

func parseTarget(urlPattern string) target {
	path, query, _ := strings.Cut(urlPattern, "?")
	return target{parseTemplate("/" + strings.TrimPrefix(path, "/")), parseTemplate(query)}
}

// fill returns the path of a request, percent-encoded, and its query string, raw and parsed. The
// url_pattern's query string comes first.
func (t target) fill(params map[string]string, query map[string][]string) (path, rawQuery string, values url.Values) {
	path = t.path.fill(params, escapeSegment)
	rawQuery = t.query.fill(params, url.QueryEscape)
	// net/http also drops parameters that do not parse.
	values, _ = url.ParseQuery(rawQuery)
	if len(query) == 0 {
		return path, rawQuery, values
	}
	if rawQuery != "" {
		rawQuery += "&"
	}
	rawQuery += url.Values(query).Encode()
	for name, vs := range query {
		if len(vs) > 0 {
			values[name] = append(values[name], vs...)
		}
	}
	return path, rawQuery, values
}

// Path returns the path of events, percent-encoded as in the url_pattern. For each placeholder it
// has what spell returns for the param, in braces.
func (a *API) Path(spell func(param string) string) string {
	path := slices.Clone(a.target.path)
	for i := 1; i < len(path); i += 2 {
		path[i] = "{" + spell(path[i]) + "}"
	}
	return strings.Join(path, "")
}

// escapeSegment escapes text as one segment of a path. It escapes as net/http does in a whole
// path, so that an application receives the same path as from a client directly.
func escapeSegment(s string) string {
	return strings.ReplaceAll((&url.URL{Path: s}).EscapedPath(), "/", "%2F")
}

// unescaped returns a path without percent-encoding, or unchanged if it does not parse.
func unescaped(path string) string {
	if p, err := url.PathUnescape(path); err == nil {
		return p
	}
	return path // the url_pattern's own spelling
}

// routeNames are API Gateway's names of a request's route.
type routeNames struct {
	resource string // the endpoint's path with its placeholders in braces
	key      string // method and resource
}

// defaultRoute is API Gateway's name of the route for all requests without another route. It is
// used if the endpoint is not known.
const defaultRoute = "$default"

// colonPlaceholder matches a placeholder in the syntax of KrakenD's default router.
var colonPlaceholder = regexp.MustCompile(`:([^/{}]+)`)

func routeNamesOf(endpoint, method string) routeNames {
	if endpoint == "" {
		return routeNames{defaultRoute, defaultRoute}
	}
	resource := colonPlaceholder.ReplaceAllString(endpoint, "{$1}")
	return routeNames{resource, cmp.Or(strings.ToUpper(method), http.MethodGet) + " " + resource}
}
