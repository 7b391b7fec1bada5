package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// checkError checks an answer that an error has been made into.
func checkError(t *testing.T, got response, status int, body, contentType, retryAfter string) {
	t.Helper()
	checkMerged(t, got, status, body, "false")
	for name, value := range map[string]string{"Content-Type": contentType, "Retry-After": retryAfter} {
		var want []string
		if value != "" {
			want = []string{value}
		}
		if got := got.header.Values(name); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

const (
	plainText = "text/plain; charset=utf-8"
	jsonText  = "application/json"
)

func returnsErrors(g gateway) bool { return g.returnsErrors }

// An errorBackend is a way to have a backend's errors shown.
type errorBackend struct {
	prefix string // of its endpoints' paths
	with   object // what the backend has besides its function
	code   bool   // the details are shown
	noOp   bool
}

var errorBackends = []errorBackend{
	{prefix: "/plain"},
	{prefix: "/code", with: errorCode, code: true},
	{prefix: "/no-op", noOp: true},
	// As with HTTP backends, return_error_code has no effect on no-op.
	{prefix: "/no-op-code", with: errorCode, noOp: true},
}

// failures are those that such a backend can have.
func (b errorBackend) failures() []failure {
	return slices.DeleteFunc(slices.Clone(failures), func(f failure) bool { return b.noOp && f.decoding })
}

// failingEndpoints has an endpoint for each failure and each of the errorBackends, and
// two more for each of the latter: one that is misconfigured, and one that refuses
// names.
func failingEndpoints(api *lambdaAPI) []object {
	var all []object
	for _, b := range errorBackends {
		add := func(path string, settings object, more object) {
			e := with(endpoint(path, lambdaBackend(settings, b.with, at(strings.TrimSuffix(path, "/{lambda}")))), more)
			if b.noOp {
				e["output_encoding"] = "no-op"
			}
			all = append(all, e)
		}
		for _, f := range b.failures() {
			add(b.prefix+"/"+f.name, fixed(api, f.name), object{"method": "POST"})
		}
		add(b.prefix+"/misconfigured", with(fixed(api, "arn:aws:lambda:eu-west-1:123456789012:function:f"), object{"region": "us-east-1"}), nil)
		add(b.prefix+"/refused/{lambda}", fromPath(api), nil)
	}
	return all
}

// With return_error_msg the client reads an error's text, which says nothing that is
// the operator's to know, or, with return_error_code, what that one shows.
func TestReturnErrorMsg(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		api := newFailing(t)
		gw := start(t, g, failingEndpoints(api), options{Service: errorMsg})

		for _, b := range errorBackends {
			show := func(t *testing.T, got response, status int, text, details, retryAfter string) {
				t.Helper()
				if b.code {
					checkError(t, got, status, details, jsonText, retryAfter)
					checkHides(t, got, secrets...)
				} else {
					checkError(t, got, status, text, plainText, retryAfter)
					checkHides(t, got, append([]string{"planted"}, secrets...)...)
				}
			}
			for _, f := range b.failures() {
				t.Run(b.prefix[1:]+"/"+f.name, func(t *testing.T) {
					path := b.prefix + "/" + f.name
					show(t, gw.post(t, path, f.body), f.status, f.text, f.details, f.retryAfter)
					if lines := gw.Lines(t, levelOf(f.status), path); len(lines) != 1 {
						t.Errorf("got errors %q, want one", lines)
					}
				})
			}
			t.Run(b.prefix[1:]+"/misconfigured", func(t *testing.T) {
				show(t, gw.get(t, b.prefix+"/misconfigured"), 500, "lambda: bad configuration",
					`{"errorType":"InvalidConfiguration","errorMessage":"bad configuration"}`, "")
			})
			for _, name := range []string{"no.name", "arn:aws:lambda:us-east-1:123456789012:function:f"} {
				t.Run(b.prefix[1:]+"/refused/"+name, func(t *testing.T) {
					show(t, gw.get(t, b.prefix+"/refused/"+name), 404, "lambda: no such function",
						`{"errorType":"ResourceNotFoundException","errorMessage":"no such function"}`, "")
				})
			}
		}
	})
}

// Without return_error_msg, return_error_code changes nothing that a client sees: the
// status is the same without it.
func TestReturnErrorCodeWithoutReturnErrorMsg(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		gw := start(t, g, failingEndpoints(newFailing(t)), options{})

		for _, b := range errorBackends {
			for _, f := range b.failures() {
				t.Run(b.prefix[1:]+"/"+f.name, func(t *testing.T) {
					got := gw.post(t, b.prefix+"/"+f.name, f.body)
					checkError(t, got, f.status, "", "", f.retryAfter)
					checkNothingLeaks(t, got)
				})
			}
			checkError(t, gw.get(t, b.prefix+"/misconfigured"), 500, "", "", "")
			checkError(t, gw.get(t, b.prefix+"/refused/no.name"), 404, "", "", "")
		}
	})
}

