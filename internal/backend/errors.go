package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials/processcreds"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/config"
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
	detail     string // for the log
	err        error
	byFunction bool // the function's own
	cutOff     bool // the connection ended before its time
	shown      bool // Error is Details
}

// Error is safe to show to a client. It is Details where the operator has asked for
// them.
func (e *Error) Error() string {
	if e.shown {
		return string(e.Details())
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

// Detailed is e with Details for a message, which return_error_code asks for, or e
// itself where it has none.
func (e *Error) Detailed() *Error {
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
	if e.status == http.StatusGatewayTimeout {
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
		detail:  "bad configuration: " + strings.ReplaceAll(err.Error(), "\n", "; "),
		err:     err,
	}
}

func internal(err error) *Error {
	return &Error{
		status:  http.StatusInternalServerError,
		message: "internal error",
		kind:    "InternalError",
		detail:  err.Error(),
		err:     err,
	}
}

// panicked is the error for a panic with the value v. It is to be called by the
// deferred function, for the stack.
func panicked(v any) *Error {
	e := internal(fmt.Errorf("panic: %v", v))
	e.detail += "\n" + string(debug.Stack())
	return e
}

// of tells in the log which execution the error is of.
func (e *Error) of(f config.Function, requestID string) *Error {
	e.detail += fmt.Sprintf("; function %s, request id %s", text.Quote(f.String()), text.Quote(requestID))
	return e
}

// refused is the error for a request that names no function, or one that it may not name.
func refused(err error) *Error {
	return &Error{status: http.StatusNotFound, message: "no such function", kind: lambda.ErrCodeResourceNotFoundException, detail: err.Error(), err: err}
}

func tooLarge(limit int) *Error {
	return &Error{
		status:  http.StatusRequestEntityTooLarge,
		message: "payload too large",
		kind:    lambda.ErrCodeRequestTooLargeException,
		detail:  fmt.Sprintf("the payload is larger than Lambda's limit of %d bytes", limit),
	}
}

func headersTooLarge(size int) *Error {
	return &Error{
		status:  http.StatusRequestHeaderFieldsTooLarge,
		message: "headers too large",
		kind:    "ClientContextTooLarge",
		detail:  fmt.Sprintf("the client context has %d bytes of base64, which is more than Lambda's limit of %d", size, maxClientContext),
	}
}

func unreadable(err error) *Error {
	return &Error{
		status:  http.StatusBadRequest,
		message: "the request's body cannot be read",
		kind:    "UnreadableBody",
		detail:  "the request's body cannot be read: " + text.Quote(err.Error()),
		err:     err,
	}
}

func undecodable(err error) *Error {
	return &Error{
		status:  http.StatusBadGateway,
		message: "the reply cannot be decoded",
		kind:    "UndecodableReply",
		detail:  "the reply cannot be decoded: " + text.Quote(err.Error()),
		err:     err,
	}
}

// ended is the error of a request whose context is done, with how far it had come.
// Where the client went away nobody reads an answer: the caller gets the context's
// own error.
func ended(ctx context.Context, progress string) *Error {
	return &Error{
		status:  http.StatusGatewayTimeout,
		message: "deadline exceeded",
		kind:    "DeadlineExceeded",
		detail:  "the deadline passed " + progress,
		err:     ctx.Err(),
	}
}

// clientGone is the error of a request whose client went away, where the context does
// not tell.
func clientGone() *Error {
	return &Error{status: http.StatusGatewayTimeout, message: "the client went away", kind: "ClientGone", err: context.Canceled}
}

// brokenOff is the error of a stream that ended before its end.
func brokenOff(detail string) *Error {
	return &Error{
		status:  http.StatusBadGateway,
		message: "the reply broke off",
		kind:    "IncompleteReply",
		detail:  "the reply broke off: " + detail,
	}
}

// functionError is what a function made of its execution. The payload is the one
// of Lambda's runtimes; its stack trace is left out.
func functionError(kind string, payload []byte) *Error {
	var report struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &report); err != nil || report.Type == "" && report.Message == "" {
		// Custom runtimes may report what they like.
		report.Message = string(payload)
	}
	return &Error{
		status:  http.StatusBadGateway,
		message: "the function failed",
		kind:    text.Cut(report.Type),
		reason:  text.Cut(report.Message),

		byFunction: true,
		detail:     fmt.Sprintf("the function failed (%s): %s %s", text.Quote(kind), text.Quote(report.Type), text.Quote(report.Message)),
	}
}

// notAvailable are the errors of the Invoke API that say: the function cannot be
// executed now, and may be later.
var notAvailable = map[string]bool{
	lambda.ErrCodeEC2ThrottledException:                true,
	lambda.ErrCodeENILimitReachedException:             true,
	lambda.ErrCodeSubnetIPAddressLimitReachedException: true,
	lambda.ErrCodeResourceNotReadyException:            true,
	lambda.ErrCodeSnapStartNotReadyException:           true,
	lambda.ErrCodeResourceConflictException:            true,
}

// invocationError translates an error of the AWS SDK. chosen tells that the
// client named the function: then one that does not exist is the client's
// mistake, else the operator's.
func invocationError(err error, retryAfter string, chosen bool) *Error {
	e := &Error{status: http.StatusBadGateway, message: "invocation failed", kind: "InvocationFailure", err: err}

	var missing *credentialsError
	if errors.As(err, &missing) {
		e.detail = "invocation failed: no " + missing.Error()
		if aerr, ok := missing.err.(awserr.Error); ok && errorCode.MatchString(aerr.Code()) {
			e.kind = aerr.Code()
		}
		return e
	}
	var aerr awserr.Error
	if !errors.As(err, &aerr) {
		e.detail = "invocation failed: " + explain(err)
		return e
	}
	code, status := aerr.Code(), statusOf(err)
	if errorCode.MatchString(code) {
		e.kind = code
	}
	e.detail = "invocation failed: " + explain(err)

	switch {
	case code == lambda.ErrCodeRequestTooLargeException, status == http.StatusRequestEntityTooLarge:
		e.status, e.message = http.StatusRequestEntityTooLarge, "payload too large"
	case code == lambda.ErrCodeInvalidRequestContentException:
		e.status, e.message = http.StatusBadRequest, "the payload is no JSON"
		e.detail = "invocation failed: " + code + ": " + e.message // AWS's own quotes the payload
	case code == lambda.ErrCodeUnsupportedMediaTypeException:
		e.status, e.message = http.StatusUnsupportedMediaType, "unsupported media type"
	case code == lambda.ErrCodeResourceNotFoundException && chosen:
		e.status, e.message = http.StatusNotFound, "no such function"
	case notAvailable[code]:
		e.status, e.message = http.StatusServiceUnavailable, "the function is not available"
	case status == http.StatusTooManyRequests, request.IsErrorThrottle(aerr):
		e.status, e.message = http.StatusTooManyRequests, "too many requests"
		e.retryAfter = checkedRetryAfter(err, retryAfter)
	}
	return e
}

// errorCode is what an error code of AWS looks like. What stands in between may send
// anything.
var errorCode = regexp.MustCompile(`^[A-Za-z0-9.]{1,128}$`)

// keyErrors are the errors of AWS that say: the key is not known, or has another secret.
var keyErrors = map[string]bool{
	"InvalidSignatureException":   true,
	"InvalidClientTokenId":        true,
	"SignatureDoesNotMatch":       true,
	"UnrecognizedClientException": true,
}

// secretive are the errors whose messages quote what is nobody's to read: the Authorization
// header, the request as it should have been signed, or what a credential_process has
// written.
var secretive = map[string]bool{
	"IncompleteSignature":                    true,
	"IncompleteSignatureException":           true,
	"InvalidSignatureException":              true,
	"SignatureDoesNotMatch":                  true,
	processcreds.ErrCodeProcessProviderParse: true,
}

// isSecretive goes by the message as well: what stands between has codes of its own.
func isSecretive(aerr awserr.Error) bool {
	return secretive[aerr.Code()] || strings.Contains(aerr.Message(), "AWS4-HMAC-SHA256") || strings.Contains(aerr.Message(), "Credential=")
}

// explain says in one line what an error of the SDK is: code, HTTP status where it
// came with one, message and causes.
func explain(err error) string {
	aerr := asAWS(err)
	if aerr == nil {
		return text.Quote(messageOf(err))
	}
	code := aerr.Code()
	if !errorCode.MatchString(code) {
		code = text.Quote(code)
	}
	if status := statusOf(err); status != 0 {
		code += fmt.Sprintf(" (%d)", status)
	}
	if isSecretive(aerr) {
		return code
	}
	return code + ": " + text.Quote(messageOf(aerr))
}

func asAWS(err error) (aerr awserr.Error) {
	errors.As(err, &aerr)
	return aerr
}

// messageOf is the message of an error, and of those that it came from, without what may
// be secret in them.
func messageOf(err error) string {
	aerr, ok := err.(awserr.Error)
	if !ok {
		return userinfo.ReplaceAllString(err.Error(), "//xxxxx@")
	}
	causes := []error{aerr.OrigErr()}
	if batch, ok := aerr.(awserr.BatchedErrors); ok {
		causes = batch.OrigErrs()
	}
	s := userinfo.ReplaceAllString(aerr.Message(), "//xxxxx@")
	for _, cause := range causes {
		if u, ok := cause.(awserr.UnmarshalError); ok {
			cause = u.OrigErr() // it would print a dump of the answer
		}
		if cause == nil {
			continue
		}
		s += ": "
		if inner := asAWS(cause); inner != nil {
			s += inner.Code()
			if isSecretive(inner) {
				continue
			}
			s += ": "
			cause = inner
		}
		s += messageOf(cause)
	}
	return s
}

// userinfo is what a URL may have before its host, in messages on URLs that do not parse.
var userinfo = regexp.MustCompile(`//[^\n"]*@`)

// answered tells that an error of the SDK is an answer, read to its end.
func answered(err error) bool {
	var aerr awserr.Error
	return statusOf(err) != 0 && errors.As(err, &aerr) && aerr.Code() != request.ErrCodeSerialization
}

// statusOf is the HTTP status that an error of the SDK came with, or 0.
func statusOf(err error) int {
	var failure awserr.RequestFailure
	if errors.As(err, &failure) {
		return failure.StatusCode()
	}
	return 0
}

// checkedRetryAfter is the Retry-After header of a throttled call where it is one,
// in seconds or as a date.
func checkedRetryAfter(err error, header string) string {
	var throttled *lambda.TooManyRequestsException
	if header == "" && errors.As(err, &throttled) {
		header = aws.StringValue(throttled.RetryAfterSeconds)
	}
	if _, err := strconv.ParseUint(header, 10, 31); err == nil {
		return header
	}
	if _, err := http.ParseTime(header); err == nil {
		return header
	}
	return ""
}
