package backend

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// passes tells whether long replies need not be held: they are what they are, and not an
// envelope that has to be opened or a document that has to be looked through first. What
// goes to a client is held where nothing ends the request: KrakenD 1.x drops the replies of
// shadow backends without reading them.
func (b *Backend) passes(ctx context.Context) bool {
	return !b.cfg.Proxy && b.cfg.InvocationType == "" && b.format != markup && (b.format != raw || ctx.Done() != nil)
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

// read reads a reply: all of it, or what is to be read ahead. In the second case c.rest is
// what follows.
func (c *call) read(r *http.Response) ([]byte, error) {
	c.rest = nil
	whole := c.ahead == 0 || 0 <= r.ContentLength && r.ContentLength <= int64(c.ahead) ||
		r.Header.Get(functionErrorHeader) != "" || c.decodes && isEncoded(r.Header)
	if whole {
		return readRest(r.Body, nil, r.ContentLength)
	}
	begun := make([]byte, 0, min(c.ahead, 4<<10))
	for len(begun) < c.ahead {
		if len(begun) == cap(begun) { // it is a long one
			begun = append(make([]byte, 0, c.ahead), begun...)
		}
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
func (b *Backend) passOn(ctx context.Context, response *http.Response, begun []byte, c *call, in invocation) {
	switch {
	case response.Body == http.NoBody: // there is nothing to decode
		c.finish(true)
	case b.format != raw:
		response.ContentLength = -1
		response.Body = &joined{io.MultiReader(response.Body, c.rest), c.rest}
	default:
		// It tells the client whether it has got all.
		setUnlessEmpty(response.Header, "Content-Length", c.header.Get("Content-Length"))
		s := b.passing(response.Header, begun, &remainder{ReadCloser: c.rest, ctx: ctx, call: c, room: begun}, in, c.requestID)
		response.ContentLength, response.Body = s.length, s
	}
}

type joined struct {
	io.Reader
	io.Closer
}

// finish closes the rest of a reply that has been decoded. Decoders stop at the end of a
// document: where there was a whole one, the little that follows is read, so that the
// connection can be used again. Nobody waits for that for longer than a moment; then the
// request's end ends it.
func (c *call) finish(whole bool) {
	body, ok := c.rest.(*bounded)
	if !whole || !ok || body.ended {
		c.rest.Close()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer body.Close()
		_, _ = io.CopyN(io.Discard, body.ReadCloser, 64<<10)
	}()
	impatient := time.NewTimer(moment)
	defer impatient.Stop()
	select {
	case <-done:
	case <-impatient.C:
	}
}

// deliver has a reply decoded, and closes it where it has not been read to its end.
func (c *call) deliver(ctx context.Context, response *http.Response, decode func(*http.Response) error) *Error {
	whole := false
	if c.rest != nil && c.decodes {
		defer func() { c.finish(whole) }()
	}
	err := decode(response)
	whole = err == nil
	switch {
	case err == nil:
		return nil
	case c.exceeded != nil:
		return undecodable(c.exceeded)
	case c.broke != nil && ctx.Err() != nil:
		return ended(ctx, "while the reply was coming")
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
