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

// Error is the type of every error that a backend returns, with one exception: if the client
// gave up its request, the backend returns the context's own error. KrakenD asserts Error's
// methods on the outermost error, so it must not be wrapped.
type Error struct {
	status     int
	message    string // for clients: names no function, account or ARN
	kind       string // AWS's error code, or the function's errorType
	reason     string // the function's errorMessage; may be empty
	retryAfter string
	// functionError is the errorType of a function's error, or "Unhandled". It is empty for
	// other errors.
	functionError string

	// For the log: see line. Each may be empty.
	failure   string // what failed
	function  string // as it was called
	code      string // AWS's code with the HTTP status and the reason of a throttle, or the function's errorType
	requestID string // AWS's request id
	attempts  int
	endpoint  string // for an error of the connection
	detail    string // the reason

	err    error
	shown  bool // Error is Details
	public bool // function_error_status has a 4xx for it: clients get kind and reason
}

// Error returns a text that is safe to show to a client: Details if the operator enabled them,
// and the function's own text if function_error_status has a 4xx for its error.
func (e *Error) Error() string {
	switch {
	case e.shown:
		return string(e.Details())
	case e.public:
		return e.functionMessage()
	}
	return "lambda: " + e.message
}

// StatusCode returns the HTTP status of the response, never 0.
func (e *Error) StatusCode() int { return e.status }

// Encoding returns the content type of Error.
func (e *Error) Encoding() string {
	if e.shown {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// Headers returns the headers of the response, or nil. KrakenD asserts this exact type: it would
// ignore an http.Header.
func (e *Error) Headers() map[string][]string {
	if e.retryAfter == "" {
		return nil
	}
	return map[string][]string{"Retry-After": {e.retryAfter}}
}

// Unwrap returns the cause, or nil. The cause is not safe to show.
func (e *Error) Unwrap() error { return e.err }

// WithDetails returns a copy of e with Details as its message, as return_error_code requires, or
// e itself if it has no Details.
func (e *Error) WithDetails() *Error {
	if e.Details() == nil {
		return e
	}
	detailed := *e
	detailed.shown = true
	return &detailed
}

// Details returns the JSON that return_error_details and return_error_code show: the function's
// own errorType and errorMessage, or AWS's code and a message that is safe to show. It never has
// a stack trace. It is nil if the deadline passed: KrakenD always turns a timeout into an error,
// regardless of those settings.
func (e *Error) Details() []byte {
	if e.status == http.StatusGatewayTimeout && e.functionError == "" {
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

// withInvocation adds the function and the request id for the log, and returns e. The request id
// is empty if no API response came.
func (e *Error) withInvocation(f config.Function, requestID string) *Error {
	e.function, e.requestID = f.String(), requestID
	return e
}

// refused returns the error for a request that names no function, or one that is not allowed.
func refused(err error) *Error {
	return &Error{status: http.StatusNotFound, message: "no such function", kind: resourceNotFound, failure: err.Error(), err: err}
}

// invalidTenant returns the error for a request without a tenant that AWS accepts.
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
		failure: fmt.Sprintf("the client context has %d bytes of base64; Lambda's limit is %d", size, maxClientContext),
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
		kind:    codeUndecodable,
		failure: "the reply cannot be decoded",
		detail:  describeReply(err),
		err:     err,
	}
}

// ended returns the error for a request whose context is done with err, and says how far the
// request came. If the client went away, it returns the context's own error, because no client
// reads a response.
func ended(err error, progress string) *Error {
	return &Error{
		status:  http.StatusGatewayTimeout,
		message: "deadline exceeded",
		kind:    codeDeadline,
		failure: "the deadline passed " + progress,
		err:     err,
	}
}

// clientGone returns the error for a request whose client went away, for contexts that do not
// report this.
func clientGone() *Error {
	return &Error{status: http.StatusGatewayTimeout, message: "the client went away", kind: codeClientGone, err: context.Canceled}
}

// truncated returns the error for a stream that ended too early.
func truncated(detail string) *Error {
	return &Error{
		status:  http.StatusBadGateway,
		message: "the reply broke off",
		kind:    "IncompleteReply",
		failure: "the reply broke off",
		detail:  detail,
	}
}

// This module's own codes, except those that only one place uses. docs/errors.md lists all.
const (
	// codeRequest is for a call without an answer, or with only a part of one. The AWS SDKs use
	// the same name.
	codeRequest = "RequestError"
	// codeCredentials is for a call that could not be signed, so nothing was sent.
	codeCredentials = "NoCredentials"
	// codeUndecodable is for a reply that does not decode, or that is beyond a limit.
	codeUndecodable = "UndecodableReply"
	codeDeadline    = "DeadlineExceeded"
	codeClientGone  = "ClientGone"
)

// invocationError translates an error from a call of a backend with this configuration.
func invocationError(err *invoke.Error, cfg *config.Config) *Error {
	switch err.Kind {
	case invoke.KindFunction:
		return reportedError(err, cfg.ErrorStatuses)
	case invoke.KindLimit, invoke.KindMalformed:
		return undecodable(err.Err)
	case invoke.KindEnded:
		e := ended(err.Err, err.Progress)
		if err.Previous != nil {
			e.detail = "the previous attempt failed: " + describe(err.Previous)
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
		e.detail = e.message // AWS's own message quotes the payload
	case throttled:
		e.retryAfter = checkedRetryAfter(err.RetryAfter)
	}
	return e
}

// checkedRetryAfter returns a Retry-After header if it is valid: seconds or a date.
func checkedRetryAfter(header string) string {
	if _, err := strconv.ParseUint(header, 10, 31); err == nil {
		return header
	}
	if _, err := http.ParseTime(header); err == nil {
		return header
	}
	return ""
}
