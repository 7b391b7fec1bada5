package sdkv1

import (
	"fmt"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// untouched returns a client with the SDK's handlers and nothing else.
func untouched(svc *lambda.Lambda) *lambda.Lambda {
	return lambda.New(&session.Session{Handlers: defaults.Handlers(), Config: &aws.Config{
		Region: svc.Config.Region, Endpoint: &svc.Endpoint, DisableParamValidation: svc.Config.DisableParamValidation,
	}})
}

// withoutEffect returns warnings of what a session of the build has that calls do not use.
func withoutEffect(svc *lambda.Lambda) (warnings []string) {
	const advice = ": have no effect on the calls of functions; pass WithInvoker(lambda.New(session)) for them"
	if hasOtherHandlers(svc) {
		warnings = append(warnings, "the handlers of the AWS session that the build has set"+advice)
	}
	if svc.Config.LogLevel.AtLeast(aws.LogDebug) {
		warnings = append(warnings, "the Logger and LogLevel of the AWS session that the build has set"+advice)
	}
	return warnings
}

// hasOtherHandlers tells whether a client has other handlers than the SDK's: more, fewer, others, or
// in another order. Printed, a list has the name of each handler and the address of its code. (A
// handler of request.MakeAddToUserAgentHandler that takes the place of the SDK's, with its name, has
// the same address, so it is not seen.)
func hasOtherHandlers(svc *lambda.Lambda) bool {
	return fmt.Sprint(svc.Handlers) != fmt.Sprint(untouched(svc).Handlers)
}
