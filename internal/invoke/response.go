package invoke

import (
	"io"
	"net/http"
)

// Response is what an execution has returned that did not fail.
type Response struct {
	// Status is the HTTP answer's, 0 where an SDK's client does not tell it.
	Status int
	// Header is the HTTP answer's, nil behind an SDK's client that does not show it.
	Header http.Header
	// ExecutedVersion and RequestID are empty where they are not told.
	ExecutedVersion, RequestID string
	// DurableExecutionARN is that of the durable execution that the call started or found. It
	// is empty for other functions.
	DurableExecutionARN string
	// LogResult is the end of the function's log, in base64. It is empty where none was asked
	// for, and in streams, which tell it at their end.
	LogResult string

	// Payload is the reply, or what has been read of it where Rest is not nil.
	Payload []byte
	// Rest is the remaining reply. Whoever uses the response closes it.
	Rest *Body
	// Events is the reply as an event stream, nil for a reply in one piece.
	Events Events
}

// Events is a reply that comes in pieces.
type Events interface {
	// Next returns the next piece of the reply, which is valid until Next is called again. At
	// the end it returns io.EOF and, where it is told, the end of the function's log in
	// base64. Its other errors are an *Error.
	Next() (payload []byte, logResult string, err error)
	// Close ends the stream. It can be called at any time.
	io.Closer
}

// close ends what a response still holds.
func (r *Response) close() {
	if r.Rest != nil {
		r.Rest.Close()
	}
	if r.Events != nil {
		r.Events.Close()
	}
}

// The headers of an answer.
const (
	versionHeader       = "X-Amz-Executed-Version"
	requestIDHeader     = "X-Amzn-Requestid"
	functionErrorHeader = "X-Amz-Function-Error"
	logResultHeader     = "X-Amz-Log-Result"
	errorTypeHeader     = "X-Amzn-Errortype"

	durableExecutionARNHeader = "X-Amz-Durable-Execution-Arn"
)

func requestIDOf(h http.Header) string {
	if id := HeaderValue(h, requestIDHeader); id != "" {
		return id
	}
	return HeaderValue(h, "X-Amz-Request-Id") // of what stands in between
}

// HeaderValue returns the first value of a header, empty where there is none. key must be in
// canonical form: http.Header.Get checks that each time, which is 3 % of a call's time.
func HeaderValue(h http.Header, key string) string {
	if values := h[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}
