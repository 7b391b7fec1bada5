package sdkv1

import (
	"fmt"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// untouched returns a client with only the SDK's handlers.
func untouched(svc *lambda.Lambda) *lambda.Lambda {
	return lambda.New(&session.Session{Handlers: defaults.Handlers(), Config: &aws.Config{
		Region: svc.Config.Region, Endpoint: &svc.Endpoint, DisableParamValidation: svc.Config.DisableParamValidation,
	}})
}

// withoutEffect returns warnings about the parts of a build's session that calls do not use.
func withoutEffect(svc *lambda.Lambda) (warnings []string) {
	const unused, advice = "WithSession: calls of functions do not use the ", " of the session: to change that, pass WithInvoker(lambda.New(session))"
	if hasOtherHandlers(svc) {
		warnings = append(warnings, unused+"handlers"+advice)
	}
	if svc.Config.LogLevel.AtLeast(aws.LogDebug) {
		warnings = append(warnings, unused+"Logger and LogLevel"+advice)
	}
	return warnings
}

// hasOtherHandlers tells whether a client's handlers differ from the SDK's in number, code or
// order. It compares printed lists, which show the name of each handler and the address of its
// code. (It does not detect a handler of request.MakeAddToUserAgentHandler that replaces the
// SDK's under the same name, because the address is the same.)
func hasOtherHandlers(svc *lambda.Lambda) bool {
	return fmt.Sprint(svc.Handlers) != fmt.Sprint(untouched(svc).Handlers)
}
