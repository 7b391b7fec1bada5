package sdkv1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/processcreds"
	"github.com/aws/aws-sdk-go/aws/credentials/ssocreds"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// decoder returns a function that makes the SDK's error from an answer, so that errors.As finds
// its types. An error code that is newer than the SDK gives an awserr.RequestFailure.
func decoder(svc *lambda.Lambda) func(int, http.Header, []byte) error {
	return func(status int, h http.Header, body []byte) error {
		r := &request.Request{
			ClientInfo:   svc.ClientInfo,
			HTTPRequest:  &http.Request{Header: make(http.Header)},
			HTTPResponse: &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body))},
		}
		svc.Handlers.UnmarshalMeta.Run(r)
		svc.Handlers.UnmarshalError.Run(r)
		return r.Error
	}
}

// hasSecrets tells whether an error's message repeats the output of a credential_process or
// parts of a signed request.
func hasSecrets(err awserr.Error) bool { return text.HasSecrets(err.Code(), err.Message()) }

// lookupCodes are the codes of the SDK's providers, for calls that could not be signed. An
// exchange does not need them. They are for Invokers that drop options.
var lookupCodes = map[string]bool{
	credentials.ErrNoValidProvidersFoundInChain.Code():  true,
	credentials.ErrStaticCredentialsEmpty.Code():        true,
	credentials.ErrAccessKeyIDNotFound.Code():           true,
	credentials.ErrSecretAccessKeyNotFound.Code():       true,
	credentials.ErrSharedCredentialsHomeNotFound.Code(): true,
	"SharedCredsLoad":                            true,
	"SharedCredsAccessKey":                       true,
	"SharedCredsSecret":                          true,
	"CredentialsEndpointError":                   true,
	"EC2RoleRequestError":                        true,
	"EmptyEC2RoleList":                           true,
	"AssumeRoleTokenNotAvailable":                true,
	stscreds.ErrCodeWebIdentity:                  true,
	ssocreds.ErrCodeSSOProviderInvalidToken:      true,
	processcreds.ErrCodeProcessProviderParse:     true,
	processcreds.ErrCodeProcessProviderVersion:   true,
	processcreds.ErrCodeProcessProviderRequired:  true,
	processcreds.ErrCodeProcessProviderExecution: true,
}

// lookupFailed tells whether an error is one of the SDK's providers. The errors of STS and SSO
// themselves look like those of any other service: it returns false for them.
func lookupFailed(err error) bool {
	var aerr awserr.Error
	var failure awserr.RequestFailure
	return errors.As(err, &aerr) && lookupCodes[aerr.Code()] && !errors.As(err, &failure)
}

// skewError is a refusal by AWS with the difference of the clocks, which may be its cause.
type skewError struct {
	awserr.RequestFailure
	skew string
}

// describe describes an SDK error in one line: code, HTTP status if it came with one, message
// and causes, and how far the clock is off if that may be the cause.
func describe(err error) string {
	var aerr awserr.Error
	if !errors.As(err, &aerr) {
		return text.Quote(messageOf(err))
	}
	line := aerr.Code()
	if !invoke.ErrorCode.MatchString(line) {
		line = text.Quote(line)
	}
	var failure awserr.RequestFailure
	if errors.As(err, &failure) && failure.StatusCode() != 0 {
		line += fmt.Sprintf(" (%d)", failure.StatusCode())
	}
	if !hasSecrets(aerr) {
		line += ": " + text.Quote(messageOf(aerr))
	}
	if skewed, ok := aerr.(*skewError); ok {
		line += ": " + skewed.skew
	}
	return line
}

// messageOf returns the messages of an error and of its causes, without possible secrets.
func messageOf(err error) string {
	aerr, ok := err.(awserr.Error)
	switch {
	case !ok && text.HasSecrets("", err.Error()):
		return secretMessage
	case !ok:
		return text.WithoutUserinfo(err.Error())
	}
	causes := []error{aerr.OrigErr()}
	if batch, ok := aerr.(awserr.BatchedErrors); ok {
		causes = batch.OrigErrs()
	}
	s := text.WithoutUserinfo(aerr.Message())
	for _, cause := range causes {
		if u, ok := cause.(awserr.UnmarshalError); ok {
			cause = u.OrigErr() // it would print a dump of the answer
		}
		if cause == nil {
			continue
		}
		s += ": "
		var inner awserr.Error
		if errors.As(cause, &inner) {
			s += inner.Code()
			if hasSecrets(inner) {
				continue
			}
			s += ": "
			cause = inner
		}
		s += messageOf(cause)
	}
	return s
}