// A timeout has no details, so return_error_code makes no difference to it.
func TestReturnErrorMsgOfADeadline(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"hangs": hangs})
		var endpoints []object
		var paths []string
		for _, b := range errorBackends {
			e := with(endpoint(b.prefix, lambdaBackend(fixed(api, "hangs"), b.with, at(b.prefix))), object{"timeout": "200ms"})
			if b.noOp {
				e["output_encoding"] = "no-op"
			}
			endpoints, paths = append(endpoints, e), append(paths, b.prefix)
		}
		gw := start(t, g, endpoints, options{Service: errorMsg})

		for path, got := range gw.getAtOnce(t, paths...) {
			t.Run(path[1:], func(t *testing.T) {
				checkError(t, got, http.StatusGatewayTimeout, "lambda: deadline exceeded", plainText, "")
				if lines := gw.Lines(t, "ERROR", path); len(lines) != 1 {
					t.Errorf("got errors %q, want one", lines)
				}
			})
		}
	})
}

// What becomes of an error in a merge is KrakenD's to say.
func TestReturnErrorMsgOfMerges(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		api := newFailing(t)
		api.Handle("good", replies(`{"good":true}`))
		good := lambdaBackend(fixed(api, "good"))
		throttled, coded := lambdaBackend(fixed(api, "throttled")), lambdaBackend(fixed(api, "throttled"), errorCode)
		gw := start(t, g, []object{
			endpoint("/partial", good, throttled),
			endpoint("/all", throttled, throttled),
			endpoint("/all-code", coded, coded),
			with(endpoint("/first", throttled, good), sequential),
			with(endpoint("/first-code", coded, good), sequential),
			with(endpoint("/second", good, throttled), sequential),
		}, options{Service: errorMsg})

		const (
			jsonAnswer = "application/json; charset=utf-8" // of KrakenD's renderer
			text       = "lambda: too many requests"
			details    = `{"errorType":"TooManyRequestsException","errorMessage":"too many requests"}`
		)
		checkError(t, gw.get(t, "/partial"), http.StatusOK, `{"good":true}`, jsonAnswer, "")
		checkError(t, gw.get(t, "/second"), http.StatusOK, `{"good":true}`, jsonAnswer, "")
		// The merge's error has the texts of its parts', and neither status nor headers.
		checkError(t, gw.get(t, "/all"), http.StatusInternalServerError, text+"\n"+text, plainText, "")
		checkError(t, gw.get(t, "/all-code"), http.StatusInternalServerError, details+"\n"+details, plainText, "")
		// The error of the first of a sequence is the endpoint's.
		checkError(t, gw.get(t, "/first"), http.StatusTooManyRequests, text, plainText, "7")
		checkError(t, gw.get(t, "/first-code"), http.StatusTooManyRequests, details, jsonText, "7")
	})
}

// A function's error and an HTTP backend's answer with the same status and body look
// the same to the client.
func TestReturnErrorCodeAsOfAnyOtherBackend(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": fails(plantedError("no such order"))})
		host := newHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, `{"errorType":"plantedError","errorMessage":"no such order"}`)
		})
		gw := start(t, g, []object{
			endpoint("/lambda", lambdaBackend(fixed(api, "f"), errorCode)),
			endpoint("/http", httpBackend(host, "/", errorCode)),
		}, options{Service: errorMsg})

		for _, path := range []string{"/http", "/lambda"} {
			checkError(t, gw.get(t, path), http.StatusBadGateway,
				`{"errorType":"plantedError","errorMessage":"no such order"}`, "application/json", "")
		}
	})
}

// A throttled client is told when to come back, where KrakenD's routers ask an error
// for headers.
func TestRetryAfter(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		backend := lambdaBackend(fixed(api, "f"))
		gw := start(t, g, []object{
			endpoint("/f", backend),
			with(endpoint("/no-op", lambdaBackend(fixed(api, "f"), object{"encoding": "no-op"})), object{"output_encoding": "no-op"}),
			with(endpoint("/first", backend, backend), sequential),
		}, options{})

		retryAfter := ""
		if g.sendsErrorHeaders {
			retryAfter = "7"
		}
		for _, path := range []string{"/f", "/no-op", "/first"} {
			api.Fail("f", lambdatest.Throttle(7), lambdatest.Throttle(0))
			checkError(t, gw.get(t, path), http.StatusTooManyRequests, "", "", retryAfter)
			checkError(t, gw.get(t, path), http.StatusTooManyRequests, "", "", "")
		}
	})
}
