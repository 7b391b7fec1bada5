package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A failure is a kind of failed invocation, and what clients may learn of it.
type failure struct {
	name     string // of the function
	fault    lambdatest.Fault
	function any    // nil if the function does not exist
	body     string // of a POST
	decoding bool   // no-op, which decodes nothing, does not fail

	status     int
	text       string // the error's, which is safe to show
	details    string // what the operator may choose to show
	retryAfter string
}

var failures = []failure{
	{name: "function-error", function: fails(plantedError("no such order")),
		status: 502, text: "lambda: the function failed", details: `{"errorType":"plantedError","errorMessage":"no such order"}`},
	{name: "crash", function: func(context.Context) error { panic("out of range") },
		status: 502, text: "lambda: the function failed", details: `{"errorType":"string","errorMessage":"out of range"}`},
	{name: "error-without-message", function: fails(errors.New("")),
		status: 502, text: "lambda: the function failed", details: `{"errorType":"errorString","errorMessage":"the function failed"}`},
	{name: "undecodable", function: replies(`[]`), decoding: true,
		status: 502, text: "lambda: the reply cannot be decoded", details: `{"errorType":"UndecodableReply","errorMessage":"the reply cannot be decoded"}`},
	{name: "throttled", fault: lambdatest.Throttle(7),
		status: 429, text: "lambda: too many requests", details: `{"errorType":"TooManyRequestsException","errorMessage":"too many requests"}`, retryAfter: "7"},
	{name: "throttled-for-a-while", fault: lambdatest.Throttle(0),
		status: 429, text: "lambda: too many requests", details: `{"errorType":"TooManyRequestsException","errorMessage":"too many requests"}`},
	{name: "no-json", function: echo, body: "no JSON",
		status: 400, text: "lambda: the payload is not JSON", details: `{"errorType":"InvalidRequestContentException","errorMessage":"the payload is not JSON"}`},
	{name: "absent",
		status: 502, text: "lambda: invocation failed", details: `{"errorType":"ResourceNotFoundException","errorMessage":"invocation failed"}`},
	{name: "denied", fault: lambdatest.APIError(403, "AccessDeniedException", plantedMessage),
		status: 502, text: "lambda: invocation failed", details: `{"errorType":"AccessDeniedException","errorMessage":"invocation failed"}`},
	{name: "not-ready", fault: lambdatest.APIError(502, "ResourceNotReadyException", plantedMessage),
		status: 503, text: "lambda: the function is not available", details: `{"errorType":"ResourceNotReadyException","errorMessage":"the function is not available"}`},
	{name: "cut", fault: lambdatest.Cut(lambdatest.BeforeHeaders), function: echo,
		status: 502, text: "lambda: invocation failed", details: `{"errorType":"RequestError","errorMessage":"invocation failed"}`},
}

// newFailing starts an Invoke API on which each failure happens to its function.
func newFailing(t *testing.T) *lambdaAPI {
	t.Helper()
	api := newLambda(t, nil)
	for _, f := range failures {
		if f.function != nil {
			api.Handle(f.name, f.function)
		}
		api.Fail(f.name, f.fault.Always())
	}
	return api
}

// return_error_details is the operator's choice to show what has gone wrong. KrakenD
// then makes a response of the error, with 200.
func TestReturnErrorDetails(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newFailing(t)
		endpoints := []object{
			endpoint("/misconfigured", lambdaBackend(object{}, detailsAsX)),
			endpoint("/refused/{lambda}", lambdaBackend(fromPath(api), detailsAsX)),
		}
		for _, tc := range failures {
			endpoints = append(endpoints, with(endpoint("/"+tc.name, lambdaBackend(fixed(api, tc.name), detailsAsX, at("/"+tc.name))), object{"method": "POST"}))
		}
		gw := start(t, g, endpoints, options{})

		for _, tc := range failures {
			t.Run(tc.name, func(t *testing.T) {
				got := gw.post(t, "/"+tc.name, tc.body)
				checkMerged(t, got, http.StatusOK, `{`+g.errorX(tc.status, tc.details)+`}`, "false")
				checkHides(t, got, secrets...)
				onlyCall(t, api, tc.name)
				if errs := gw.Lines(t, levelOf(tc.status), "/"+tc.name); len(errs) != 1 {
					t.Errorf("got errors %q, want one", errs)
				}
			})
		}
		checkMerged(t, gw.get(t, "/misconfigured"), http.StatusOK,
			`{`+g.errorX(500, `{"errorType":"InvalidConfiguration","errorMessage":"bad configuration"}`)+`}`, "false")
		checkMerged(t, gw.get(t, "/refused/no.name"), http.StatusOK,
			`{`+g.errorX(404, `{"errorType":"ResourceNotFoundException","errorMessage":"no such function"}`)+`}`, "false")
	})
}

// errorX is the member that detailsAsX gives to an answer.
func (g gateway) errorX(status int, details string) string {
	encoding := ""
	if g.encodesErrorDetails {
		encoding = `,"http_body_encoding":"application/json"`
	}
	return fmt.Sprintf(`"error_x":{"http_status_code":%d,"http_body":%q%s}`, status, details, encoding)
}

// A function's error and an HTTP backend's answer with the same status and body look
// the same to the client.
func TestReturnErrorDetailsAsOfAnyOtherBackend(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": fails(plantedError("no such order"))})
		host := newHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, `{"errorType":"plantedError","errorMessage":"no such order"}`)
		})
		gw := start(t, g, []object{
			endpoint("/lambda", lambdaBackend(fixed(api, "f"), detailsAsX, object{"group": "g", "deny": list{"error_x"}})),
			endpoint("/http", httpBackend(host, "/", detailsAsX, object{"group": "g", "deny": list{"error_x"}})),
		}, options{})

		want := gw.get(t, "/http")
		if !strings.Contains(want.body, `"http_status_code":502`) {
			t.Errorf("HTTP: got %q", want.body)
		}
		checkMerged(t, gw.get(t, "/lambda"), want.status, want.body, want.completed())
	})
}
