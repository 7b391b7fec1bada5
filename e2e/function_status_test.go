package e2e

import (
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// raises is a function that fails with an errorType, and with a stack trace.
func raises(errorType, message string) func() (string, error) {
	return func() (string, error) {
		return "", messages.InvokeResponse_Error{Type: errorType, Message: message, StackTrace: []*messages.InvokeResponse_Error_StackFrame{{Path: "planted/handler.go", Label: "planted"}}}
	}
}

// asStatus gives the errors of raises a status.
var asStatus = object{"function_error_status": object{"ValidationError": 422, "*NotFound": 404, "Busy": 429, "OutOfStock": 500}}

// newRaising starts an Invoke API whose functions fail, but for one.
func newRaising(t *testing.T) *lambdaAPI {
	return newLambda(t, map[string]any{
		"invalid": raises("ValidationError", "a \"tea\"\nis missing"),
		"absent":  raises("com.shop.OrderNotFound", "no order 7"),
		"busy":    raises("Busy", "later"),
		"broken":  raises("OutOfStock", "planted"),
		"other":   raises("KeyError", "planted"),
		"crashes": raises("Runtime.HandlerNotFound", "planted"),
		"good":    replies(`{"good":true}`),
	})
}

const invalidDetails = `{"errorType":"ValidationError","errorMessage":"a \"tea\"\nis missing"}`

// A function's error is the status of function_error_status, without a body. What has no
// status there, and what Lambda reports, stays a 502.
func TestFunctionErrorStatus(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newRaising(t)
		var endpoints []object
		tests := []struct {
			function string
			status   int
			level    string
		}{
			{"invalid", 422, "INFO"}, {"absent", 404, "INFO"}, {"busy", 429, "WARNING"}, {"broken", 500, "ERROR"}, {"other", 502, "ERROR"}, {"crashes", 502, "ERROR"},
		}
		for _, tc := range tests {
			endpoints = append(endpoints, endpoint("/"+tc.function, lambdaBackend(with(fixed(api, tc.function), asStatus), at("/"+tc.function))))
		}
		gw := start(t, g, endpoints, options{})
		for _, tc := range tests {
			t.Run(tc.function, func(t *testing.T) {
				got := gw.get(t, "/"+tc.function)
				checkError(t, got, tc.status, "", "", "")
				checkHides(t, got, append([]string{"planted"}, secrets...)...)
				if lines := gw.Lines(t, tc.level, "/"+tc.function); len(lines) != 1 {
					t.Errorf("got %q at %s, want one line", lines, tc.level)
				}
				if lines := gw.Lines(t, "ERROR", "/"+tc.function); tc.level != "ERROR" && len(lines) > 0 {
					t.Errorf("got the errors %q", lines)
				}
			})
		}
	})
}

// With no-op, and in a stream before its first byte, the error is a response. A 5xx has no body, as
// the default 502.
func TestFunctionErrorStatusOfNoOp(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newRaising(t)
		settings := with(fixed(api, "invalid"), asStatus)
		gw := start(t, g, []object{
			noOpEndpoint("/plain", settings),
			noOpEndpoint("/stream", with(settings, object{"stream": true})),
			noOpEndpoint("/retries", with(settings, object{"retry_function_errors": true, "max_retries": 1})),
			noOpEndpoint("/event", with(settings, object{"payload_format": "2.0"})),
			with(endpoint("/details", lambdaBackend(settings, detailsAsX, noOp)), object{"output_encoding": "no-op"}),
			noOpEndpoint("/broken", with(fixed(api, "broken"), asStatus)),
			noOpEndpoint("/broken-stream", with(fixed(api, "broken"), asStatus, object{"stream": true})),
			noOpEndpoint("/other", with(fixed(api, "other"), asStatus)),
		}, options{})
		for path, calls := range map[string]int{"/plain": 1, "/stream": 1, "/retries": 2, "/event": 1, "/details": 1} {
			t.Run(path[1:], func(t *testing.T) {
				api.Reset()
				got := gw.get(t, path)
				check(t, got, http.StatusUnprocessableEntity, invalidDetails)
				if contentType := got.header.Get("Content-Type"); contentType != "application/json" {
					t.Errorf("got the content type %q", contentType)
				}
				if n := len(api.Calls()); n != calls {
					t.Errorf("got %d calls, want %d", n, calls)
				}
			})
		}
		check(t, gw.get(t, "/broken"), http.StatusInternalServerError, "")
		check(t, gw.get(t, "/broken-stream"), http.StatusInternalServerError, "")
		check(t, gw.get(t, "/other"), http.StatusBadGateway, "")
	})
}

