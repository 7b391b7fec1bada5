package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/service/lambda"
)

// Lambda's limits for the payload of a synchronous and of an asynchronous invocation,
// in bytes. Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxPayload      = 6 << 20
	maxEventPayload = 1 << 20
)

// payload makes of a request what its function receives: the parameters for GET, the
// body for every other method, or an event that holds it all.
func (b *Backend) payload(ctx context.Context, r *Request) (payload, *Error) {
	limit := maxPayload
	if b.cfg.InvocationType == lambda.InvocationTypeEvent {
		limit = maxEventPayload
	}
	var p payload
	if b.cfg.PayloadFormat == Simple && b.method == http.MethodGet {
		p = inOnePiece(b.names.payload(r.Params, r.Query))
	} else {
		body, e := readBody(ctx, r.Body, limit)
		if e != nil {
			return payload{}, e
		}
		if p = body; b.cfg.PayloadFormat != Simple {
			p = inOnePiece(b.event(r, body.bytes()))
		}
	}
	if p.size > limit {
		return payload{}, tooLarge(limit)
	}
	return p, nil
}

// placeholderNames are the names that an endpoint gives to its placeholders, by
// the names that they have in a request: KrakenD uppercases the first letter. It
// is nil where the framework does not tell the endpoint.
type placeholderNames map[string]string

// placeholderPattern finds the placeholders of an endpoint, as KrakenD's
// configuration has them ({name}) and as its routers take them (:name).
var placeholderPattern = regexp.MustCompile(`[{:]([A-Za-z0-9_-]+)`)

func placeholdersOf(endpoint string) placeholderNames {
	if endpoint == "" {
		return nil
	}
	names := make(placeholderNames)
	for _, m := range placeholderPattern.FindAllStringSubmatch(endpoint, -1) {
		names[upperFirst(m[1])] = m[1]
	}
	return names
}

// may tells whether a param can be a placeholder: where the endpoint is not known,
// any with a capital can.
func (n placeholderNames) may(param string) bool {
	if n == nil {
		return upperFirst(param) == param
	}
	_, ok := n[param]
	return ok
}

// original is the endpoint's name for a param. Where the endpoint is not known it
// takes the capital for KrakenD's. Params of other origin (JWT.sub, a claim) keep
// their names.
func (n placeholderNames) original(param string) string {
	if name, ok := n[param]; ok {
		return name
	}
	if strings.HasPrefix(param, "JWT.") {
		return param
	}
	return lowerFirst(param)
}

// payload is a JSON object with all the parameters of a request, its keys sorted.
// Where a placeholder and a query string parameter have one name, the placeholder
// wins: the endpoint's own path is not for a client to overwrite.
func (n placeholderNames) payload(params map[string]string, query map[string][]string) []byte {
	type parameter struct {
		name   string
		param  string   // its name in the request; empty for the query string's
		rank   int      // 0 for the query string's: of those with one name, the highest wins
		value  string   // where it is one
		values []string // of the query string; nil for one value
	}
	parameters := make([]parameter, 0, len(params)+len(query))
	size := len("{}")
	for param, value := range params {
		p := parameter{name: n.original(param), param: param, rank: 1, value: value}
		parameters = append(parameters, p)
		size += len(p.name) + len(value) + len(`"":"",`)
	}
	for name, values := range query {
		switch len(values) {
		case 0:
		case 1:
			parameters = append(parameters, parameter{name: name, value: values[0]})
			size += len(name) + len(values[0]) + len(`"":"",`)
		default:
			parameters = append(parameters, parameter{name: name, values: values})
		}
	}
	slices.SortFunc(parameters, func(a, b parameter) int {
		// Capitals come last, so a placeholder wins over what another component has set
		// under its name in lower case.
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.rank, b.rank), cmp.Compare(b.param, a.param))
	})

	event := append(make([]byte, 0, size), '{')
	for i, p := range parameters {
		if i+1 < len(parameters) && parameters[i+1].name == p.name {
			continue
		}
		if len(event) > 1 {
			event = append(event, ',')
		}
		event = append(appendJSON(event, p.name), ':')
		if p.values == nil {
			event = appendJSON(event, p.value)
			continue
		}
		for i, value := range p.values {
			event = appendJSON(append(event, "[,"[min(i, 1)]), value)
		}
		event = append(event, ']')
	}
	return append(event, '}')
}

// appendJSON appends a string as JSON has it.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(b, marshal(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// originals are params under the endpoint's names for them.
func (n placeholderNames) originals(params map[string]string) map[string]string {
	originals := make(map[string]string, len(params))
	// Capitals come last, so a placeholder overwrites what another component has
	// set under its name in lower case.
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(params))) {
		originals[n.original(name)] = params[name]
	}
	return originals
}

// readBody reads a body to its end and closes it. The read happens in a goroutine of
// its own, because a client that stalls in the middle of its body must not hold the
// pipe beyond its deadline; that goroutine ends with the body, which the HTTP server
// ends with the connection. The answer itself may have to wait for that: over a
// connection that is to be kept, net/http writes none while a read of the body is under
// way. KrakenD's read_timeout bounds it.
func readBody(ctx context.Context, body io.ReadCloser, limit int) (payload, *Error) {
	if body == nil || body == http.NoBody {
		return payload{}, nil
	}
	type result struct {
		body payload
		err  error
	}
	done := make(chan result, 1)
	go func() {
		p, err := readUpTo(body, limit)
		done <- result{p, err}
	}()

	select {
	case <-ctx.Done():
		return payload{}, ended(ctx, "before the request's body had arrived")
	case r := <-done:
		var overLimit *http.MaxBytesError
		switch {
		case r.body.size > limit || errors.As(r.err, &overLimit):
			return payload{}, tooLarge(limit)
		case r.err != nil && ctx.Err() != nil:
			return payload{}, ended(ctx, "before the request's body had arrived")
		case r.err != nil:
			return payload{}, unreadable(r.err)
		}
		return r.body, nil
	}
}

// readUpTo reads no more of a body than it takes to see that it is too large.
func readUpTo(body io.ReadCloser, limit int) (p payload, err error) {
	// Out of the door's reach, a panic would end the process.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	defer body.Close()
	return readPayload(io.LimitReader(body, int64(limit)+1))
}
