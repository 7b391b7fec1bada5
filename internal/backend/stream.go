package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// streamed returns the response for a reply that is streamed. It returns as soon as status and
// headers are known, or the first bytes of the body if there is no prelude. If the function
// fails before that, its error is handled like any other.
func (b *Backend) streamed(ctx context.Context, in *invocation, r *invoke.Response) (*http.Response, error) {
	from := &eventFeed{events: r.Events, ctx: ctx, backend: b, function: in.function, watch: in.watch, requestID: r.RequestID}
	head, prefix, err := from.head(r.Header.Get("Content-Type"))
	if err != nil {
		from.Close()
		return nil, err
	}
	metadataOf(r).set(head.Header, new(metadataValues))
	s := b.streamingBody(head.Header, prefix, from, in, r.RequestID)
	if ctx.Done() == nil {
		// Nothing else would end this: KrakenD 1.x drops the replies of shadow backends without
		// reading or closing them.
		runtime.AddCleanup(s, func(e invoke.Events) { e.Close() }, r.Events)
	}
	response := &http.Response{StatusCode: head.Status, Header: head.Header, ContentLength: s.length, Body: s}
	in.watch.streams(ctx, response)
	return response, nil
}

// streamingBody is a body that begins with the bytes received so far, under a header with its
// length.
func (b *Backend) streamingBody(h http.Header, prefix []byte, rest feed, in *invocation, requestID string) *stream {
	if in.method == http.MethodHead { // with the length of a body that is not sent
		h.Del("Content-Length")
	}
	return &stream{feed: rest, backend: b, function: in.function, watch: in.watch, requestID: requestID, length: apigw.ContentLength(h), pending: prefix}
}

// stream is the body of a reply that is still arriving. It goes to the client chunk by chunk,
// because io.Copy uses its WriteTo; other callers can Read it. Only Close may be called from
// another goroutine.
type stream struct {
	feed

	// For the log and observers.
	backend   *Backend
	function  config.Function
	watch     *watch // nil for none
	requestID string

	length   int64  // announced length; -1 for none
	pending  []byte // received, and not read yet
	err      error  // why the stream ended: io.EOF or an *Error
	reported bool
}

// feed is the source of a stream. Close ends it, and can be called at any time.
type feed interface {
	// next returns the next chunk, which is valid until the next call. It returns io.EOF after
	// the last chunk, or an *Error if the function or the connection failed.
	next() ([]byte, error)
	io.Closer
}

var (
	_ io.ReadCloser = (*stream)(nil)
	_ io.WriterTo   = (*stream)(nil)
)

// eventFeed is the feed of a stream in the Invoke API's own framing.
type eventFeed struct {
	events invoke.Events
	ctx    context.Context

	// For the log and observers.
	backend   *Backend
	function  config.Function
	watch     *watch // nil for none
	requestID string
}

// eventStream is the content type of the Invoke API's own framing.
const eventStream = "application/vnd.amazon.eventstream"

// head reads the stream until its status and headers are known, and returns the bytes of the
// body received so far. The stream has a prelude if the content type says so, or if there is no
// content type and the stream begins with one. If the function declares another content type,
// head never looks for a prelude: the bytes may come from another source.
func (s *eventFeed) head(contentType string) (apigw.Response, []byte, error) {
	kind := apigw.MediaType(contentType)
	announced, untold := kind == integrationResponse, kind == "" || kind == eventStream
	body := apigw.Response{Status: http.StatusOK, Header: make(http.Header, 4)}
	if !untold {
		body.Header.Set("Content-Type", contentType)
	}
	scanner := apigw.PreludeScanner{Announced: announced}
	var prefix []byte
	for {
		chunk, err := s.chunk()
		if err != nil && err != io.EOF {
			return apigw.Response{}, nil, err
		}
		state := apigw.PreludeAbsent
		if announced || untold {
			state = scanner.Scan(chunk)
		}
		if state == apigw.PreludePending && err == nil {
			prefix = append(prefix, chunk...) // the next chunk overwrites it
			continue
		}
		if prefix == nil {
			prefix = chunk // not copied: it is valid until the next one
		} else {
			prefix = append(prefix, chunk...)
		}
		failure := apigw.ErrPrelude
		if state == apigw.PreludeFound {
			var head *apigw.Response
			var rest []byte
			if head, rest, failure = apigw.ParsePrelude(prefix); failure == nil {
				rest, err := s.typed(head, rest)
				return *head, rest, err
			}
		}
		if announced {
			return apigw.Response{}, nil, undecodable(failure)
		}
		setOctetStream(&body, len(prefix) > 0)
		return body, prefix, nil
	}
}

