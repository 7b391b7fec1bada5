package backend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxPrelude is how much of a stream may come before its body, in bytes: four times
// what API Gateway reads of it.
const maxPrelude = 64 << 10

// errPrelude is the error of a stream without the end of its prelude.
var errPrelude = fmt.Errorf("no prelude of status and headers within %d bytes", maxPrelude)

// octetStream is the content type of bytes that are said to be nothing else.
const octetStream = "application/octet-stream"

// preludeEnd separates the prelude from the body.
var preludeEnd = make([]byte, 8)

// parsePrelude reads the status and the headers that a stream begins with, a JSON
// object that ends with eight zero bytes, and returns them with what of the body has
// come behind. It is nil, and no error, where the end of the prelude is still to come.
// Without a statusCode the status is 200, and without a content type the body is bytes.
// A Content-Length stays where it is one: it is what tells a client over HTTP/2 that a
// stream has been cut short.
func parsePrelude(stream []byte) (*envelope, []byte, error) {
	prelude, _, ok := bytes.Cut(stream[:min(len(stream), maxPrelude+len(preludeEnd))], preludeEnd)
	switch {
	case !ok && len(stream) >= maxPrelude+len(preludeEnd):
		return nil, nil, errPrelude
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
	e, err := parseHead(fields)
	if err != nil {
		return nil, nil, fmt.Errorf("prelude: %w", err)
	}
	if !hasBody(e.status) || contentLength(e.header) < 0 {
		e.header.Del("Content-Length")
	}
	if hasBody(e.status) && e.header["Content-Type"] == nil {
		e.header.Set("Content-Type", octetStream)
	}
	return &e, body, nil
}

// hasBody tells whether a response of this status may have a body.
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// mayBePrelude tells whether a stream begins with a JSON object and the end of a prelude,
// as far as it has come.
func mayBePrelude(stream []byte) bool {
	if trimmed := bytes.TrimLeft(stream, " \t\r\n"); len(trimmed) > 0 && trimmed[0] != '{' {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(stream))
	var object json.RawMessage
	switch err := dec.Decode(&object); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	case err != nil:
		return false
	}
	rest := stream[dec.InputOffset():]
	return bytes.HasPrefix(rest, preludeEnd) || bytes.HasPrefix(preludeEnd, rest)
}

// contentLength is what a header says of the body's length, and -1 where it says
// nothing, or nothing that can be.
func contentLength(h http.Header) int64 {
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
