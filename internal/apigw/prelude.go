package apigw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// maxPrelude is how much of a stream may come before its body, in bytes: four times
// what API Gateway reads of it.
const maxPrelude = 64 << 10

// ErrPrelude is the error of a stream without the end of its prelude.
var ErrPrelude = fmt.Errorf("no prelude of status and headers within %d bytes", maxPrelude)

// ErrNeedsStream is the error of a reply that begins as a stream does, on a backend without
// stream.
var ErrNeedsStream = errors.New(`it begins with the status and headers of a stream, so the backend needs 'stream': true`)

// preludeEnd separates the prelude from the body.
var preludeEnd = make([]byte, 8)

const jsonSpace = " \t\r\n"

// ParsePrelude reads the status and the headers that a stream begins with, a JSON
// object that eight zero bytes follow. It returns them, and the part of the body that has come
// so far. It returns nil and no error if the prelude has not ended yet. Without a statusCode the
// status is 200. The content type is the prelude's, and may be absent. A valid Content-Length
// stays: by it, a client over HTTP/2 can tell that a stream was cut short.
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
		return nil, nil, errors.New("the prelude is no JSON object")
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

// HasPrelude tells whether a reply begins as a stream does: with a brace, and the end of a
// prelude somewhere behind it. JSON cannot contain zero bytes.
func HasPrelude(reply []byte) bool {
	head, _, ok := bytes.Cut(reply, preludeEnd)
	head = bytes.TrimLeft(head, jsonSpace)
	return ok && len(head) > 0 && head[0] == '{'
}

// ContentLength returns what a header says of the body's length, in bytes, and -1 where it
// says nothing, or nothing that can be.
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
