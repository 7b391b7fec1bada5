package backend

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// passes tells whether long replies need not be held: they are what they are, and not an
// envelope that has to be opened or a document that has to be looked through first.
func (b *Backend) passes() bool {
	return !b.cfg.Proxy && b.cfg.InvocationType == "" && b.format != markup
}

// aheadOf is how much of a reply is read, in bytes, before the rest is handed on. Up to
// there a call whose connection breaks is tried again, whatever becomes of the reply. One
// that is decoded can be tried again at any time, so that it needs no more than a look.
func aheadOf(f format) int {
	if f == raw {
		return 64 << 10
	}
	return 4 << 10
}

// functionErrorHeader is there where the function failed.
const functionErrorHeader = "X-Amz-Function-Error"

// read reads a reply: all of it, or what is to be read ahead. Then c.rest is what follows.
func (c *call) read(r *http.Response) ([]byte, error) {
	c.rest = nil
	whole := c.ahead == 0 || 0 <= r.ContentLength && r.ContentLength <= int64(c.ahead) ||
		r.Header.Get(functionErrorHeader) != "" || c.decodes && isEncoded(r.Header)
	if whole {
		return readRest(r.Body, nil, r.ContentLength)
	}
	begun := make([]byte, 0, c.ahead)
	for len(begun) < cap(begun) {
		n, err := r.Body.Read(begun[len(begun):cap(begun)])
		begun = begun[:len(begun)+n]
		if err != nil {
			r.Body.Close()
			if err == io.EOF {
				err = nil
			}
			return begun, err
		}
	}
	if c.decodes && len(bytes.TrimLeft(begun, " \t\r\n")) == 0 { // it may yet turn out to be nothing
		return readRest(r.Body, begun, r.ContentLength)
	}
	c.rest = r.Body
	return begun, nil
}

func isEncoded(h http.Header) bool {
	encoding := h.Get("Content-Encoding")
	return encoding != "" && encoding != "identity"
}

// readRest reads a body of which something has been read, to its end, and closes it. The
// length is that of it all, in bytes, -1 where it is not known.
func readRest(body io.ReadCloser, begun []byte, length int64) ([]byte, error) {
	defer body.Close()
	if length < 0 {
		length = 512
	}
	p := make([]byte, len(begun), max(int(length), len(begun))+1) // one more, to see the end
	copy(p, begun)
	for {
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
		n, err := body.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return p, err
		}
	}
}

// passOn completes a response whose reply has only begun: what follows goes to the client,
// or to the decoder, as it comes.
func (b *Backend) passOn(ctx context.Context, response *http.Response, begun []byte, c *call, f Function) {
	switch {
	case response.Body == http.NoBody: // there is nothing to decode
		c.finish()
	case b.format != raw:
		response.ContentLength = -1
		response.Body = &joined{io.MultiReader(response.Body, c.rest), c.rest}
	default:
		// It tells the client whether it has got all.
		setUnlessEmpty(response.Header, "Content-Length", c.header.Get("Content-Length"))
		s := b.passing(response.Header, begun, &remainder{ReadCloser: c.rest, ctx: ctx, call: c, room: begun}, f, c.requestID)
		response.ContentLength, response.Body = s.length, s
	}
}

type joined struct {
	io.Reader
	io.Closer
}

// finish closes the rest of a reply. Of one whose length was not announced it reads the
// end, so that its connection can be used again.
func (c *call) finish() {
	if c.header.Get("Content-Length") == "" {
		_, _ = c.rest.Read(make([]byte, 512))
	}
	c.rest.Close()
}

// deliver has a reply decoded, and closes it where it has not been read to its end.
func (c *call) deliver(ctx context.Context, response *http.Response, decode func(*http.Response) error) *Error {
	if c.rest != nil && c.decodes {
		defer c.finish()
	}
	err := decode(response)
	switch {
	case err == nil:
		return nil
	case c.exceeded != nil:
		return undecodable(c.exceeded)
	case c.broke != nil && ctx.Err() != nil:
		return ended(ctx, c.progress())
	case c.broke != nil:
		e := brokenOff(explain(c.broke))
		e.cutOff = true
		return e
	}
	return undecodable(err)
}

// remainder is the feed of a reply in one piece that is too long to be held.
type remainder struct {
	io.ReadCloser
	ctx  context.Context
	call *call
	room []byte // for what is read. The begin of the reply has left it before next is called
	err  error  // that was read with the last chunk
}

var _ feed = (*remainder)(nil)

// next implements feed.
func (r *remainder) next(<-chan bool) ([]byte, error) {
	n := 0
	for n == 0 && r.err == nil {
		n, r.err = r.Read(r.room)
	}
	switch {
	case n > 0:
		return r.room[:n], nil
	case r.err == io.EOF:
		return nil, io.EOF
	case r.call.exceeded != nil:
		return nil, brokenOff(r.call.exceeded.Error())
	case r.ctx.Err() != nil:
		return nil, ended(r.ctx, "while the reply was coming")
	}
	return nil, brokenOff(explain(r.err))
}
