package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// report logs an error once, and returns the error for the caller. Errors of 500 and more
// concern the operator, all others the client.
func (b *Backend) report(e *Error) error {
	if errors.Is(e.err, context.Canceled) && e.status == http.StatusGatewayTimeout {
		b.logger.Debug(b.prefix, "the client went away")
		return e.err
	}
	log := b.logger.Info
	switch {
	case e.status >= http.StatusInternalServerError:
		log = b.logger.Error
	case e.status == http.StatusTooManyRequests:
		log = b.logger.Warning
	}
	log(b.prefix, e.line())
	return e
}

// ReportStatus logs the reply of Invoke for r if KrakenD does not accept its status and returns
// err in its place. The level is that of err's status, or of a 500 if err has none.
func (b *Backend) ReportStatus(r *Request, reply *http.Response, err error) {
	e := &Error{
		status:  http.StatusInternalServerError,
		failure: fmt.Sprintf("KrakenD does not accept the status %d of the function's HTTP response", reply.StatusCode),
		detail:  "without no-op, it accepts only 200 and 201",
		err:     err,
	}
	var coded interface{ StatusCode() int }
	if errors.As(err, &coded) {
		e.status = coded.StatusCode()
	}
	f, _ := b.cfg.FunctionOf(r.Params) // Invoke has found it
	_ = b.report(e.withInvocation(f, invoke.HeaderValue(reply.Header, requestIDHeader)))
}

// line returns the log line of an error: what failed, the function, the code, the request id,
// the number of attempts if it is above one, the endpoint of a connection that failed, and the
// reason. It leaves out unknown parts.
func (e *Error) line() string {
	attempts := ""
	if e.attempts > 1 {
		attempts = fmt.Sprint(e.attempts, " attempts")
	}
	facts := joined(", ", labelled("function ", e.function), e.code, labelled("request id ", e.requestID), attempts, labelled("endpoint ", e.endpoint))
	return joined(": ", e.failure, facts, e.detail)
}

// joined returns the parts that are not empty, with the separator between them.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// labelled returns a label with a value, or an empty string if the value is empty.
func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + word(value)
}

// wordPattern matches names of functions, ARNs, codes and request ids.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_.:/$<>-]{1,256}$`)

// word returns s, in quotes unless it is one word.
func word(s string) string {
	if wordPattern.MatchString(s) {
		return s
	}
	return text.Quote(s)
}

// describe describes the error of a call in one line: code, HTTP status if it came with one, and
// message.
func describe(err *invoke.Error) string {
	return joined(": ", codeOf(err), messageOf(err))
}

// codeOf returns an error's code, with its HTTP status and the reason of a throttle if they are
// known. The result is empty for an error without a code.
func codeOf(err *invoke.Error) string {
	switch err.Kind {
	case invoke.KindFunction:
		return reportedError(err, nil).code
	case invoke.KindConnection, invoke.KindTruncated:
		return "code " + codeRequest
	case invoke.KindCredentials:
		return "code " + codeCredentials
	case invoke.KindAPI:
	default:
		return ""
	}
	code := "no error code"
	if err.Code != "" {
		code = "code " + word(err.Code)
	}
	if err.Status != 0 {
		code += fmt.Sprintf(" (%d)", err.Status)
	}
	return joined(", ", code, labelled("reason ", err.Reason))
}

// messageOf returns an error's message in quotes and, if an Invoker signed the call, how far the
// clock is off. It returns an empty string if there is neither.
func messageOf(err *invoke.Error) string {
	switch {
	case err.Kind == invoke.KindFunction:
		return reportedError(err, nil).detail
	case err.Kind == invoke.KindCredentials && err.Redacted:
		return "no AWS credentials: " + invoke.RedactedText
	case err.Kind == invoke.KindCredentials && err.Message != "": // an Invoker's
		return "no AWS credentials: " + text.Clean(err.Message)
	case err.Kind == invoke.KindCredentials: // a lookup's error says where it looked, and why it failed
		return text.Clean(err.Error())
	case err.Redacted:
		return joined(": ", invoke.RedactedText, err.Skew)
	case err.Kind != invoke.KindAPI:
		return quoted(err)
	case err.Message == "":
		return err.Skew
	}
	return joined(": ", text.Quote(text.WithoutUserinfo(err.Message)), err.Skew)
}

// quoted returns an error's text, without the user and password of any URL in it.
func quoted(err error) string {
	return text.Quote(text.WithoutUserinfo(err.Error()))
}

// panicked returns the error for a panic with the value v. The deferred function must call it
// directly, so that the stack is right.
func panicked(v any) *Error {
	e := internal(fmt.Errorf("panic: %v", v))
	s := fmt.Sprint(v)
	message := text.Quote(s)
	if text.HasSecrets("", s) { // an Invoker may panic with an error of the SDK
		message = invoke.RedactedText
	}
	e.failure, e.detail = "panic", message+", at "+stack()
	return e
}

// stack returns the functions that led to a panic in one line, innermost first.
func stack() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(4, callers[:])]) // without stack, panicked and its caller
	var lines []string
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			lines = append(lines, fmt.Sprintf("%s (%s:%d)", frame.Function, frame.File, frame.Line))
		}
		if !more {
			return strings.Join(lines, ", ")
		}
	}
}
