package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxPayload is Lambda's limit for the payload of a synchronous invocation, in
// bytes. Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxPayload = 6 << 20

// payload makes of a request what its function receives: the parameters for GET,
// the body for every other method.
func (b *Backend) payload(ctx context.Context, r *Request) ([]byte, *Error) {
	if b.method != http.MethodGet {
		return bodyPayload(ctx, r.Body)
	}
	p := paramsPayload(r.Params, r.Query)
	if len(p) > maxPayload {
		return nil, tooLarge()
	}
	return p, nil
}

// paramsPayload is a JSON object with all the parameters of a request, its keys
// sorted. Where a placeholder and a query string parameter have one name, the
// placeholder wins: the endpoint's own path is not for a client to overwrite.
func paramsPayload(params map[string]string, query map[string][]string) []byte {
	event := make(map[string]any, len(params)+len(query))
	for name, values := range query {
		switch len(values) {
		case 0:
		case 1:
			event[name] = values[0]
		default:
			event[name] = values
		}
	}
	for name, value := range params {
		if _, shadowed := params[upperFirst(name)]; shadowed && name != upperFirst(name) {
			continue // another component's, beside a placeholder of that name
		}
		event[placeholder(name)] = value
	}

	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(event) // strings and lists of strings always encode
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// placeholder is the name that the endpoint gives to a param: KrakenD has
// uppercased its first letter. Params of other origin (JWT.sub, a claim) keep
// their names.
func placeholder(param string) string {
	if strings.HasPrefix(param, "JWT.") {
		return param
	}
	return lowerFirst(param)
}

// bodyPayload reads a body to its end and closes it. The read happens in a
// goroutine of its own, because a client that stalls in the middle of its body
// must not hold the request beyond its deadline; that goroutine ends with the
// body, which the HTTP server ends with the connection.
func bodyPayload(ctx context.Context, body io.ReadCloser) ([]byte, *Error) {
	if body == nil || body == http.NoBody {
		return nil, nil
	}
	type result struct {
		payload []byte
		err     error
	}
	done := make(chan result, 1)
	go func() {
		p, err := readBody(body)
		done <- result{p, err}
	}()

	select {
	case <-ctx.Done():
		return nil, ended(ctx)
	case r := <-done:
		var overLimit *http.MaxBytesError
		switch {
		case len(r.payload) > maxPayload || errors.As(r.err, &overLimit):
			return nil, tooLarge()
		case r.err != nil && ctx.Err() != nil:
			return nil, ended(ctx)
		case r.err != nil:
			return nil, unreadable(r.err)
		}
		return r.payload, nil
	}
}

// readBody reads no more of a body than it takes to see that it is too large.
func readBody(body io.ReadCloser) (payload []byte, err error) {
	// Out of the door's reach, a panic would end the process.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, maxPayload+1))
}
