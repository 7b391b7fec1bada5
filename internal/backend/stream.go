package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// streamInvoker is the part of the SDK's Lambda client that a backend with stream
// calls.
type streamInvoker interface {
	InvokeWithResponseStreamWithContext(aws.Context, *lambda.InvokeWithResponseStreamInput, ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error)
}

// streamed makes a call whose reply is handed on as it comes. It returns when there
// are status and headers, and the first of the body where there is no prelude to tell
// them: a function that fails before that is an error like any other.
func (b *Backend) streamed(ctx context.Context, in invocation, c *call) (*http.Response, *Error) {
	output, err := b.invoker.(streamInvoker).InvokeWithResponseStreamWithContext(ctx, &lambda.InvokeWithResponseStreamInput{
		FunctionName:  &in.function.Name,
		Qualifier:     unlessEmpty(in.function.Qualifier),
		ClientContext: unlessEmpty(in.clientContext),
		LogType:       b.logType(),
		Payload:       in.payload.bytes(),
	}, c.option)
	switch {
	case err != nil:
		return nil, b.failed(ctx, err, c)
	case output == nil || output.GetStream() == nil:
		return nil, internal(errors.New("the Invoker returned neither a stream nor an error"))
	}

	from := &eventFeed{stream: output.GetStream(), ctx: ctx, backend: b, function: in.function, requestID: c.requestID, limit: b.cfg.MaxReply}
	// Whoever is to read the reply may never do so.
	from.release = context.AfterFunc(ctx, func() { from.stream.Close() })
	head, begun, e := from.head(aws.StringValue(output.ResponseStreamContentType))
	if e != nil {
		from.Close()
		return nil, e
	}
	setMetadata(head.Header, aws.StringValue(output.ExecutedVersion), c.requestID)
	s := b.passing(head.Header, begun, from, in, c.requestID)
	return &http.Response{StatusCode: head.Status, Header: head.Header, ContentLength: s.length, Body: s}, nil
}

// passing is a body that begins with what has come of it, under a header that it is the
// length of.
func (b *Backend) passing(h http.Header, begun []byte, rest feed, in invocation, requestID string) *stream {
	if in.method == http.MethodHead { // whose length is that of a body which does not come
		h.Del("Content-Length")
	}
	return &stream{feed: rest, backend: b, function: in.function, requestID: requestID, length: apigw.ContentLength(h), pending: begun}
}

// stream is the body of a reply that is still coming. It goes to the client chunk by
// chunk, as io.Copy finds it to be an io.WriterTo; for whoever reads it in between it
// is a reader as well. It is for one goroutine, but for Close.
type stream struct {
	feed

	// For the log.
	backend   *Backend
	function  config.Function
	requestID string

	length   int64  // that has been announced; -1 for none
	pending  []byte // has come and is to be read
	err      error  // why there is no more: io.EOF or an *Error
	reported bool
}

// feed is where a stream comes from. Close ends it, and can be called at any time.
type feed interface {
	// next returns the next chunk, which is valid until it is called again, io.EOF after
	// the last, or an *Error: what the function failed of, or what came in between. It
	// may end where gone does.
	next(gone <-chan bool) ([]byte, error)
	io.Closer
}

var (
	_ io.ReadCloser = (*stream)(nil)
	_ io.WriterTo   = (*stream)(nil)
)

// eventFeed is the feed of a stream in the Invoke API's own framing.
type eventFeed struct {
	stream  *lambda.InvokeWithResponseStreamEventStream
	ctx     context.Context
	release func() bool // of the context's hold on the stream
	closing sync.Once

	// For the log.
	backend   *Backend
	function  config.Function
	requestID string

	limit int64 // of what comes, in bytes; 0 for none
	come  int64 // of that
	err   error // why there is no more: io.EOF or an *Error
}

// eventStream is the content type of the Invoke API's own framing.
const eventStream = "application/vnd.amazon.eventstream"

