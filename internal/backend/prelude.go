package backend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
func parsePrelude(stream []byte) (*envelope, []byte, error) {
	prelude, body, ok := bytes.Cut(stream[:min(len(stream), maxPrelude+len(preludeEnd))], preludeEnd)
	switch {
	case !ok && len(stream) > maxPrelude:
		return nil, nil, errPrelude
	case !ok:
		return nil, nil, nil
	}
	body = stream[len(prelude)+len(preludeEnd):]

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
	if e.header["Content-Type"] == nil && e.status != http.StatusNoContent && e.status != http.StatusNotModified {
		e.header.Set("Content-Type", octetStream)
	}
	return &e, body, nil
}
