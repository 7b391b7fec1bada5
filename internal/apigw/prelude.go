package apigw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// maxPrelude is the longest prelude of a stream, in bytes: four times API Gateway's limit.
const maxPrelude = 64 << 10

// ErrPrelude is the error for a stream whose prelude does not end.
var ErrPrelude = fmt.Errorf("the stream does not begin with a prelude (a JSON object with status and headers, then 8 zero bytes) within %d bytes", maxPrelude)

// ErrNeedsStream is the error for a reply that begins like a stream, on a backend without
// stream.
var ErrNeedsStream = errors.New(`it begins with the status and headers of a stream, so the backend needs 'stream': true`)

// preludeEnd separates the prelude from the body.
var preludeEnd = make([]byte, 8)

const jsonSpace = " \t\r\n"

// ParsePrelude reads the status and the headers at the start of a stream: a JSON object,
// followed by eight zero bytes. It returns them, and the part of the body received so far. It
// returns nil and no error if the prelude has not ended yet. Without a statusCode the status is
// 200. The content type comes from the prelude, and may be absent. A valid Content-Length stays:
// it shows a client over HTTP/2 that a stream was cut short.
func ParsePrelude(stream []byte) (*Response, []byte, error) {
	prelude, _, ok := bytes.Cut(stream[:min(len(stream), maxPrelude+len(preludeEnd))], preludeEnd)
	switch {
	case !ok && len(stream) >= maxPrelude+len(preludeEnd):
		return nil, nil, ErrPrelude
	case !ok:
		return nil, nil, nil
	}
	body := stream[len(prelude)+len(preludeEnd):]

	var fields map[string]json.RawMessage
	if err := json.Unmarshal(prelude, &fields); err != nil || fields == nil {
		return nil, nil, errors.New("the prelude is not a JSON object")
	}
	if _, ok := fields["statusCode"]; !ok {
		fields["statusCode"] = json.RawMessage("200")
	}
	r, err := parseHead(fields)
	if err != nil {
		return nil, nil, fmt.Errorf("prelude: %w", err)
	}
	if !HasBody(r.Status) || ContentLength(r.Header) < 0 {
		r.Header.Del("Content-Length")
	}
	return &r, body, nil
}

// HasPrelude tells whether a reply begins like a stream: with a brace, and the end of a prelude
// somewhere after it. JSON cannot contain zero bytes.
func HasPrelude(reply []byte) bool {
	head, _, ok := bytes.Cut(reply, preludeEnd)
	head = bytes.TrimLeft(head, jsonSpace)
	return ok && len(head) > 0 && head[0] == '{'
}

// ContentLength returns the body's length in a header, in bytes, or -1 if it is absent or
// invalid.
func ContentLength(h http.Header) int64 {
	values := h["Content-Length"]
	if len(values) != 1 {
		return -1
	}
	n, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil {
		return -1
	}
	return int64(n)
}
