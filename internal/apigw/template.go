package apigw

import (
	"regexp"
	"strings"
)

// template is a url_pattern, or a part of one, split into a literal, a param's name, a literal,
// and so on.
type template []string

// templateParam matches a placeholder of a url_pattern after KrakenD has parsed it.
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

// fill replaces the placeholders with the escaped values of params. Unlike in the URL of an HTTP
// backend, a value can neither end its path segment nor begin a query string. A placeholder
// without a param stays unchanged, as there.
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
