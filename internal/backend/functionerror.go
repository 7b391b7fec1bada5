package backend

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// functionError returns the error for a function that failed. The payload is an error report
// from one of Lambda's runtimes, whose stack trace is left out, or anything that a custom
// runtime reports. The status comes from statuses, or is 502. A 4xx makes the error public. kind,
// X-Amz-Function-Error, does not matter: Lambda sends Unhandled both for errors that the function
// raises and for crashes.
func functionError(kind string, payload []byte, statuses *config.ErrorStatuses) *Error {
	var report struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	err := json.Unmarshal(payload, &report)
	other := err != nil || report.Type == "" && report.Message == ""
	if other {
		report.Message = string(payload)
	}
	e := &Error{
		status:  http.StatusBadGateway,
		message: "the function failed",
		kind:    text.Cut(report.Type),
		reason:  text.Cut(report.Message),

		functionError: cmp.Or(text.Cut(report.Type), "Unhandled"),

		failure: "the function failed",
		code:    "code " + word(cmp.Or(report.Type, kind)),
	}
	if report.Message != "" {
		e.detail = text.Quote(report.Message)
	}
	if status := statuses.Of(report.Type); status != 0 {
		e.status, e.public = status, status < http.StatusInternalServerError
		if other && e.public { // it can be anything, including a stack trace
			e.reason = ""
		}
	}
	return e
}

// reportedError is the functionError of a call. Its report may be encoded like any reply.
func reportedError(err *invoke.Error, statuses *config.ErrorStatuses) *Error {
	payload, undone := decompress(err.Header.Get("Content-Encoding"), err.Payload, config.MaxReply)
	if undone != nil {
		return undecodable(undone)
	}
	e := functionError(err.Code, payload, statuses)
	if err.Redacted {
		e.detail = invoke.RedactedText
	}
	return e
}

// functionMessage describes a function's error in one line: "errorType: errorMessage", or only
// the one that is set.
func (e *Error) functionMessage() string {
	switch {
	case e.kind == "" && e.reason == "":
		return "lambda: " + e.message
	case e.kind == "":
		return text.Clean(e.reason)
	case e.reason == "":
		return text.Clean(e.kind)
	}
	return text.Clean(e.kind + ": " + e.reason)
}

// response returns the HTTP response that no-op backends return for a public error: its status,
// with Details as the body.
func (e *Error) response() *http.Response {
	body := e.Details()
	header := http.Header{"Content-Type": {"application/json"}}
	metadata{requestID: e.requestID}.set(header, new(metadataValues))
	return &http.Response{StatusCode: e.status, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}
}
