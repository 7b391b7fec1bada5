package faults

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// plantedMessage is a message of an API that must not reach a client.
const plantedMessage = "planted: arn:aws:lambda:us-east-1:123456789012:function:inner is broken"

// answers returns a row for an error with which the Invoke API answers every call.
func answers(name string, status int, code string, want, n int) row {
	return row{
		name: name, api: lambda(nil, lambdatest.APIError(status, code, plantedMessage).Always()),
		status: want, calls: exactly(n), within: atOnce, logged: "invocation failed: code " + code,
	}
}

func apiErrors(g generation) []row {
	// after returns the Retry-After that a client gets with an error.
	after := func(seconds string) string {
		if g.sendsErrorHeaders {
			return seconds
		}
		return ""
	}
	return []row{
		{
			name: "throttled-once", api: lambda(nil, lambdatest.Throttle(0)),
			status: 200, body: goodReply, calls: exactly(2), within: atOnce,
		},
		{
			name: "throttled", api: lambda(nil, lambdatest.Throttle(0).Always()),
			status: 429, calls: exactly(2), within: atOnce, logged: "invocation failed: code TooManyRequestsException (429)",
		},
		{
			name: "throttled-with-retry-after", api: lambda(nil, lambdatest.Throttle(1).Always()),
			status: 429, retryAfter: after("1"), calls: exactly(2), within: atOnce, logged: "invocation failed: code TooManyRequestsException (429)",
		},
		{
			name: "throttled-beyond-the-timeout", api: lambda(nil, lambdatest.Throttle(3600).Always()), settings: object{"max_retries": -1},
			status: 429, retryAfter: after("3600"), calls: exactly(1), within: atOnce, logged: "invocation failed: code TooManyRequestsException (429)",
		},
		{
			// When there is no time for another retry, the client gets the error, not the timeout.
			name: "throttled-until-the-timeout", api: lambda(nil, lambdatest.Throttle(0).Always()), settings: object{"max_retries": 30}, endpoint: object{"timeout": "4s"},
			status: 429, calls: calls{2, 4}, within: atOnce, logged: "invocation failed: code TooManyRequestsException (429)",
		},
		answers("throttled-before-lambda", 400, "ThrottlingException", 429, 2),
		{
			name: "service-exception-once", api: lambda(nil, lambdatest.APIError(500, "ServiceException", plantedMessage)),
			status: 200, body: goodReply, calls: exactly(2), within: atOnce,
		},
		answers("service-exception", 500, "ServiceException", 502, 2),
		answers("internal-failure", 500, "InternalFailure", 502, 2),
		answers("ec2-unexpected", 502, "EC2UnexpectedException", 502, 2),
		answers("service-unavailable", 503, "ServiceUnavailable", 502, 2),
		answers("gateway-timeout", 504, "GatewayTimeout", 502, 2),
		answers("not-implemented", 501, "NotImplemented", 502, 2),

		answers("ec2-throttled", 502, "EC2ThrottledException", 503, 2),
		answers("not-ready", 502, "ResourceNotReadyException", 503, 2),
		answers("snap-start-not-ready", 409, "SnapStartNotReadyException", 503, 2),
		answers("resource-conflict", 409, "ResourceConflictException", 503, 1),

		// These errors stay, so the gateway does not retry.
		answers("eni-limit", 502, "ENILimitReachedException", 503, 1),
		answers("subnet-ip-limit", 502, "SubnetIPAddressLimitReachedException", 503, 1),
		answers("ec2-access-denied", 502, "EC2AccessDeniedException", 502, 1),
		answers("invalid-runtime", 502, "InvalidRuntimeException", 502, 1),
		answers("invalid-security-group", 502, "InvalidSecurityGroupIDException", 502, 1),
		answers("invalid-subnet", 502, "InvalidSubnetIDException", 502, 1),
		answers("invalid-zip-file", 502, "InvalidZipFileException", 502, 1),
		answers("kms-access-denied", 502, "KMSAccessDeniedException", 502, 1),
		answers("kms-disabled", 502, "KMSDisabledException", 502, 1),
		answers("kms-invalid-state", 502, "KMSInvalidStateException", 502, 1),
		answers("kms-not-found", 502, "KMSNotFoundException", 502, 1),

		answers("access-denied", 403, "AccessDeniedException", 502, 1),
		answers("unrecognized-client", 403, "UnrecognizedClientException", 502, 1),
		answers("no-such-function", 404, "ResourceNotFoundException", 502, 1),
		answers("payload-too-large", 413, "RequestTooLargeException", 413, 1),
		answers("moved", 307, "MovedElsewhere", 502, 1),

		{
			name: "expired-credentials", api: firstTokenExpired(), settings: object{"max_retries": 0},
			status: 200, body: goodReply, calls: exactly(2), within: atOnce,
		},
		{
			name: "credentials-that-stay-expired", settings: object{"max_retries": 0},
			api:    lambda(nil, lambdatest.APIError(403, "ExpiredTokenException", plantedMessage).Always()),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: code ExpiredTokenException (403)",
		},

		// Errors of a server in between do not have JSON.
		{
			name: "error-page", api: saying(whole(503, "Content-Type: text/html\r\n", "<h1>planted</h1>")),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "refusal-without-json", api: saying(whole(403, "X-Amzn-Errortype: AccessDeniedException\r\n", `{"message":"planted`)),
			status: 502, calls: exactly(1), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "refusal-without-body", api: saying(whole(403, "", "")),
			status: 502, calls: exactly(1), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "status-that-does-not-exist", api: saying(whole(999, "", "planted")),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "redirect", api: saying(whole(302, "Location: http://127.0.0.1:1/planted\r\n", "")),
			status: 502, calls: exactly(1), within: atOnce, logged: "invocation failed: ",
		},

		{
			name: "function-error", api: lambda(handler(func(context.Context, []byte) ([]byte, error) { return nil, errors.New(plantedMessage) })), settings: object{"max_retries": 3},
			status: 502, calls: exactly(1), within: atOnce, logged: "the function failed: code errorString",
		},
		{
			name: "function-crash", api: lambda(func() error { panic("planted") }), settings: object{"max_retries": 3},
			status: 502, calls: exactly(1), within: atOnce, logged: "the function failed: code string: 'planted'",
		},
		{
			name: "function-error-in-a-merge", api: lambda(handler(func(context.Context, []byte) ([]byte, error) { return nil, errors.New(plantedMessage) })), merged: true,
			status: 200, body: goodReply, calls: exactly(1), within: atOnce, logged: "the function failed: code errorString",
		},
	}
}

// firstTokenExpired refuses the first session token that it sees as expired, and accepts others.
func firstTokenExpired() start {
	var once sync.Once
	var expired string
	return hostileAPI(func(x *exchange) {
		x.keep = true
		token := x.request.Header.Get("X-Amz-Security-Token")
		once.Do(func() { expired = token })
		if token == expired {
			x.write(whole(http.StatusForbidden, "X-Amzn-Errortype: ExpiredTokenException\r\n", `{"message":"`+plantedMessage+`"}`))
			return
		}
		x.write(whole(http.StatusOK, "", goodReply))
	})
}
