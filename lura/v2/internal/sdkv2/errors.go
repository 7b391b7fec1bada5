package sdkv2

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// described is an error of the SDK with a message of one line that is safe to log: code, HTTP
// status (if any), message, and the difference between the clocks if that may be the
// cause.
type described struct {
	code    string // AWS's; empty for an error that is not AWS's
	message string
	err     error
}

// Error implements error.
func (e *described) Error() string { return e.message }

// Unwrap returns the SDK's error, whose message may hold secrets.
func (e *described) Unwrap() error { return e.err }

// Code returns AWS's code for the error. It is empty for an error that is not AWS's.
func (e *described) Code() string { return e.code }

// describe makes an error of the SDK safe to log. It returns other errors of this package
// unchanged.
func describe(err error) error { return describeWithout(func(string) bool { return false }, err) }

// describeWithout is like describe. It also leaves out a message that this function calls secret.
func describeWithout(secret func(message string) bool, err error) error {
	var known *described
	if err == nil || errors.As(err, &known) {
		return err
	}
	d := &described{err: err}
	var api smithy.APIError
	if errors.As(err, &api) && invoke.ErrorCode.MatchString(api.ErrorCode()) && !secret(api.ErrorCode()) {
		d.code, d.message = api.ErrorCode(), api.ErrorCode()
		if status := statusOf(err); status != 0 {
			d.message += fmt.Sprintf(" (%d)", status)
		}
		if secret(api.ErrorMessage()) {
			d.message += ": " + secretMessage
		} else if !text.HasSecrets(api.ErrorCode(), api.ErrorMessage()) {
			d.message += ": " + text.Quote(text.WithoutUserinfo(api.ErrorMessage()))
		}
		if skew := invoke.DescribeSkew(api.ErrorCode(), headerOf(err), time.Now()); skew != "" {
			d.message += ": " + skew
		}
		return d
	}
	switch message := text.WithoutUserinfo(err.Error()); {
	case isProcessOutput(err):
		d.message = text.Quote("the output of credential_process cannot be read as JSON") // the SDK's repeats it
	case text.HasSecrets("", message), secret(message):
		d.message = secretMessage
	default:
		d.message = text.Quote(message)
	}
	return d
}

const secretMessage = "message left out, because it repeats a secret"

func isProcessOutput(err error) bool {
	var process *processcreds.ProviderError
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	return errors.As(err, &process) && (errors.As(err, &syntax) || errors.As(err, &wrongType) || strings.Contains(err.Error(), "process output:"))
}

// headerOf returns the header of the answer that an error of the SDK came with, or nil.
func headerOf(err error) http.Header {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil && response.Response.Response != nil {
		return response.Response.Header
	}
	return nil
}

// statusOf returns the HTTP status that an error of the SDK came with, or 0.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
