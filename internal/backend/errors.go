package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Error is every error that a backend returns, but for the end of a request that
// its client has given up: that is the context's own error. KrakenD asserts its
// methods on the outermost error, so it must not be wrapped.
type Error struct {
	status     int
	message    string // for clients: names no function, account or ARN
	kind       string // the code of AWS, or the function's errorType
	reason     string // the function's errorMessage; empty where there is none
	retryAfter string
	// functionError is the errorType of a function's error, or "Unhandled". It is empty for all
	// else.
	functionError string

	// For the log: see line. Each is empty where it is not known.
	failure   string // what failed
	function  string // as it was invoked
	code      string // AWS's with the HTTP status, or what the function calls its error
	requestID string // AWS's
	attempts  int
	detail    string // why

	err    error
	shown  bool // Error is Details
	public bool // function_error_status has the status: clients get kind and reason
}

// Error returns a text that is safe to show to a client: Details where the operator has asked
// for them, and what the function says where function_error_status has a status for its error.
func (e *Error) Error() string {
	switch {
	case e.shown:
		return string(e.Details())
	case e.public:
		return e.functionMessage()
	}
	return "lambda: " + e.message
}

// StatusCode is the HTTP status of the answer, never 0.
func (e *Error) StatusCode() int { return e.status }

// Encoding is the content type of Error.
func (e *Error) Encoding() string {
	if e.shown {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// Headers are the headers of the answer, nil where there are none. Its type is
// the one that KrakenD asserts: an http.Header would not be seen.
func (e *Error) Headers() map[string][]string {
	if e.retryAfter == "" {
		return nil
	}
	return map[string][]string{"Retry-After": {e.retryAfter}}
}

// Unwrap is the cause, which is not safe to show. It is nil where there is none.
func (e *Error) Unwrap() error { return e.err }

// WithDetails returns e with Details for a message, which return_error_code asks for, or e
// itself where it has none.
func (e *Error) WithDetails() *Error {
	if e.Details() == nil {
		return e
	}
	detailed := *e
	detailed.shown = true
	return &detailed
}

// Details is the JSON that return_error_details and return_error_code show: the
// function's own errorType and errorMessage, or AWS's code and a message that is
// safe to show. A stack trace is never in it. It is nil for the end of the
// deadline: of a timeout, KrakenD makes an error whatever those settings say.
func (e *Error) Details() []byte {
	if e.status == http.StatusGatewayTimeout && !e.public {
		return nil
	}
	reason := e.reason
	if reason == "" {
		reason = e.message
	}
	details, _ := json.Marshal(struct { // two strings always encode
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{e.kind, reason})
	return details
}

func badConfig(err error) *Error {
	return &Error{
		status:  http.StatusInternalServerError,
		message: "bad configuration",
		kind:    "InvalidConfiguration",
		failure: "bad configuration",
		detail:  strings.ReplaceAll(err.Error(), "\n", "; "),
		err:     err,
	}
}

func internal(err error) *Error {
	return &Error{
		status:  http.StatusInternalServerError,
		message: "internal error",
		kind:    "InternalError",
		failure: "internal error",
		detail:  err.Error(),
		err:     err,
	}
}

// withInvocation adds the function and the request id to what the log says, and returns e. The
// request id is empty where no answer came.
func (e *Error) withInvocation(f config.Function, requestID string) *Error {
	e.function, e.requestID = f.String(), requestID
	return e
}

// refused is the error for a request that names no function, or one that it may not name.
func refused(err error) *Error {
	return &Error{status: http.StatusNotFound, message: "no such function", kind: resourceNotFound, failure: err.Error(), err: err}
}

// invalidTenant is the error for a request without a tenant that AWS takes.
func invalidTenant(err error) *Error {
	return &Error{status: http.StatusBadRequest, message: "invalid tenant", kind: "InvalidTenant", failure: err.Error(), err: err}
}

func tooLarge(limit int) *Error {
	return &Error{
		status:  http.StatusRequestEntityTooLarge,
		message: "payload too large",
		kind:    requestTooLarge,
		failure: fmt.Sprintf("the payload is larger than Lambda's limit of %d bytes", limit),
	}
}

func headersTooLarge(size int) *Error {
	return &Error{
		status:  http.StatusRequestHeaderFieldsTooLarge,
		message: "headers too large",
		kind:    "ClientContextTooLarge",
		failure: fmt.Sprintf("the client context has %d bytes of base64, which is more than Lambda's limit of %d", size, maxClientContext),
	}
}

func unreadable(err error) *Error {
	return &Error{
		status:  http.StatusBadRequest,
		message: "the request's body cannot be read",
		kind:    "UnreadableBody",
		failure: "the request's body cannot be read",
		detail:  text.Quote(err.Error()),
		err:     err,
	}
}

func undecodable(err error) *Error {
	return &Error{
		status:  http.StatusBadGateway,
		message: "the reply cannot be decoded",
		kind:    "UndecodableReply",
		failure: "the reply cannot be decoded",
		detail:  describeReply(err),
		err:     err,
	}
}

// ended is the error of a request whose context is done with err, and how far it had come.
// Where the client went away nobody reads an answer: the caller gets the context's
// own error.
func ended(err error, progress string) *Error {
	return &Error{
		status:  http.StatusGatewayTimeout,
		message: "deadline exceeded",
		kind:    codeDeadline,
		failure: "the deadline passed " + progress,
		err:     err,
	}
}

// clientGone is the error of a request whose client went away, where the context does
// not tell.
func clientGone() *Error {
	return &Error{status: http.StatusGatewayTimeout, message: "the client went away", kind: codeClientGone, err: context.Canceled}
}

// truncated is the error of a stream that ended before its end.
func truncated(detail string) *Error {
	return &Error{
		status:  http.StatusBadGateway,
		message: "the reply broke off",
		kind:    "IncompleteReply",
		failure: "the reply broke off",
		detail:  detail,
	}
}

// Codes of this module's own, beside those that have one place each. docs/errors.md has all.
const (
	// codeRequest is for a call that got no answer, or only a part of one. AWS's SDKs gave it this
	// name.
	codeRequest = "RequestError"
	// codeCredentials is for a call that could not be signed. Nothing was sent.
	codeCredentials = "NoCredentials"
	codeDeadline    = "DeadlineExceeded"
	codeClientGone  = "ClientGone"
)

// invocationError translates an error of a call that a backend with this configuration has made.
func invocationError(err *invoke.Error, cfg *config.Config) *Error {
	switch err.Kind {
	case invoke.KindFunction:
		return reportedError(err, cfg.ErrorStatuses)
	case invoke.KindLimit, invoke.KindMalformed:
		return undecodable(err.Err)
	case invoke.KindEnded:
		e := ended(err.Err, err.Progress)
		if err.Previous != nil {
			e.detail = "the attempt before failed: " + describe(err.Previous)
		}
		return e
	case invoke.KindInternal:
		return internal(err)
	case invoke.KindAPI, invoke.KindConnection, invoke.KindTruncated, invoke.KindCredentials:
	}
	e := &Error{status: failed.status, message: failed.message, kind: "InvocationFailure", failure: "invocation failed", code: codeOf(err), detail: messageOf(err), err: err}
	switch {
	case err.Kind == invoke.KindConnection, err.Kind == invoke.KindTruncated:
		e.kind = codeRequest
	case err.Kind == invoke.KindCredentials:
		e.kind = codeCredentials
	case invoke.ErrorCode.MatchString(err.Code):
		e.kind = err.Code
	}
	if err.Kind != invoke.KindAPI {
		return e
	}
	client := clientErrorOf(err, cfg.ParamName != "")
	e.status, e.message = client.status, client.message
	switch client {
	case noJSON:
		e.detail = e.message // AWS's own quotes the payload
	case throttled:
		e.retryAfter = checkedRetryAfter(err.RetryAfter)
	}
	return e
}

// checkedRetryAfter is a Retry-After header where it is one, in seconds or as a date.
func checkedRetryAfter(header string) string {
	if _, err := strconv.ParseUint(header, 10, 31); err == nil {
		return header
	}
	if _, err := http.ParseTime(header); err == nil {
		return header
	}
	return ""
}
