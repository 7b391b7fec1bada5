package lambdatest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

const (
	// maxStream is the largest reply that a function streams, in bytes.
	maxStream = 200 << 20

	// maxChunk is the largest read of it, in bytes.
	maxChunk = 32 << 10

	// maxMessage is the largest payload of a message of an event stream, in bytes.
	// The encoder does not know this limit.
	maxMessage = 16 << 20
)

// streamReply answers a streaming invocation. The function executes while the reply
// is sent. The Content-Type is the type of the streamed reply, not of the messages: see
// the package documentation.
func (s *Server) streamReply(f runnable, in *invocation) reply {
	rep := newReply(http.StatusOK, nil)
	rep.header.Set("X-Amz-Executed-Version", in.version())
	rep.stream = func(w http.ResponseWriter, r *http.Request, rep reply, cut CutPoint) {
		s.stream(w, r, f, in, rep, cut)
	}
	return rep
}

// stream executes a function and sends its result while it reads it. Unlike a buffered
// invocation, the execution ends when its caller disconnects.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, f runnable, in *invocation, rep reply, cut CutPoint) {
	// After a cut, the connection no longer counts, although this function still runs.
	s.running.Add(1)
	defer s.running.Done()

	x, failure := s.begin(f, in)
	defer x.cancel()
	defer context.AfterFunc(r.Context(), x.cancel)()

	var out response
	if failure == nil {
		out, failure = f.open(x.ctx, in.payload)
	}
	closeOnce := sync.OnceValue(func() *functionError { return closeBody(out.body) })
	defer closeOnce() //nolint:errcheck // reported below, if nothing else has failed

	events := newEventWriter(x.ctx, w, cut)
	events.checkCaller()
	if cut == BeforeHeaders || cut == WithinHeaders {
		s.sendCut(w, rep, cut)
		return
	}
	if failure == nil { // a function error is JSON, the type that the reply has already
		rep.header.Set("Content-Type", out.contentType)
	}
	events.sendHeader(rep)

	switch {
	case failure != nil:
	case out.body != nil:
		failure = events.copy(out.body)
	case len(out.whole) > maxReply:
		failure = tooLarge(len(out.whole))
	case len(out.whole) > 0:
		events.sendChunk(out.whole)
	}
	// Close before the last message, so that a caller that has that message can rely on it.
	if closing := closeOnce(); failure == nil {
		failure = closing
	}

	report, log := x.end(failure)
	var complete invokeComplete
	if failure != nil {
		complete.ErrorCode = unhandled
		complete.ErrorDetails = string(report)
	}
	if in.call.LogType == logTail {
		complete.LogResult = base64.StdEncoding.EncodeToString(log)
	}
	events.sendComplete(complete)
}

// closeBody closes the result of a handler, if that is an io.Closer. Like Lambda's
// Go runtime, it ignores the error.
func closeBody(body io.Reader) (failure *functionError) {
	defer func() {
		if v := recover(); v != nil {
			failure = panicPayload(v)
		}
	}()
	if closer, ok := body.(io.Closer); ok {
		closer.Close()
	}
	return nil
}

// invokeComplete is the payload of a stream's last message.
type invokeComplete struct {
	ErrorCode    string `json:",omitempty"`
	ErrorDetails string `json:",omitempty"`
	LogResult    string `json:",omitempty"`
}

// An eventWriter sends the messages of a streaming invocation's answer, each one
// immediately. It aborts the request if the caller has disconnected.
type eventWriter struct {
	ctx context.Context // ends with the caller and with the server
	w   http.ResponseWriter
	cut CutPoint // from AfterHeaders on
	enc *eventstream.Encoder
}

func newEventWriter(ctx context.Context, w http.ResponseWriter, cut CutPoint) *eventWriter {
	return &eventWriter{ctx: ctx, w: w, cut: cut, enc: eventstream.NewEncoder()}
}

func (e *eventWriter) sendHeader(rep reply) {
	rep.sendHeader(e.w)
	e.flush()
	if e.cut == AfterHeaders {
		panic(http.ErrAbortHandler)
	}
}

// copy reads body to its end and sends a chunk for each read.
func (e *eventWriter) copy(body io.Reader) *functionError {
	buf := make([]byte, maxChunk)
	sent := 0
	for {
		chunk, more, failure := readChunk(body, buf)
		e.checkCaller()
		if failure != nil {
			return failure
		}
		if sent += len(chunk); sent > maxStream {
			return tooLargeStream()
		}
		if len(chunk) > 0 {
			e.sendChunk(chunk)
		}
		if !more {
			return nil
		}
	}
}

// readChunk reads once. Like Lambda's Go runtime, it drops data that comes together with
// an error. A panic would end the runtime's process. readChunk reports it like a panic
// of the handler.
func readChunk(body io.Reader, buf []byte) (chunk []byte, more bool, failure *functionError) {
	defer func() {
		if v := recover(); v != nil {
			failure = panicPayload(v)
		}
	}()
	n, err := body.Read(buf)
	if err != nil && err != io.EOF {
		return nil, false, errorPayload(err)
	}
	return buf[:n], err == nil, nil
}

func tooLargeStream() *functionError {
	return &functionError{
		Type:    responseSizeTooLarge,
		Message: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxStream),
	}
}

func (e *eventWriter) sendChunk(payload []byte) {
	e.send("PayloadChunk", contentTypeBytes, payload)
	if e.cut == WithinBody {
		panic(http.ErrAbortHandler)
	}
}

func (e *eventWriter) sendComplete(c invokeComplete) {
	switch e.cut {
	case WithinBody: // of an empty stream
		panic(http.ErrAbortHandler)
	case BeforeComplete:
		return
	}
	payload, _ := json.Marshal(c) // strings always encode
	e.send("InvokeComplete", contentTypeJSON, payload)
}

func (e *eventWriter) send(eventType, contentType string, payload []byte) {
	e.checkCaller()
	if len(payload) > maxMessage {
		panic(http.ErrAbortHandler)
	}
	msg := eventstream.Message{Payload: payload}
	msg.Headers.Set(":event-type", eventstream.StringValue(eventType))
	msg.Headers.Set(":content-type", eventstream.StringValue(contentType))
	msg.Headers.Set(":message-type", eventstream.StringValue("event"))
	if err := e.enc.Encode(e.w, msg); err != nil {
		panic(http.ErrAbortHandler)
	}
	e.flush()
}

func (e *eventWriter) flush() {
	if err := http.NewResponseController(e.w).Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// checkCaller aborts the request if the caller has disconnected or the server closes.
// Such a call gets no answer, even if the function succeeded.
func (e *eventWriter) checkCaller() {
	if e.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
}
