package backend

import (
	"encoding/json"
	"errors"
	"regexp"

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
