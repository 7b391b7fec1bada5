package backend

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// describeReply describes a reply that a decoder has rejected with err.
func describeReply(err error) string {
	is, want := text.JSONKinds(err)
	var syntax *json.SyntaxError
	switch {
	case is == "a list":
		return "it is a list, not " + want + ", so the backend needs is_collection"
	case is != "":
		return "it is " + is + ", not " + want
	case errors.As(err, &syntax):
		return "it is not JSON: " + text.Quote(err.Error())
	}
	return text.Quote(err.Error())
}

// timeoutLine is the reply of AWS's emulator for a function that timed out. Lambda itself
// answers with a function error.
var timeoutLine = regexp.MustCompile(`^Task timed out after \d+\.\d\d seconds$`)

// undecodableReply is undecodable for a complete reply. The log does not contain the reply
// itself, unless it is a timeoutLine.
func undecodableReply(err error, payload []byte) *Error {
	e := undecodable(err)
	if len(payload) < 64 && timeoutLine.Match(payload) {
		e.detail = "it is not JSON but a message of AWS's emulator: " + text.Quote(string(payload))
	}
	return e
}

// isPage tells whether an answer is an HTML page without a request id. AWS's answers have a
// request id, but a proxy in between may answer with a page and the status 200.
func isPage(h http.Header, requestID string) bool {
	return requestID == "" && apigw.MediaType(invoke.HeaderValue(h, "Content-Type")) == "text/html"
}

// withPage adds to the error of a reply that does not decode where it may come from, if the
// answer isPage. It returns e.
func (e *Error) withPage(page bool) *Error {
	if page && e.kind == codeUndecodable {
		e.detail = joined("; ", e.detail, "the answer is an HTML page without a request id, so a proxy between the gateway and Lambda may have sent it")
	}
	return e
}
