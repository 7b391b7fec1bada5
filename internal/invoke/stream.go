package invoke

import (
	"context"
	"errors"
	"io"
)

// events is a reply in the Invoke API's own framing.
type events struct {
	ctx     context.Context
	body    *Body
	stream  *eventStream
	release func() bool // detaches the body from the context
	limit   int64       // of the reply, in bytes; 0 for none
	read    int64       // of the reply
	log     string      // the end of the function's log, in base64
	err     error       // why the stream ended
}

var _ Events = (*events)(nil)

func newEvents(ctx context.Context, body *Body, limit int64) *events {
	e := &events{ctx: ctx, body: body, stream: newEventStream(body), limit: limit}
	// The user of the reply may never read it.
	e.release = context.AfterFunc(ctx, func() { body.Close() })
	return e
}

// Next implements Events.
func (e *events) Next() ([]byte, string, error) {
	for e.err == nil {
		event, err := e.stream.next()
		switch {
		case err != nil:
			e.err = e.failure(err)
		case event.complete != nil:
			e.complete(event.complete)
		case len(event.chunk) > 0:
			if e.read += int64(len(event.chunk)); e.limit > 0 && e.read > e.limit {
				e.err = &Error{Kind: KindLimit, Err: TooLong(e.limit)}
				continue
			}
			return event.chunk, "", nil
		}
	}
	return nil, e.log, e.err
}

// complete ends a stream that reported its end.
func (e *events) complete(c *invokeComplete) {
	e.body.Finish(true) // so that the connection can be reused
	e.log, e.err = c.LogResult, io.EOF
	if c.ErrorCode != "" {
		e.err = &Error{Kind: KindFunction, Code: c.ErrorCode, Payload: []byte(c.ErrorDetails)}
	}
}

// failure returns why a stream ended without reporting its end.
func (e *events) failure(err error) error {
	var sent *eventError
	switch {
	case e.ctx.Err() != nil: // the end of ctx has closed the body
		return &Error{Kind: KindEnded, Progress: "while the function wrote its reply", Err: e.ctx.Err()}
	case errors.As(err, &sent):
		return &Error{Kind: KindAPI, Code: sent.code, Message: sent.message}
	case errors.Is(err, errFraming):
		return &Error{Kind: KindMalformed, Err: err}
	}
	failure := truncated(err)
	if err == io.ErrUnexpectedEOF {
		failure.Message = "the stream ended before InvokeComplete"
	}
	return failure
}

// Close implements Events.
func (e *events) Close() error {
	e.release()
	return e.body.Close()
}
