package sdkv1

import (
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// untouched returns a client with the SDK's own handlers and nothing else.
func untouched(svc *lambda.Lambda) *lambda.Lambda {
	return lambda.New(&session.Session{Handlers: defaults.Handlers(), Config: &aws.Config{
		Region: svc.Config.Region, Endpoint: &svc.Endpoint, DisableParamValidation: svc.Config.DisableParamValidation,
	}})
}

// withoutEffect returns warnings of what a session of the build's has that calls do not use. It
// goes by the numbers of handlers: a handler that replaces one of the SDK's cannot be seen.
func withoutEffect(svc *lambda.Lambda) (warnings []string) {
	const advice = ": have no effect on the calls of functions; pass WithInvoker(lambda.New(session)) for them"
	if handlerCounts(svc) != handlerCounts(untouched(svc)) {
		warnings = append(warnings, "the handlers of the AWS session that the build has set"+advice)
	}
	if svc.Config.LogLevel.AtLeast(aws.LogDebug) {
		warnings = append(warnings, "the Logger and LogLevel of the AWS session that the build has set"+advice)
	}
	return warnings
}

func handlerCounts(svc *lambda.Lambda) (counts [14]int) {
	h := svc.Handlers
	for i, list := range []request.HandlerList{
		h.Validate, h.Build, h.BuildStream, h.Sign, h.Send, h.ValidateResponse, h.Unmarshal, h.UnmarshalStream,
		h.UnmarshalMeta, h.UnmarshalError, h.Retry, h.AfterRetry, h.CompleteAttempt, h.Complete,
	} {
		counts[i] = list.Len()
	}
	return counts
}
