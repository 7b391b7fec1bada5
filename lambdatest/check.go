package lambdatest

import (
	"encoding/json"
	"net/http"
	"regexp"
)

// check returns the handler that executes a call and whether its function is durable. It
// refuses calls that Lambda would not execute.
func (s *Server) check(in *invocation) (f runnable, durable bool, refusal *apiError) {
	if refusal := checkParameters(in); refusal != nil {
		return runnable{}, false, refusal
	}
	d, ok := s.lookup(in.name.bare)
	if ok {
		f, ok = d.version(in.call.Qualifier)
	}
	if !ok {
		return runnable{}, false, errorf(http.StatusNotFound, "ResourceNotFoundException", "Function not found: %s", in.arn)
	}
	if refusal := d.checkSettings(in.call); refusal != nil {
		return runnable{}, false, refusal
	}
	return f, d.durable, checkContent(in)
}

// Grammars of the parameters TenantId and DurableExecutionName in the API reference.
var (
	tenantPattern        = regexp.MustCompile(`^[a-zA-Z0-9._:/=+@ -]{1,256}$`)
	executionNamePattern = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
)

// checkParameters checks the parameters that do not depend on the function.
func checkParameters(in *invocation) *apiError {
	call := in.call
	invalid := func(format string, args ...any) *apiError {
		return errorf(http.StatusBadRequest, "InvalidParameterValueException", format, args...)
	}
	malformed := func(format string, args ...any) *apiError {
		return errorf(http.StatusBadRequest, "ValidationException", format, args...)
	}
	switch {
	case call.InvocationType != requestResponse && call.InvocationType != dryRun && (call.InvocationType != event || call.Streaming):
		return invalid("The operation has no invocation type %q.", call.InvocationType)
	case call.LogType != logNone && call.LogType != logTail:
		return invalid("Unknown log type %q.", call.LogType)
	case in.name.bare == "":
		return malformed("%q is not a function's name, with or without qualifier, nor its ARN.", call.Function)
	case call.Qualifier != "" && !qualifierPattern.MatchString(call.Qualifier):
		return malformed("%q is not a version, an alias, $LATEST or $LATEST.PUBLISHED.", call.Qualifier)
	case call.TenantID != "" && !tenantPattern.MatchString(call.TenantID):
		return malformed("%q is not a tenant ID.", call.TenantID)
	case call.DurableExecutionName != "" && call.Streaming:
		return invalid("The operation has no durable execution name.")
	case call.DurableExecutionName != "" && !executionNamePattern.MatchString(call.DurableExecutionName):
		return malformed("%q is not the name of a durable execution.", call.DurableExecutionName)
	case in.name.qualifier != "" && in.name.qualifier != call.Qualifier:
		return invalid("The function's name has the qualifier %q and the query string %q.", in.name.qualifier, call.Qualifier)
	case in.name.region != "" && in.name.region != call.Region:
		return errorf(http.StatusNotFound, "ResourceNotFoundException",
			"Functions from '%s' are not reachable in this region ('%s')", in.name.region, call.Region)
	}
	return nil
}

// checkSettings checks that a call has what the function's settings require. It uses AWS's
// message if that is known.
func (d declared) checkSettings(call *Call) *apiError {
	var message string
	switch {
	case d.tenantIsolation && call.TenantID == "":
		message = "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again."
	case !d.tenantIsolation && call.TenantID != "":
		message = "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from the request."
	case d.durable && call.Qualifier == "":
		message = "You cannot invoke a durable function using an unqualified ARN."
	case !d.durable && call.DurableExecutionName != "":
		message = "The invoked function is not durable. Remove the durable execution name from the request."
	default:
		return nil
	}
	return errorf(http.StatusBadRequest, "InvalidParameterValueException", "%s", message)
}

// checkContent checks a call's client context and payload. An empty payload becomes an
// empty object.
func checkContent(in *invocation) *apiError {
	if err := checkClientContext(in.call.Header.Get("X-Amz-Client-Context"), in.clientContext); err != nil {
		return errorf(http.StatusBadRequest, "InvalidRequestContentException",
			"Could not parse client context: %v", err)
	}
	if len(in.payload) == 0 {
		in.payload = []byte("{}")
	}
	if err := json.Unmarshal(in.payload, new(json.RawMessage)); err != nil {
		return errorf(http.StatusBadRequest, "InvalidRequestContentException",
			"Could not parse request body into json: %v", err)
	}
	return nil
}
