package apigw

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// jsonObject writes a JSON object member by member. It writes the same bytes as encoding/json in
// half the time.
type jsonObject struct{ json []byte }

// key begins a member whose name may need escapes.
func (o *jsonObject) key(name string) {
	o.comma()
	o.json = append(text.AppendJSON(o.json, name), ':')
}

// name begins a member whose name needs no escapes.
func (o *jsonObject) name(name string) {
	o.comma()
	o.json = append(o.json, '"')
	o.json = append(o.json, name...)
	o.json = append(o.json, '"', ':')
}

func (o *jsonObject) comma() {
	if last := o.json[len(o.json)-1]; last != '{' && last != '[' {
		o.json = append(o.json, ',')
	}
}

// text writes a string.
func (o *jsonObject) text(name, value string) {
	o.name(name)
	o.json = text.AppendJSON(o.json, value)
}

// null writes a null for each name.
func (o *jsonObject) null(names ...string) {
	for _, name := range names {
		o.name(name)
		o.json = append(o.json, "null"...)
	}
}

func (o *jsonObject) bool(name string, value bool) {
	o.name(name)
	o.json = strconv.AppendBool(o.json, value)
}

func (o *jsonObject) int(name string, value int64) {
	o.name(name)
	o.json = strconv.AppendInt(o.json, value, 10)
}

// begin begins a nested object, which end ends.
func (o *jsonObject) begin(name string) {
	o.name(name)
	o.json = append(o.json, '{')
}

func (o *jsonObject) end() { o.json = append(o.json, '}') }

// list appends a list of strings, without a name.
func (o *jsonObject) list(values []string) {
	o.json = append(o.json, '[')
	for _, value := range values {
		o.comma()
		o.json = text.AppendJSON(o.json, value)
	}
	o.json = append(o.json, ']')
}

// texts writes an object of strings, sorted by name.
func (o *jsonObject) texts(name string, values map[string]string) {
	o.begin(name)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		o.key(key)
		o.json = text.AppendJSON(o.json, values[key])
	}
	o.end()
}

// fields writes an object with a member for each field, whose value write appends.
func (o *jsonObject) fields(name string, fields []field, write func(*jsonObject, []string)) {
	o.begin(name)
	for _, f := range fields {
		o.key(f.name)
		write(o, f.values)
	}
	o.end()
}

// joined appends the values as one string, separated by commas.
func (o *jsonObject) joined(values []string) {
	if len(values) == 1 {
		o.json = text.AppendJSON(o.json, values[0])
		return
	}
	o.json = text.AppendJSON(o.json, strings.Join(values, ","))
}

// last appends the last value. There must be at least one.
func (o *jsonObject) last(values []string) {
	o.json = text.AppendJSON(o.json, values[len(values)-1])
}

// body writes the request's body, and returns whether it is base64. A body that is not UTF-8 is
// base64 in every format, since JSON cannot hold it.
func (o *jsonObject) body(a *API, in *input) (isBase64 bool) {
	o.name("body")
	if len(in.Body) == 0 {
		o.json = append(o.json, '"', '"')
		return false
	}
	if a.isText(in.headers) {
		at := len(o.json)
		var valid bool
		if o.json, valid = text.AppendValidJSON(o.json, in.Body); valid {
			return false
		}
		o.json = o.json[:at]
	}
	o.json = append(o.json, '"')
	o.json = append(base64.StdEncoding.AppendEncode(o.json, in.Body), '"')
	return true
}

// field is a name with its values.
type field struct {
	name   string
	values []string
}

// usual is a number of fields that most requests do not exceed, and usualName the length of a
// header's name that most do not exceed on average.
const usual, usualName = 40, 16

// sorted appends the fields of a map sorted by name.
func sorted(list []field, values map[string][]string) []field {
	for name, vs := range values {
		list = append(list, field{name, vs})
	}
	return sort(list)
}

// lowered is sorted with names in lower case. If two names are alike then, one counts.
func lowered(list []field, values map[string][]string) []field {
	// One text has all names: one allocation, unless they are unusually long.
	var names strings.Builder
	names.Grow(usualName * len(values))
	for name, vs := range values {
		list = append(list, field{lower(&names, name), vs})
	}
	return slices.CompactFunc(sort(list), func(a, b field) bool { return a.name == b.name })
}

// lower returns a name in lower case, and appends it to names.
func lower(names *strings.Builder, name string) string {
	from := names.Len()
	for i := range len(name) {
		c := name[i]
		if c >= utf8.RuneSelf {
			return strings.ToLower(name)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		names.WriteByte(c)
	}
	return names.String()[from:]
}

// sort sorts fields by name.
func sort(list []field) []field {
	slices.SortFunc(list, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return list
}
