package backend

import (
	"context"
	"io"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// canStream tells whether long replies can be passed on without being held in memory. This
// excludes replies that are HTTP responses, and XML, which is checked as a whole. A reply for a
// client is held if no context ends the request: KrakenD 1.x drops the replies of shadow
// backends without reading them.
func (b *Backend) canStream(ctx context.Context) bool {
	return !b.cfg.Proxy && b.cfg.InvocationType == "" && b.format != markup && (b.format != raw || ctx.Done() != nil)
}

// peekSize is how much of a reply is read, in bytes, before the rest is passed on. Until then, a
// call whose connection breaks is retried in any case. A decoded reply can be retried at any
// time, so a short peek is enough.
func peekSize(f format) int {
	if f == raw {
		return 64 << 10
	}
	return 4 << 10
}

// attachBody completes a response whose reply is still arriving: the rest goes to the client, or
// to the decoder, as it arrives.
func (b *Backend) attachBody(ctx context.Context, response *http.Response, r *invoke.Response, in *invocation) {
	switch {
	case response.Body == http.NoBody: // there is nothing to decode
	case b.format != raw:
		response.ContentLength = -1
		// KrakenD closes a body once it has decoded it. The end of the reply may still be
		// unread: see invoke.Body.Finish.
		response.Body = io.NopCloser(io.MultiReader(response.Body, r.Rest))
	default:
		// The length tells the client whether the reply is complete.
		setUnlessEmpty(response.Header, "Content-Length", r.Header.Get("Content-Length"))
		s := b.streamingBody(response.Header, r.Payload, &remaining{Body: r.Rest, watch: in.watch, ctx: ctx, room: r.Payload}, in, r.RequestID)
		response.ContentLength, response.Body = s.length, s
		in.watch.streams(ctx, response)
	}
}

// remaining is the feed for a reply in one piece that is too long to hold in memory.
type remaining struct {
	*invoke.Body
	watch *watch // nil for none
	ctx   context.Context
	room  []byte // for the next read. The reply's prefix is consumed before next is called
	err   error  // the error of the last read
}

var _ feed = (*remaining)(nil)

// next implements feed.
func (r *remaining) next() ([]byte, error) {
	n := 0
	for n == 0 && r.err == nil {
		n, r.err = r.Read(r.room)
		r.watch.update(func(i *Invocation) { i.ReplySize += int64(n) })
	}
	switch {
	case n > 0:
		return r.room[:n], nil
	case r.err == io.EOF:
		return nil, io.EOF
	}
	if e := r.Failure(); e != nil && e.Kind == invoke.KindLimit {
		return nil, truncated(e.Err.Error())
	}
	if r.ctx.Err() != nil {
		return nil, ended(r.ctx.Err(), "while the reply was coming")
	}
	return nil, truncated(quoted(r.err))
}
