package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// Kind is what a call has failed of.
type Kind int

const (
	// KindAPI is an error that AWS, or what stands in between, has answered with.
	KindAPI Kind = iota
	// KindFunction is an error of the function's own.
	KindFunction
	// KindConnection is a connection that could not be made, or that broke before an answer.
	KindConnection
	// KindTruncated is a reply that ended before its end.
	KindTruncated
	// KindLimit is an answer beyond a limit.
	KindLimit
	// KindMalformed is a stream that breaks the rules of its format.
	KindMalformed
	// KindCredentials is a call that could not be signed. Nothing was sent.
	KindCredentials
	// KindEnded is a call whose context is done. Err is the context's error.
	KindEnded
	// KindInternal is a fault of the program.
	KindInternal
)

// Error is what a call has failed of. Its text is for the log: it can quote what AWS says, but
// repeats neither the credentials nor the payload.
type Error struct {
	Kind Kind
	// Status is the answer's, 0 where there was none.
	Status int
	// Code is AWS's error code. Of a function's error it is the value of
	// X-Amz-Function-Error, or the stream's own code. It is empty where nothing tells it.
	Code string
	// Message is AWS's message, or what else is known. It can be empty.
	Message string
	// RetryAfter is the header of that name, empty for none.
	RetryAfter string
	// Payload is a function's report of its error.
	Payload []byte
	// Header is the answer's, nil where there was none.
	Header http.Header
	// Attempts is how many attempts were made.
	Attempts int
	// RequestID is that of the last answer, empty where there was none.
	RequestID string
	// Skew says by how much the clock of this machine is off, where that may be the reason of the
	// error and nothing corrects it: an Invoker has signed the call. It is empty elsewhere.
	Skew string
	// LogResult is the end of the log of a function that failed, in base64. It is empty where
	// none was asked for, and in streams: see Events.
	LogResult string
	// Progress says how far a call came that has KindEnded.
	Progress string
	// Previous is what the attempt before the end of the context failed of, nil for none.
	Previous *Error
	// Err is the cause: the context's error, an error of the connection, or the error type of
	// an AWS SDK. It is nil where there is none.
	Err error

	// Redacted tells that Code, Message or Payload is left out because it repeats a secret.
	Redacted bool
	// ReplyUsed tells that a part of the reply has been used.
	ReplyUsed bool

	// corrected tells that the clock was corrected after this error.
	corrected bool
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Kind == KindFunction:
		return "the function failed: " + e.Code
	case e.Code != "" && e.Message != "":
		return e.Code + ": " + e.Message
	case e.Message != "":
		return e.Message
	case e.Code != "":
		return e.Code
	case e.Err != nil:
		return e.Err.Error()
	}
	return "call failed"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// asError returns the *Error in the tree of err, nil where there is none.
func asError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	errors.As(err, &e)
	return e
}

// apiError reads the error that an answer tells. The body is the answer's, as far as the limit
// let it be read.
func apiError(status int, h http.Header, body []byte) *Error {
	e := &Error{Kind: KindAPI, Status: status, Header: h, RequestID: requestIDOf(h), RetryAfter: h.Get("Retry-After")}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // what stands in between may send anything
	e.Code = h.Get(errorTypeHeader)
	for _, name := range []string{"__type", "code", "Code", "Type"} {
		if e.Code == "" {
			e.Code = stringField(fields, name)
		}
		if e.Code == "User" || e.Code == "Service" { // which Type says beside a code: whose fault it is
			e.Code = ""
		}
	}
	// A namespace may stand before the code, and a URL behind it.
	e.Code, _, _ = strings.Cut(e.Code, ":")
	if i := strings.LastIndexByte(e.Code, '#'); i >= 0 {
		e.Code = e.Code[i+1:]
	}
	for _, name := range []string{"message", "Message", "errorMessage"} {
		if e.Message == "" {
			e.Message = stringField(fields, name)
		}
	}
	if e.Code == "" && e.Message == "" && fields == nil {
		e.Message = firstLine(h, body)
	}
	if e.RetryAfter == "" {
		e.RetryAfter = stringField(fields, "retryAfterSeconds")
	}
	return e
}

// firstLine returns the first line of a plain text, which is what servers that are not AWS's say
// about themselves: "404 page not found". It is empty for other content: a page in HTML has
// nothing for a log.
func firstLine(h http.Header, body []byte) string {
	if mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || mediaType != "text/plain" {
		return ""
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	return string(bytes.TrimSpace(line))
}

func stringField(fields map[string]json.RawMessage, name string) string {
	var s string
	_ = json.Unmarshal(fields[name], &s)
	return s
}

// connectionError is the error of an attempt that brought no answer.
func connectionError(err error) *Error { return &Error{Kind: KindConnection, Err: err} }

// truncated is the error of a reply that ended before its end.
func truncated(err error) *Error { return &Error{Kind: KindTruncated, Err: err} }

// timedOut tells whether an attempt ended with a timeout of the HTTP client, and not of the
// request: its own, that of the http.Client of an Invoker, or that of a transport which waits for
// an answer no longer. Lambda may still be executing the function then. A connection that could
// not be made in time is none of these: nothing was sent.
func timedOut(err error) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return false
	}
	var timeout net.Error
	return errors.Is(err, errTimeout) || errors.Is(err, errLongestCall) ||
		errors.Is(err, context.DeadlineExceeded) || // of http.Client.Timeout: the request's own context has ended nothing
		errors.As(err, &timeout) && timeout.Timeout() && strings.Contains(err.Error(), "awaiting response headers") // HTTP/2 has only the text
}

// ErrorCode matches what an error code of AWS looks like. What stands in between may send
// anything.
var ErrorCode = regexp.MustCompile(`^[A-Za-z0-9.]{1,128}$`)
