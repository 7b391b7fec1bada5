package backend

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestAccessors(t *testing.T) {
	reported := func(payload string) *Error {
		return functionError("Unhandled", []byte(payload), nil)
	}
	for name, tc := range map[string]struct {
		err                 *Error
		code, functionError string
	}{
		"AWS's":             {invocationError(&invoke.Error{Kind: invoke.KindAPI, Code: "TooManyRequestsException", Status: http.StatusTooManyRequests}, &config.Config{}), "TooManyRequestsException", ""},
		"an invalid code":   {invocationError(&invoke.Error{Kind: invoke.KindAPI, Code: "<html>", Status: http.StatusBadGateway}, &config.Config{}), "InvocationFailure", ""},
		"a connection":      {invocationError(&invoke.Error{Kind: invoke.KindConnection, Err: errors.New("refused")}, &config.Config{}), "RequestError", ""},
		"no credentials":    {invocationError(&invoke.Error{Kind: invoke.KindCredentials}, &config.Config{}), "NoCredentials", ""},
		"the deadline":      {ended(context.DeadlineExceeded, "before the call"), "DeadlineExceeded", ""},
		"the configuration": {badConfig(errors.New("region")), "InvalidConfiguration", ""},
		"an errorType":      {reported(`{"errorType":"OutOfStock","errorMessage":"no tea"}`), "", "OutOfStock"},
		"an errorMessage":   {reported(`{"errorMessage":"Task timed out"}`), "", "Unhandled"},
		"an invalid report": {reported(`oops`), "", "Unhandled"},
	} {
		if code, functionError := tc.err.Code(), tc.err.FunctionError(); code != tc.code || functionError != tc.functionError {
			t.Errorf("%s: got the code %q and the function error %q, want %q and %q", name, code, functionError, tc.code, tc.functionError)
		}
		if id := tc.err.RequestID(); id != "" {
			t.Errorf("%s: got the request id %q without a response", name, id)
		}
		with := tc.err.withInvocation(config.Function{Name: "f"}, "7").WithDetails()
		if with.RequestID() != "7" || with.Code() != tc.code || with.FunctionError() != tc.functionError {
			t.Errorf("%s: got %q, %q, %q with details", name, with.RequestID(), with.Code(), with.FunctionError())
		}
	}
}
