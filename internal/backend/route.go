package backend

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"
)

// defaultRoute is API Gateway's name of the route that takes what no other does.
const defaultRoute = "$default"

// route is what an event says of the backend and its endpoint, worked out once.
type route struct {
	path, query template
	endpoint    string // the endpoint's pattern with its placeholders in braces, or defaultRoute
	key         string // method and endpoint, or defaultRoute
	host        string // the name of the backend's first host
	// forwardsHost is the Spec's.
	forwardsHost bool
}

func routeOf(spec Spec) *route {
	path, query, _ := strings.Cut(spec.URLPattern, "?")
	r := &route{
		path:     parseTemplate("/" + strings.TrimPrefix(path, "/")),
		query:    parseTemplate(query),
		endpoint: defaultRoute,
		key:      defaultRoute,

		forwardsHost: spec.ForwardsHost,
	}
	if spec.Endpoint != "" {
		r.endpoint = colonPlaceholder.ReplaceAllString(spec.Endpoint, "/{$1}")
		r.key = cmp.Or(strings.ToUpper(spec.EndpointMethod), "GET") + " " + r.endpoint
	}
	if len(spec.Host) > 0 {
		r.host = hostname(spec.Host[0])
	}
	return r
}

// colonPlaceholder is a placeholder as KrakenD's default router has it.
var colonPlaceholder = regexp.MustCompile(`/:([A-Za-z0-9_-]+)`)

// target is what a request is for: the path, percent-encoded, and the query string,
// the url_pattern's own part of it first.
func (r *route) target(params map[string]string, query map[string][]string) (path, rawQuery string, values url.Values) {
	path = r.path.fill(params, escapeSegment)
	rawQuery = r.query.fill(params, url.QueryEscape)
	// What does not parse is left out, as net/http does for a server.
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

// escapeSegment escapes what is to be one segment of a path as net/http would in the
// whole path: an application must not be able to tell.
func escapeSegment(s string) string {
	return strings.ReplaceAll((&url.URL{Path: s}).EscapedPath(), "/", "%2F")
}

// template is a url_pattern, or a part of one, taken apart: a literal, and then by
// turns a param's name and a literal.
type template []string

// templateParam is a placeholder of a url_pattern once KrakenD has parsed it.
var templateParam = regexp.MustCompile(`\{\{\.([^{}]+)\}\}`)

func parseTemplate(s string) template {
	var t template
	end := 0
	for _, m := range templateParam.FindAllStringSubmatchIndex(s, -1) {
		t = append(t, s[end:m[0]], s[m[2]:m[3]])
		end = m[1]
	}
	return append(t, s[end:])
}

// fill puts the values of params, escaped, where their names stand. Other than in
// the URL of an HTTP backend, a value can so neither end its path segment nor begin
// a query string. As there, a placeholder without a param stays as it is.
func (t template) fill(params map[string]string, escape func(string) string) string {
	if len(t) == 1 {
		return t[0]
	}
	var b strings.Builder
	for i, s := range t {
		if i%2 == 0 {
			b.WriteString(s)
		} else if value, ok := params[s]; ok {
			b.WriteString(escape(value))
		} else {
			b.WriteString(escape("{{." + s + "}}"))
		}
	}
	return b.String()
}

// hostname is the name in a host of any of the forms that occur: with a scheme,
// with a port, or neither.
func hostname(host string) string {
	if !strings.Contains(host, "://") {
		host = "//" + host
	}
	u, err := url.Parse(host)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