// head reads the stream up to where its status and headers are known, and returns what of
// the body has come. It has a prelude
// where the content type says so, and where nobody tells the function's type and it
// begins with one. Bytes that the function calls by another name are never taken for
// one: they may be somebody else's.
func (s *eventFeed) head(contentType string) (apigw.Response, []byte, *Error) {
	kind := apigw.MediaType(contentType)
	untold := kind == "" || kind == eventStream
	body := apigw.Response{Status: http.StatusOK, Header: make(http.Header, 4)}
	if !untold {
		body.Header.Set("Content-Type", contentType)
	}
	var begun []byte
	for {
		chunk, err := s.next(nil)
		if err != nil && err != io.EOF {
			return apigw.Response{}, nil, err.(*Error)
		}
		if begun == nil {
			begun = chunk // not copied: most streams need no more
		} else {
			begun = append(begun, chunk...)
		}
		setOctetStream(&body, len(begun) > 0)
		if kind != integrationResponse && !(untold && apigw.MayBePrelude(begun)) {
			return body, begun, nil
		}
		head, rest, perr := apigw.ParsePrelude(begun)
		if perr == nil && err != nil { // the end
			perr = apigw.ErrPrelude
		}
		switch {
		case head != nil:
			rest, e := s.typed(head, rest)
			return *head, rest, e
		case perr != nil && untold:
			return body, begun, nil
		case perr != nil:
			return apigw.Response{}, nil, undecodable(perr)
		}
	}
}

// typed sets the content type of a head that has none, if there is a body. To know that, it
// waits for the first bytes of the body. A head with a content type does not wait.
func (s *eventFeed) typed(head *apigw.Response, begun []byte) ([]byte, *Error) {
	if head.Header["Content-Type"] != nil || !apigw.HasBody(head.Status) {
		return begun, nil
	}
	if len(begun) == 0 {
		chunk, err := s.next(nil)
		if err != nil && err != io.EOF {
			return nil, err.(*Error)
		}
		begun = chunk
	}
	setOctetStream(head, len(begun) > 0)
	return begun, nil
}

// next implements feed. A chunk stays valid.
func (s *eventFeed) next(gone <-chan bool) ([]byte, error) {
	for s.err == nil {
		select {
		case <-gone:
			s.err = clientGone()
		case event, ok := <-s.stream.Events():
			switch event := event.(type) {
			case *lambda.InvokeResponseStreamUpdate:
				s.come += int64(len(event.Payload))
				switch {
				case s.limit > 0 && s.come > s.limit:
					s.err = brokenOff(tooLong(s.limit).Error())
				case len(event.Payload) > 0:
					return event.Payload, nil
				}
			case *lambda.InvokeWithResponseStreamCompleteEvent:
				s.err = s.complete(event)
			default:
				if !ok {
					s.err = s.broken()
				}
			}
		}
	}
	return nil, s.err
}

func (s *eventFeed) complete(event *lambda.InvokeWithResponseStreamCompleteEvent) error {
	s.backend.logTail(s.function, s.requestID, aws.StringValue(event.LogResult))
	if code := aws.StringValue(event.ErrorCode); code != "" {
		return functionError(code, []byte(aws.StringValue(event.ErrorDetails)))
	}
	return io.EOF
}

// broken tells why a stream ended without saying so.
func (s *eventFeed) broken() *Error {
	err := s.stream.Err()
	switch {
	case s.ctx.Err() != nil: // which has closed the stream
		return ended(s.ctx, "while the function wrote its reply")
	case err != nil:
		e := brokenOff(explain(err))
		e.cutOff = cutOff(causeOf(err))
		return e
	default:
		e := brokenOff("the stream has no end")
		e.cutOff = true
		return e
	}
}