// return_error_details shows the same as ever, with the status, a 5xx too.
func TestFunctionErrorStatusWithDetails(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newRaising(t)
		gw := start(t, g, []object{
			endpoint("/details", lambdaBackend(with(fixed(api, "invalid"), asStatus), detailsAsX)),
			endpoint("/broken", lambdaBackend(with(fixed(api, "broken"), asStatus), detailsAsX)),
		}, options{})
		checkMerged(t, gw.get(t, "/details"), http.StatusOK, `{`+g.errorX(422, invalidDetails)+`}`, "false")
		checkMerged(t, gw.get(t, "/broken"), http.StatusOK, `{`+g.errorX(500, `{"errorType":"OutOfStock","errorMessage":"planted"}`)+`}`, "false")
	})
}

// In a merge, KrakenD's rules stand.
func TestFunctionErrorStatusOfMerges(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newRaising(t)
		good, invalid := lambdaBackend(fixed(api, "good")), lambdaBackend(with(fixed(api, "invalid"), asStatus))
		gw := start(t, g, []object{
			endpoint("/partial", good, invalid),
			endpoint("/all", invalid, invalid),
			with(endpoint("/first", invalid, good), sequential),
			with(endpoint("/second", good, invalid), sequential),
			endpoint("/details", good, lambdaBackend(with(fixed(api, "invalid"), asStatus), detailsAsX)),
		}, options{})
		checkMerged(t, gw.get(t, "/partial"), http.StatusOK, `{"good":true}`, "false")
		checkMerged(t, gw.get(t, "/second"), http.StatusOK, `{"good":true}`, "false")
		checkMerged(t, gw.get(t, "/first"), http.StatusUnprocessableEntity, "", "false")
		checkMerged(t, gw.get(t, "/details"), http.StatusOK, `{`+g.errorX(422, invalidDetails)+`,"good":true}`, "false")
		if g.failsEmptyMerges {
			checkMerged(t, gw.get(t, "/all"), http.StatusInternalServerError, "", "false")
		} else {
			checkMerged(t, gw.get(t, "/all"), http.StatusOK, "{}", "false")
		}
	})
}

// With return_error_msg the client reads what the function says, in one line, but not with a 5xx.
// With return_error_code it reads the details, as ever.
func TestFunctionErrorStatusWithReturnErrorMsg(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		api := newRaising(t)
		invalid := with(fixed(api, "invalid"), asStatus)
		gw := start(t, g, []object{
			endpoint("/message", lambdaBackend(invalid)),
			endpoint("/absent", lambdaBackend(with(fixed(api, "absent"), asStatus))),
			endpoint("/broken", lambdaBackend(with(fixed(api, "broken"), asStatus))),
			noOpEndpoint("/broken-no-op", with(fixed(api, "broken"), asStatus)),
			endpoint("/other", lambdaBackend(with(fixed(api, "other"), asStatus))),
			endpoint("/code", lambdaBackend(invalid, errorCode)),
			with(endpoint("/first", lambdaBackend(invalid), lambdaBackend(fixed(api, "good"))), sequential),
			noOpEndpoint("/no-op", invalid),
		}, options{Service: errorMsg})
		const message = "ValidationError: a 'tea' is missing"
		checkError(t, gw.get(t, "/message"), 422, message, plainText, "")
		checkError(t, gw.get(t, "/first"), 422, message, plainText, "")
		checkError(t, gw.get(t, "/absent"), 404, "com.shop.OrderNotFound: no order 7", plainText, "")
		checkError(t, gw.get(t, "/broken"), 500, "lambda: the function failed", plainText, "")
		checkError(t, gw.get(t, "/broken-no-op"), 500, "lambda: the function failed", plainText, "")
		checkError(t, gw.get(t, "/other"), 502, "lambda: the function failed", plainText, "")
		checkError(t, gw.get(t, "/code"), 422, invalidDetails, jsonText, "")
		check(t, gw.get(t, "/no-op"), 422, invalidDetails)
	})
}
