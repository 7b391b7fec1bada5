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

// report logs an error, once, and returns what its caller gets. The operator answers for errors of
// 500 and more, the client for the others.
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

// line returns what the log says of an error: what failed, the function, the code, the request id,
// how many attempts there were where there was more than one, and why it failed. It leaves out
// what is not known.
func (e *Error) line() string {
	attempts := ""
	if e.attempts > 1 {
		attempts = fmt.Sprint(e.attempts, " attempts")
	}
	facts := joined(", ", labelled("function ", e.function), e.code, labelled("request id ", e.requestID), attempts)
	return joined(": ", e.failure, facts, e.detail)
}

// joined returns the parts that are not empty, with the separator between them.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// labelled returns a label with a value, or nothing where the value is empty.
func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + word(value)
}

// wordPattern matches names of functions, ARNs, codes and request ids.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_.:/$<>-]{1,256}$`)

// word returns s, in quotes where it is not one word.
func word(s string) string {
	if wordPattern.MatchString(s) {
		return s
	}
	return text.Quote(s)
}

// describe says in one line what a call has failed of: code, HTTP status where it came with one,
// and message.
func describe(err *invoke.Error) string {
	return joined(": ", codeOf(err), messageOf(err))
}

// codeOf returns an error's code, with the HTTP status where it came with one. It is empty where
// there is none to tell.
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
	return code
}

// messageOf returns an error's message, in quotes, and by how much the clock is off where an Invoker
// has signed the call. It is empty where there is neither.
func messageOf(err *invoke.Error) string {
	switch {
	case err.Kind == invoke.KindFunction:
		return reportedError(err, nil).detail
	case err.Kind == invoke.KindCredentials:
		return "no AWS credentials; the last line of [Lambda] about them says why"
	case err.Redacted:
		return joined(": ", invoke.RedactedText, err.Skew)
	case err.Kind != invoke.KindAPI:
		return quoted(err)
	case err.Message == "":
		return err.Skew
	}
	return joined(": ", text.Quote(text.WithoutUserinfo(err.Message)), err.Skew)
}

// quoted returns an error's text without the user and password of a URL in it.
func quoted(err error) string {
	return text.Quote(text.WithoutUserinfo(err.Error()))
}

// panicked returns the error for a panic with the value v. The deferred function must call it
// itself, for the stack.
func panicked(v any) *Error {
	e := internal(fmt.Errorf("panic: %v", v))
	e.failure, e.detail = "panic", text.Quote(fmt.Sprint(v))+", at "+stack()
	return e
}

// stack returns the functions that led to a panic, the innermost first, in one line.
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
