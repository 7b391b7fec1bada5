package backend

import (
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go/aws/request"
)

// maxHeader bounds the headers that come with a reply, or in it, in bytes: names and
// values, and 32 for each, as HTTP/2 counts them (RFC 9113, section 6.5.2). API
// Gateway lets a function have 10,240.
const maxHeader = 64 << 10

// checkHeader is an error for headers that are too large.
func checkHeader(h http.Header) error {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value) + 32
		}
	}
	if size > maxHeader {
		return fmt.Errorf("its headers have %d bytes, which is more than %d", size, maxHeader)
	}
	return nil
}

// bound is a handler of the SDK's: it holds an answer to its limits, before anything reads
// it. A stream has a limit of its own.
func (c *call) bound(r *request.Request) {
	if r.Error != nil || r.HTTPResponse == nil || r.HTTPResponse.Body == nil {
		return
	}
	if c.exceeded = checkHeader(r.HTTPResponse.Header); c.exceeded != nil {
		r.HTTPResponse.Body.Close()
		r.Error = c.exceeded
		return
	}
	limit := c.limit
	switch {
	case r.HTTPResponse.StatusCode >= http.StatusMultipleChoices, r.HTTPResponse.Header.Get("X-Amz-Function-Error") != "":
		limit = maxReply // it is no reply
	case r.Operation.Name == streamOperation:
		return
	}
	r.HTTPResponse.Body = &bounded{ReadCloser: r.HTTPResponse.Body, limit: limit, exceeded: &c.exceeded}
}

// bounded is a body that is an error beyond its limit.
type bounded struct {
	io.ReadCloser
	limit    int64
	exceeded *error // where the error is kept, which the SDK would wrap
	read     int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (n int, err error) {
	if *b.exceeded != nil {
		return 0, *b.exceeded
	}
	// One byte more tells a body of just the limit from a longer one.
	n, err = b.ReadCloser.Read(p[:min(int64(len(p)), b.limit-b.read+1)])
	if b.read += int64(n); b.read > b.limit {
		*b.exceeded = tooLong(b.limit)
		b.Close()
		return n - 1, *b.exceeded
	}
	return n, err
}

func tooLong(limit int64) error { return fmt.Errorf("it has more than %d bytes", limit) }