// Close implements io.Closer.
func (s *eventFeed) Close() error {
	s.closing.Do(func() {
		s.release()
		s.stream.Close()
	})
	return nil
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.pending) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		chunk, err := s.next(nil)
		if err != nil {
			s.fail(err)
			return 0, err
		}
		s.pending = chunk
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// WriteTo implements io.WriterTo. Where w is a client's, the client gets each chunk at
// once, its going away ends the call, and a stream that breaks off ends in a way that
// it can tell from a whole one: over HTTP/1.1 the connection is closed, over HTTP/2 the
// stream is reset. An error that is only returned would not get there: KrakenD's routers
// drop it and end the response as if it were complete.
func (s *stream) WriteTo(w io.Writer) (n int64, err error) {
	defer s.Close()
	client := receiverOf(w)
	chunk := s.pending // nil, too: status and headers are not to wait for the body
	for s.pending = nil; ; chunk, err = s.next(client.gone) {
		length := n + int64(len(chunk))
		if err == io.EOF && length >= s.length {
			return n, nil
		}
		if s.length >= 0 && (err == io.EOF || length > s.length) {
			err = brokenOff(fmt.Sprintf("it has %d bytes, at a Content-Length of %d", length, s.length))
		}
		if err != nil {
			s.fail(err)
			// Where the client has gone, there is nobody to tell.
			if !errors.Is(err, context.Canceled) && !client.abort() {
				s.backend.logger.Warning(s.backend.prefix, "the client cannot tell that its reply broke off, request id "+text.Quote(s.requestID))
			}
			return n, err
		}
		m, err := w.Write(chunk)
		n += int64(m)
		switch {
		case errors.Is(err, http.ErrBodyNotAllowed): // by the status
			return n, nil
		case err != nil:
			s.fail(clientGone())
			return n, err
		}
		client.flush()
	}
}

// fail ends the stream with an error, and reports it once.
func (s *stream) fail(err error) {
	s.err = err
	if e, ok := err.(*Error); ok && !s.reported {
		s.reported = true
		_ = s.backend.report(e.of(s.function, s.requestID))
	}
}

// receiver is the receiving end of a stream.
type receiver struct {
	writers []http.ResponseWriter // the router's, and what it wraps, innermost last
	gone    <-chan bool           // nil where nobody tells
}

func receiverOf(w io.Writer) (r receiver) {
	for {
		rw, ok := w.(http.ResponseWriter)
		if !ok {
			break
		}
		r.writers = append(r.writers, rw)
		wrapper, ok := rw.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = wrapper.Unwrap()
	}
	if len(r.writers) > 0 {
		// Deprecated in favor of the request's context, which KrakenD 1.x hides.
		if n, ok := r.writers[len(r.writers)-1].(http.CloseNotifier); ok {
			can(func() { r.gone = n.CloseNotify() })
		}
	}
	return r
}

// flush sends what has been written. A writer that cannot do so sends it when it
// likes.
func (r receiver) flush() {
	if len(r.writers) > 0 {
		can(func() { _ = http.NewResponseController(r.writers[0]).Flush() })
	}
}

// abort ends the response so that the client can tell it is not whole, and reports
// whether there was a way.
func (r receiver) abort() (aborted bool) {
	// The innermost first: gin refuses to hand a connection over that has been written to.
	for _, w := range slices.Backward(r.writers) {
		if h, ok := w.(http.Hijacker); ok && can(func() { aborted = hijack(h) }) && aborted {
			return true
		}
	}
	if len(r.writers) == 0 {
		return false
	}
	// A connection with more than one stream is none to be hijacked. net/http resets
	// the stream when its time to write is over.
	return http.NewResponseController(r.writers[0]).SetWriteDeadline(time.Unix(1, 0)) == nil
}

// hijack closes a connection, and reports whether it could.
func hijack(h http.Hijacker) bool {
	conn, _, err := h.Hijack()
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// can reports whether do did without a panic. Of what a writer wraps, gin 1.1 takes for
// granted that it can flush, tell of its client's going away and be hijacked.
func can(do func()) (ok bool) {
	defer func() { ok = recover() == nil }()
	do()
	return
}
