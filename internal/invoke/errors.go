package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Kind tells why a call failed.
type Kind int

const (
	// KindAPI is an error in an answer from AWS or from a proxy in between.
	KindAPI Kind = iota
	// KindFunction is the function's own error.
	KindFunction
	// KindConnection is a connection that could not be made, or that broke before an answer.
	KindConnection
	// KindTruncated is a reply that ended too early.
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

// Error is the error of a call. Its text is for the log: it can quote AWS's message, but repeats
// neither the credentials nor the payload.
type Error struct {
	Kind Kind
	// Status is the HTTP status of the answer, or 0 if there was none.
	Status int
	// Code is AWS's error code. For a function's error it is the value of X-Amz-Function-Error,
	// or the stream's own code. It may be empty.
	Code string
	// Message is AWS's message, or another description. It may be empty.
	Message string
	// Reason is AWS's name for the limit that throttled the call, such as
	// ReservedFunctionConcurrentInvocationLimitExceeded. It is empty for other errors.
	Reason string
	// RetryAfter is the Retry-After header. It may be empty.
	RetryAfter string
	// Payload is a function's report of its error.
	Payload []byte
	// Header is the header of the answer, or nil if there was none.
	Header http.Header
	// Attempts is the number of attempts.
	Attempts int
	// RequestID is the request id of the last answer. It is empty if there was none.
	RequestID string
	// Skew describes how far this machine's clock is off, if that may be the reason of the error
	// and nothing corrects it, because an Invoker signed the call. It is empty otherwise.
	Skew string
	// LogResult is the end of the log of a failed function, in base64. It is empty if the call
	// did not ask for it, and for streams: see Events.
	LogResult string
	// Progress describes how far a call with KindEnded came.
	Progress string
	// Previous is the error of the last attempt before the context ended, or nil.
	Previous *Error
	// Err is the cause: the context's error, an error of the connection, or the error type of an
	// AWS SDK. It may be nil.
	Err error

	// Redacted tells that Code, Message or Payload was removed because it repeats a secret.
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

// asError returns the *Error in the tree of err, or nil.
func asError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	errors.As(err, &e)
	return e
}

// apiError reads the error in an answer. body is the answer's body, up to the limit.
func apiError(status int, h http.Header, body []byte) *Error {
	e := &Error{Kind: KindAPI, Status: status, Header: h, RequestID: requestIDOf(h), RetryAfter: h.Get("Retry-After")}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // a proxy in between may send anything
	e.Code = h.Get(errorTypeHeader)
	for _, name := range []string{"__type", "code", "Code", "Type"} {
		if e.Code == "" {
			e.Code = stringField(fields, name)
		}
		if e.Code == "User" || e.Code == "Service" { // with a code, Type says whose fault it is
			e.Code = ""
		}
	}
	// A namespace may come before the code, and a URL after it.
	e.Code, _, _ = strings.Cut(e.Code, ":")
	if i := strings.LastIndexByte(e.Code, '#'); i >= 0 {
		e.Code = e.Code[i+1:]
	}
	for _, name := range []string{"message", "Message", "errorMessage"} {
		if e.Message == "" {
			e.Message = stringField(fields, name)
		}
	}
	if e.Code == "" && (e.Message == "" && fields == nil || redirects(status, h)) {
		e.Message = describeForeign(status, h, body)
	}
	if e.RetryAfter == "" {
		e.RetryAfter = stringField(fields, "retryAfterSeconds")
	}
	if reason := stringField(fields, "Reason"); e.IsThrottle() && ErrorCode.MatchString(reason) {
		e.Reason = reason
	}
	return e
}

// describeForeign describes an answer that is not AWS's, from a proxy in between: the first line
// of a plain text such as "404 page not found", or else what tells the operator who answered:
// the target of a redirect, the title of an HTML page, and the Server header. It is empty if the
// answer has none of them.
func describeForeign(status int, h http.Header, body []byte) string {
	var parts []string
	redirect := redirects(status, h)
	if location, err := url.Parse(h.Get("Location")); err == nil && redirect {
		// The query of a login page may have a token. Title, text and JSON of a redirect often repeat it.
		target := url.URL{Scheme: location.Scheme, Host: location.Host, Path: location.Path}
		if target != (url.URL{}) {
			parts = append(parts, "redirect to "+target.String())
		}
	}
	mediaType, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case mediaType == "text/html" && redirect:
		parts = append(parts, "HTML page")
	case mediaType == "text/html":
		parts = append(parts, strings.TrimSuffix("HTML page: "+titleOf(body), ": "))
	case mediaType == "text/plain" && !redirect:
		line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return string(line)
		}
	}
	if server := h.Get("Server"); server != "" {
		parts = append(parts, "Server: "+server)
	}
	return strings.Join(parts, "; ")
}

// redirects tells whether an answer leads to another address.
func redirects(status int, h http.Header) bool {
	return status < http.StatusBadRequest && h.Get("Location") != ""
}

var titlePattern = regexp.MustCompile(`(?is)<title(?:\s[^>]*)?>([^<]*)`)

// titleOf returns the title of an HTML page, or an empty string.
func titleOf(page []byte) string {
	const head = 16 << 10 // where to look for it, in bytes
	if title := titlePattern.FindSubmatch(page[:min(len(page), head)]); title != nil {
		return strings.Join(strings.Fields(html.UnescapeString(string(title[1]))), " ")
	}
	return ""
}

func stringField(fields map[string]json.RawMessage, name string) string {
	var s string
	_ = json.Unmarshal(fields[name], &s)
	return s
}

// connectionError returns the error of an attempt without an answer.
func connectionError(err error) *Error { return &Error{Kind: KindConnection, Err: err} }

// truncated returns the error of a reply that ended too early.
func truncated(err error) *Error { return &Error{Kind: KindTruncated, Err: err} }

// timedOut tells whether an attempt ended with a timeout of the HTTP client rather than of the
// request: the client's own, that of an Invoker's http.Client, or that of a transport that
// stopped waiting for an answer. Lambda may still be executing the function then. A connection
// that could not be made in time does not count, because nothing was sent.
func timedOut(err error) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return false
	}
	var timeout net.Error
	return errors.Is(err, errTimeout) || errors.Is(err, errLongestCall) ||
		errors.Is(err, context.DeadlineExceeded) || // from http.Client.Timeout: the request's own context has not ended
		errors.As(err, &timeout) && timeout.Timeout() && strings.Contains(err.Error(), "awaiting response headers") // HTTP/2 can only be recognized by the text
}

// ErrorCode matches text that looks like an error code of AWS. A proxy in between may send
// anything.
var ErrorCode = regexp.MustCompile(`^[A-Za-z0-9.]{1,128}$`)
