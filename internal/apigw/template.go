package apigw

import (
	"regexp"
	"strings"
)

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

// fill puts the values of params, escaped, where their names stand. Unlike in the URL of an
// HTTP backend, a value can neither end its path segment nor begin a query string. As there, a
// placeholder without a param stays as it is.
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
