package backend

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/devopsfaith/krakend-lambda/internal/apigw"
)

// moment is how long a request waits for what would be good to have.
const moment = time.Second

// maxNesting is how deep a reply may be nested. For JSON it is encoding/json's own limit,
// for XML there is none: KrakenD's decoders would recurse until the process is out of stack.
const maxNesting = 10_000

// checkNesting is an error for XML that is nested deeper than limit, or that is none.
func checkNesting(document []byte, limit int) error {
	if bytes.Count(document, []byte("<")) <= limit {
		return nil // it cannot be
	}
	d := xml.NewDecoder(asciiReader{bytes.NewReader(document)})
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for depth := 0; ; {
		token, err := d.RawToken()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth = max(depth-1, 0)
		}
		if depth > limit {
			return fmt.Errorf("it is nested in more than %d levels", limit)
		}
	}
}

// asciiReader reads text of any encoding that ASCII is a part of so that encoding/xml takes it:
// whatever is no ASCII becomes an x.
type asciiReader struct{ io.Reader }

// Read implements io.Reader.
func (a asciiReader) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	for i, c := range p[:n] {
		if c >= 0x80 {
			p[i] = 'x'
		}
	}
	return n, err
}

// bound is a handler of the SDK's: it holds an answer to its limits, before anything reads
// it. A stream has a limit of its own.
func (c *call) bound(r *request.Request) {
	c.broke, c.exceeded = nil, nil
	if r.Error != nil || r.HTTPResponse == nil || r.HTTPResponse.Body == nil {
		return
	}
	c.exceeded = apigw.CheckHeader(r.HTTPResponse.Header)
	if r.HTTPResponse.StatusCode == http.StatusSwitchingProtocols {
		// The body is the connection, which no deadline ends.
		c.exceeded = errors.New("it is a switch to another protocol")
	}
	if c.exceeded != nil {
		r.HTTPResponse.Body.Close()
		r.Error = c.exceeded
		return
	}
	limit := c.limit
	switch {
	case r.HTTPResponse.StatusCode >= http.StatusMultipleChoices, r.HTTPResponse.Header.Get(functionErrorHeader) != "":
		limit = c.errorLimit
	case r.Operation.Name == streamOperation:
		return
	}
	if r.HTTPResponse.ContentLength > limit {
		c.exceeded = tooLong(limit)
		r.HTTPResponse.Body.Close()
		r.Error = c.exceeded
		return
	}
	r.HTTPResponse.Body = &bounded{ReadCloser: r.HTTPResponse.Body, limit: limit, call: c}
}

// bounded is a body that is an error beyond its limit.
type bounded struct {
	io.ReadCloser
	limit int64
	read  int64
	ended bool  // it has been read to its end
	call  *call // keeps the errors, which the SDK would take for others
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (n int, err error) {
	if b.call.exceeded != nil {
		return 0, b.call.exceeded
	}
	// One byte more tells a body of just the limit from a longer one.
	n, err = b.ReadCloser.Read(p[:min(int64(len(p)), b.limit-b.read+1)])
	if b.read += int64(n); b.read > b.limit {
		b.call.exceeded = tooLong(b.limit)
		b.Close()
		return n - 1, b.call.exceeded
	}
	if b.ended = err == io.EOF; !b.ended {
		b.call.broke = err
	}
	return n, err
}

func tooLong(limit int64) error { return fmt.Errorf("it has more than %d bytes", limit) }