// typed sets the content type of a head that has none, if there is a body. To know that, it
// waits for the first bytes of the body. It does not wait if the head has a content type.
func (s *eventFeed) typed(head *apigw.Response, begun []byte) ([]byte, error) {
	if head.Header["Content-Type"] != nil || !apigw.HasBody(head.Status) {
		return begun, nil
	}
	if len(begun) == 0 {
		chunk, err := s.chunk()
		if err != nil && err != io.EOF {
			return nil, err
		}
		begun = chunk
	}
	setOctetStream(head, len(begun) > 0)
	return begun, nil
}

// chunk returns the next piece of the reply, which is valid until it is called again, io.EOF
// after the last, or an *invoke.Error.
func (s *eventFeed) chunk() ([]byte, error) {
	payload, log, err := s.events.Next()
	if err != nil {
		s.backend.logTail(s.function, s.watch, s.requestID, log)
	}
	s.watch.update(func(i *Invocation) { i.ReplySize += int64(len(payload)) })
	return payload, err
}

// next implements feed.
func (s *eventFeed) next() ([]byte, error) {
	payload, err := s.chunk()
	var failure *invoke.Error
	switch {
	case !errors.As(err, &failure):
		return payload, err
	case failure.Kind == invoke.KindFunction:
		return nil, reportedError(failure, nil)
	case s.ctx.Err() != nil:
		return nil, ended(s.ctx.Err(), "while the function wrote its reply")
	case failure.Kind == invoke.KindLimit:
		return nil, truncated(failure.Err.Error())
	}
	if failure.Kind == invoke.KindTruncated {
		if failure.Err == nil { // the message is not from AWS
			return nil, truncated(failure.Message)
		}
		return nil, truncated(quoted(failure))
	}
	return nil, truncated(describe(failure))
}

// Close implements io.Closer.
func (s *eventFeed) Close() error { return s.events.Close() }

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.pending) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		chunk, err := s.next()
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

// WriteTo implements io.WriterTo. If w belongs to a client, each chunk is sent at once, the call
// ends when the client goes away, and a stream that breaks off ends so that the client can tell:
// WriteTo closes the connection over HTTP/1.1, and resets the stream over HTTP/2. Returning an
// error would not reach the client: KrakenD's routers drop it and end the response as if it were
// complete.
//
// A client that seems gone may still read: net/http also reports a client as gone if it closes
// its sending side after the request, as nc -N does. WriteTo resets its connection, so that the
// client cannot mistake its end for the end of the response.
func (s *stream) WriteTo(w io.Writer) (n int64, err error) {
	defer s.Close()
	client := receiverOf(w)
	var gone atomic.Bool
	defer client.onGone(func() {
		gone.Store(true)
		s.Close() // which ends next
	})()
	chunk := s.pending // send status and headers, even without a body
	for s.pending = nil; ; chunk, err = s.next() {
		if gone.Load() {
			err = clientGone()
		}
		length := n + int64(len(chunk))
		if err == io.EOF && length >= s.length {
			s.watch.end(nil)
			return n, nil
		}
		if s.length >= 0 && (err == io.EOF || length > s.length) {
			err = truncated(fmt.Sprintf("it has %d bytes, but its Content-Length is %d", length, s.length))
		}
		if err != nil {
			s.fail(err)
			gone := errors.Is(err, context.Canceled)
			if !client.abort(gone) && !gone {
				s.backend.logger.Warning(s.backend.prefix, "a reply broke off, and the client cannot tell, because the gateway cannot cut off its connection: "+joined(", ", "function "+s.function.String(), labelled("request id ", s.requestID)))
			}
			return n, err
		}
		m, err := w.Write(chunk)
		n += int64(m)
		switch {
		case errors.Is(err, http.ErrBodyNotAllowed): // by the status
			s.watch.end(nil)
			return n, nil
		case err != nil:
			s.fail(clientGone())
			client.abort(true)
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
		_ = s.backend.report(e.withInvocation(s.function, s.requestID))
		s.watch.end(e)
	} else if err == io.EOF {
		s.watch.end(nil)
	}
}

// Close implements io.Closer. If a stream is closed before its end, its client has given it up.
func (s *stream) Close() error {
	if s.watch != nil {
		s.watch.end(clientGone())
	}
	return s.feed.Close()
}
