package backend

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// A parameter is a member of the payload of a GET.
type parameter struct {
	name   string
	param  string   // the key in the request's params; empty for a query string
	last   bool     // a placeholder, and another parameter's name folds to its name
	value  string   // if there is one value
	values []string // the values of a query string; nil for one value
}

// parameters returns all the parameters of a request as a JSON object with sorted keys. A query
// string cannot replace a value that the gateway vouches for. Decoders that ignore case in names
// take the last member, so a placeholder comes after all others that fold to its name.
func (b *Backend) parameters(r *Request) []byte {
	parameters := paramsOf(r, b.names, len(r.Query))
	if len(r.Query) == 0 {
		return object(parameters)
	}
	vouched := b.names.VouchedNames(r.Params)
	for name, values := range r.Query {
		switch {
		case len(values) == 0:
		case vouched.Has(name):
			b.leaveOut("query string", name)
		case len(values) == 1:
			parameters = append(parameters, parameter{name: name, value: values[0]})
		default:
			parameters = append(parameters, parameter{name: name, values: values})
		}
	}
	return object(parameters)
}

// object returns parameters as a JSON object. It sorts them.
func object(parameters []parameter) []byte {
	slices.SortFunc(parameters, func(a, b parameter) int {
		return cmp.Or(compareBools(a.last, b.last), cmp.Compare(a.name, b.name))
	})
	size := len("{}")
	for _, p := range parameters {
		size += len(p.name) + len(p.value) + len(`"":"",`)
	}
	object := append(make([]byte, 0, size), '{')
	for _, p := range parameters {
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(text.AppendJSON(object, p.name), ':')
		if p.values == nil {
			object = text.AppendJSON(object, p.value)
			continue
		}
		for i, value := range p.values {
			object = text.AppendJSON(append(object, "[,"[min(i, 1)]), value)
		}
		object = append(object, ']')
	}
	return append(object, '}')
}

// paramsOf returns the params of a request under the endpoint's names, with room for more
// parameters. It marks placeholders whose folded names others share. If two params have the same
// name, it returns the placeholder, otherwise the one with the capital, which KrakenD sets.
func paramsOf(r *Request, names config.Placeholders, room int) []parameter {
	params := make([]parameter, 0, len(r.Params)+room)
	for param, value := range r.Params {
		params = append(params, parameter{name: names.EndpointName(param), param: param, value: value})
	}
	if len(params) < 2 {
		return params
	}
	counts := make(map[string]string, len(params)) // the param that counts, by name
	for _, p := range params {
		other, ok := counts[p.name]
		if !ok || compareParams(names, p.param, other) < 0 {
			counts[p.name] = p.param
		}
	}
	params = slices.DeleteFunc(params, func(p parameter) bool { return counts[p.name] != p.param })

	folded := make(map[string]int, len(params))
	for _, p := range params {
		folded[config.Fold(p.name)]++
	}
	for i := range params {
		p := &params[i]
		p.last = folded[config.Fold(p.name)] > 1 && names.Has(p.param)
	}
	return params
}

// compareParams orders two params of one name: placeholders come first, then capitals.
func compareParams(names config.Placeholders, a, b string) int {
	return cmp.Or(-compareBools(names.Has(a), names.Has(b)), cmp.Compare(a, b))
}

// compareBools orders false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// leaveOut warns once about a name from a request that could replace a value that the gateway
// vouches for.
func (b *Backend) leaveOut(what, name string) {
	if b.collision.CompareAndSwap(false, true) {
		b.logger.Warning(b.prefix, fmt.Sprintf("the function does not get the %s %s: a decoder that ignores case could take it for a placeholder, a claim or a value of an earlier reply%s", what, text.Quote(name), b.where()))
	}
}
