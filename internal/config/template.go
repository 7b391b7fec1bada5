package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Template is text with placeholders for values of a request. A nil Template is not configured.
type Template struct {
	literals []string // the text around the values, so one more than values
	values   []templateValue
	headers  map[string]int // the headers in values, in lower case, numbered from 0; nil for none
}

// A templateValue is a placeholder of a template.
type templateValue struct {
	source templateSource
	name   string // of the param, header or query string
	header int    // the number of the header in Template.headers
	reply  bool   // a param with a value of an earlier reply
}

// String returns the placeholder without its braces, as Template.String has it.
func (v templateValue) String() string {
	switch v.source {
	case fromHeader:
		return headerPrefix + v.name
	case fromQuery:
		return queryPrefix + v.name
	}
	return v.name
}

// key returns a text that is equal for equal placeholders: the case of a header's name does not
// count.
func (v templateValue) key() string {
	if v.source == fromHeader {
		return strings.ToLower(v.String())
	}
	return v.String()
}

type templateSource int

const (
	fromParam templateSource = iota
	fromHeader
	fromQuery
)

// The prefixes of placeholders that stand for headers and query strings, in the spelling of
// KrakenD Enterprise's dynamic routing.
const (
	headerPrefix = "input_headers."
	queryPrefix  = "input_query_strings."
)

// RequestValues are the values for a template's placeholders. All maps may be nil.
type RequestValues struct {
	Params         map[string]string
	Headers, Query map[string][]string
}

// paramName matches the names that params have: those of placeholders, claims and the values
// of earlier replies.
var paramName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$`)

// ParseTemplate reads a template: {name} is an endpoint's placeholder, {JWT.sub} a claim of the
// validated token, {resp0_id} a value of an earlier reply, {input_headers.X-Tenant} a header and
// {input_query_strings.tenant} a query string. A literal brace is not possible.
func ParseTemplate(s string) (*Template, error) {
	t := new(Template)
	rest := s
	for {
		literal, behind, opens := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("%s has a } without its {", text.Quote(s))
		}
		t.literals = append(t.literals, literal)
		if !opens {
			return t, nil
		}
		name, behind, closes := strings.Cut(behind, "}")
		if !closes || strings.Contains(name, "{") {
			return nil, fmt.Errorf("%s has a { without its }", text.Quote(s))
		}
		v, err := parseTemplateValue(name)
		if err != nil {
			return nil, err
		}
		if v.source == fromHeader {
			v.header = t.addHeader(v.name)
		}
		t.values = append(t.values, v)
		rest = behind
	}
}

// addHeader returns the number of a header, the same for all its spellings.
func (t *Template) addHeader(name string) int {
	if t.headers == nil {
		t.headers = make(map[string]int)
	}
	name = strings.ToLower(name)
	n, ok := t.headers[name]
	if !ok {
		n = len(t.headers)
		t.headers[name] = n
	}
	return n
}

func parseTemplateValue(name string) (templateValue, error) {
	if header, ok := strings.CutPrefix(name, headerPrefix); ok {
		if !headerName.MatchString(header) {
			return templateValue{}, fmt.Errorf("{%s} does not name a header", text.Clean(name))
		}
		return templateValue{source: fromHeader, name: header}, nil
	}
	if query, ok := strings.CutPrefix(name, queryPrefix); ok {
		if query == "" {
			return templateValue{}, fmt.Errorf("{%s} does not name a query string", name)
		}
		return templateValue{source: fromQuery, name: query}, nil
	}
	if name == "" {
		return templateValue{}, errors.New("{} is empty: write a name between the braces")
	}
	if !paramName.MatchString(name) {
		return templateValue{}, fmt.Errorf("{%s} is not a placeholder such as {id}, {JWT.sub}, {input_headers.X-Tenant} or {input_query_strings.tenant}", text.Clean(name))
	}
	return templateValue{source: fromParam, name: upperFirst(name), reply: isReplyName(Fold(name))}, nil
}

// headerName matches the name of a header: a token of RFC 9110, section 5.6.2.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// Params returns the keys of the params in the template's placeholders, in order. It returns none for nil.
func (t *Template) Params() []string {
	if t == nil {
		return nil
	}
	var params []string
	for _, v := range t.values {
		if v.source == fromParam {
			params = append(params, v.name)
		}
	}
	return params
}

// nullValue is the text that KrakenD sets for a null of an earlier reply.
const nullValue = "<nil>"

// Values returns the value of each placeholder, in order. It returns false if a value is absent
// from the request or empty, or if it is a null of an earlier reply. Of several values the first
// counts. The names of headers ignore case; if the request has several spellings of one, the
// first in sorted order counts. Query strings match exactly.
func (t *Template) Values(r RequestValues) ([]string, bool) {
	values := make([]string, len(t.values))
	headers := t.headerValues(r.Headers)
	for i, v := range t.values {
		switch v.source {
		case fromParam:
			values[i] = r.Params[v.name]
			if v.reply && values[i] == nullValue {
				return nil, false
			}
		case fromHeader:
			values[i] = headers[v.header].value
		case fromQuery:
			values[i] = first(r.Query[v.name])
		}
		if values[i] == "" {
			return nil, false
		}
	}
	return values, true
}

// Expand returns the text with the values in place of the placeholders. It returns false if one
// has no value.
func (t *Template) Expand(r RequestValues) (string, bool) {
	values, ok := t.Values(r)
	if !ok {
		return "", false
	}
	var b strings.Builder
	b.WriteString(t.literals[0])
	for i, value := range values {
		b.WriteString(value)
		b.WriteString(t.literals[i+1])
	}
	return b.String(), true
}

// A headerValue is the value of a header and the request's spelling of its name. Both are empty
// if the request lacks the header.
type headerValue struct{ spelling, value string }

// headerValues returns the first value of each header of a template, by its number. It reads the
// headers of a request once.
func (t *Template) headerValues(headers map[string][]string) []headerValue {
	if t.headers == nil {
		return nil
	}
	found := make([]headerValue, len(t.headers))
	for name, values := range headers {
		var room [64]byte
		n, ok := t.headers[string(appendLower(room[:0], name))]
		if !ok || len(values) == 0 {
			continue
		}
		if f := &found[n]; f.spelling == "" || name < f.spelling {
			*f = headerValue{name, values[0]}
		}
	}
	return found
}

// appendLower appends s with its ASCII letters in lower case. Header names have no other
// letters.
func appendLower(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// String returns the template as configured, except that the case of the params' first letters
// may differ.
func (t *Template) String() string {
	var b strings.Builder
	for i, literal := range t.literals {
		b.WriteString(literal)
		if i < len(t.values) {
			b.WriteString("{" + t.values[i].String() + "}")
		}
	}
	return b.String()
}
