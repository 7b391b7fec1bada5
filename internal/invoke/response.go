package invoke

import (
	"io"
	"net/http"
)

// Response is the result of a successful execution.
type Response struct {
	// Status is the HTTP status of the answer, or 0 if an SDK's client does not tell it.
	Status int
	// Header is the HTTP header of the answer, or nil if an SDK's client does not show it.
	Header http.Header
	// ExecutedVersion and RequestID may be empty.
	ExecutedVersion, RequestID string
	// DurableExecutionARN is the ARN of the durable execution that the call started or found. It
	// is empty for other functions.
	DurableExecutionARN string
	// LogResult is the end of the function's log, in base64. It is empty if the call did not ask
	// for it, and for streams, which return it at their end.
	LogResult string

	// Payload is the reply, or its first part if Rest is not nil.
	Payload []byte
	// Rest is the remaining reply. The user of the response closes it.
	Rest *Body
	// Events is the reply as an event stream, nil for a reply in one piece.
	Events Events

	body Body // of the answer; zero if an Attempter made the response
}

// Events is a reply that comes in pieces.
type Events interface {
	// Next returns the next piece of the reply, which is valid until the next call. At the end
	// it returns io.EOF and, if available, the end of the function's log in base64. Its other
	// errors are an *Error.
	Next() (payload []byte, logResult string, err error)
	// Close ends the stream. It can be called at any time.
	io.Closer
}

// close closes the open parts of a response.
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
	return HeaderValue(h, "X-Amz-Request-Id") // from a proxy in between
}

// HeaderValue returns the first value of a header, or an empty string. key must be in canonical
// form: http.Header.Get checks that each time, which takes 3 % of a call's time.
func HeaderValue(h http.Header, key string) string {
	if values := h[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}
