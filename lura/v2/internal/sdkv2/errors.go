package sdkv2

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// described is an error of the SDK with a message of one line that is fit for a log: code, HTTP
// status where it came with one, and message.
type described struct {
	code    string // AWS's; empty where there is none
	message string
	err     error
}

// Error implements error.
func (e *described) Error() string { return e.message }

// Unwrap returns the SDK's error, whose message may hold secrets.
func (e *described) Unwrap() error { return e.err }

// Code returns AWS's code for the error, empty where there is none.
func (e *described) Code() string { return e.code }

// describe makes an error of the SDK fit for a log. It returns other errors of this package as
// they are.
func describe(err error) error {
	var known *described
	if err == nil || errors.As(err, &known) {
		return err
	}
	d := &described{err: err}
	var api smithy.APIError
	if errors.As(err, &api) && errorCode.MatchString(api.ErrorCode()) {
		d.code, d.message = api.ErrorCode(), api.ErrorCode()
		if status := statusOf(err); status != 0 {
			d.message += fmt.Sprintf(" (%d)", status)
		}
		if !isSecret(api.ErrorCode(), api.ErrorMessage()) {
			d.message += ": " + text.Quote(withoutUserinfo(api.ErrorMessage()))
		}
		return d
	}
	switch message := withoutUserinfo(err.Error()); {
	case isProcessOutput(err):
		d.message = text.Quote("the output of credential_process cannot be read as JSON") // the SDK's repeats it
	case isSecret("", message):
		d.message = text.Quote("the answer repeats what is secret")
	default:
		d.message = text.Quote(message)
	}
	return d
}

// errorCode is what an error code of AWS looks like. What stands in between may send anything.
var errorCode = regexp.MustCompile(`^[A-Za-z0-9.]{1,128}$`)

// secretCodes are of the errors whose messages quote the Authorization header, or the request as
// it should have been signed.
var secretCodes = map[string]bool{
	"IncompleteSignature":          true,
	"IncompleteSignatureException": true,
	"InvalidSignatureException":    true,
	"SignatureDoesNotMatch":        true,
}

// isSecret goes by the message as well: what stands between has codes of its own.
func isSecret(code, message string) bool {
	return secretCodes[code] || strings.Contains(message, "AWS4-HMAC-SHA256") || strings.Contains(message, "Credential=")
}

func isProcessOutput(err error) bool {
	var process *processcreds.ProviderError
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	return errors.As(err, &process) && (errors.As(err, &syntax) || errors.As(err, &wrongType) || strings.Contains(err.Error(), "process output:"))
}

// withoutUserinfo cuts users and passwords out of URLs, also out of those that do not parse.
func withoutUserinfo(s string) string { return userinfo.ReplaceAllString(s, "//xxxxx@") }

var userinfo = regexp.MustCompile(`//[^\n"]*@`)

// statusOf returns the HTTP status that an error of the SDK came with, or 0.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
