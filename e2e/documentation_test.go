package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// The two examples of the user's documentation, as they stand there. Tests add the
// key endpoint and no other, and the backend has nothing but its extra_config.
const (
	fixedExample = `{ "function_name": "lambda-function", "region": "us-west1", "max_retries": 1 }`

	paramEndpoint = "/call-a-lambda/{lambda}"
	paramExample  = `{ "function_param_name": "Lambda", "region": "us-west1", "max_retries": 1 }`
)

func documented(t *testing.T, api *lambdaAPI, example string) object {
	t.Helper()
	settings := with(parse(t, example), object{"endpoint": api.URL})
	return object{"extra_config": object{lambdaNamespace: settings}}
}

func TestDocumentedFixedFunction(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"lambda-function": replies(`{"hello":"world"}`)})
		gw := start(t, g, []object{endpoint("/fixed", documented(t, api, fixedExample))}, options{})

		got := gw.get(t, "/fixed")
		check(t, got, http.StatusOK, `{"hello":"world"}`)
		if got.completed() != "true" {
			t.Errorf("got X-Krakend-Completed %q, want true", got.completed())
		}

		call := onlyCall(t, api, "lambda-function")
		if call.Region != "us-west1" || call.AccessKeyID != accessKeyID {
			t.Errorf("got a call signed for %q with %q, want us-west1 and %s", call.Region, call.AccessKeyID, accessKeyID)
		}
		if call.Qualifier != "" || call.InvocationType != "RequestResponse" || call.LogType != "None" || call.ClientContext != nil {
			t.Errorf("got %+v, want a plain, synchronous call", call)
		}
		for name, want := range map[string]string{"X-Amzn-Requestid": call.RequestID, "X-Amz-Executed-Version": "$LATEST"} {
			if got := got.header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}

		// The documentation's region is not one of AWS's, which only causes a warning.
		warnings := gw.Lines(t, "WARNING", "/")
		if want := `region: 'us-west1' does not look like a region such as us-west-2`; len(warnings) != 1 || !strings.HasPrefix(warnings[0], want) {
			t.Errorf("got warnings %q, want %q", warnings, want)
		}
		if errs := gw.Lines(t, "ERROR", "/"); len(errs) != 0 {
			t.Errorf("got errors %q", errs)
		}
		debug := gw.Lines(t, "DEBUG", "/")
		if want := "Component enabled: function lambda-function, region us-west1, endpoint " + api.URL; len(debug) != 1 || debug[0] != want {
			t.Errorf("got debug lines %q, want %q", debug, want)
		}
	})
}

func TestDocumentedFunctionFromTheURL(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"My-lambda": echo})
		gw := start(t, g, []object{endpoint(paramEndpoint, documented(t, api, paramExample))}, options{})

		check(t, gw.get(t, "/call-a-lambda/my-lambda"), http.StatusOK, `{"lambda":"my-lambda"}`)
		if call := onlyCall(t, api, "My-lambda"); call.Region != "us-west1" {
			t.Errorf("got a call signed for %q, want us-west1", call.Region)
		}
	})
}

func TestDocumentedRetries(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"lambda-function": replies(`{}`), "Lambda-function": replies(`{}`)})
		gw := start(t, g, []object{
			endpoint("/fixed", documented(t, api, fixedExample)),
			endpoint(paramEndpoint, documented(t, api, paramExample)),
		}, options{})
		api.Fail("*", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())

		for path, function := range map[string]string{
			"/fixed":                         "lambda-function",
			"/call-a-lambda/lambda-function": "Lambda-function",
		} {
			check(t, gw.get(t, path), http.StatusBadGateway, "")
			if calls := callsOf(api, function); len(calls) != 2 {
				t.Errorf("%s: got %d calls, want 2", path, len(calls))
			}
		}
	})
}
