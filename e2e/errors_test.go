package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// What the functions and the Invoke API of these tests say about themselves, and
// what no client may see of it.
const (
	plantedMessage = "planted: arn:aws:lambda:us-east-1:123456789012:function:inner is broken"
	plantedType    = "PlantedError"
)

type plantedError string

func (e plantedError) Error() string { return string(e) }

// secrets are never for a client, whatever the operator chooses to show.
var secrets = []string{"planted:", "arn:", "123456789012", "000000000000", accessKeyID, secretAccessKey, "goroutine", ".go", "stackTrace"}

// checkNothingLeaks is for answers that do not even say that there is a function.
func checkNothingLeaks(t *testing.T, got response) {
	t.Helper()
	checkHides(t, got, append([]string{"planted", "Planted", "function"}, secrets...)...)
}

func checkHides(t *testing.T, got response, hidden ...string) {
	t.Helper()
	for _, secret := range hidden {
		if strings.Contains(got.text(), secret) {
			t.Errorf("the client sees %q in\n%s", secret, got.text())
		}
	}
}

// checkLogged checks the one line that an error is worth. In the line that is wanted, FUNCTION stands
// for the function's name, and REQUEST for the id of AWS's last answer.
func checkLogged(t *testing.T, api *lambdaAPI, lines []string, function, line string) {
	t.Helper()
	calls := callsOf(api, function)
	if len(calls) == 0 {
		t.Fatalf("%s was not called", function)
	}
	want := strings.NewReplacer("FUNCTION", "function "+function, "REQUEST", "request id "+calls[len(calls)-1].RequestID).Replace(line)
	if len(lines) != 1 || lines[0] != want {
		t.Errorf("got errors %q, want %q", lines, want)
	}
}

// Every error that the Invoke API can answer with.
func TestErrorsOfTheInvokeAPI(t *testing.T) {
	cases := []struct {
		code   string
		answer int // the Invoke API's
		status int // the gateway's
		calls  int // with max_retries 1
	}{
		{"RequestTooLargeException", 413, 413, 1},
		{"InvalidRequestContentException", 400, 400, 1},
		{"UnsupportedMediaTypeException", 415, 415, 1},
		{"TooManyRequestsException", 429, 429, 2},
		{"ThrottlingException", 400, 429, 2},
		{"ResourceNotFoundException", 404, 502, 1},

		{"AccessDeniedException", 403, 502, 1},
		{"UnrecognizedClientException", 403, 502, 1},
		{"InvalidSignatureException", 403, 502, 1},
		{"IncompleteSignatureException", 403, 502, 1},
		{"MissingAuthenticationTokenException", 403, 502, 1},

		{"ServiceException", 500, 502, 2},
		{"InternalFailure", 500, 502, 2},
		{"ServiceUnavailable", 503, 502, 2},
		{"Unknown", 504, 502, 2},
		{"EC2UnexpectedException", 502, 502, 2},

		{"EFSIOException", 410, 503, 1},
		{"EFSMountConnectivityException", 408, 503, 1},
		{"EFSMountFailureException", 403, 503, 1},
		{"EFSMountTimeoutException", 408, 503, 1},
		{"SnapStartException", 400, 502, 1},
		{"SnapStartTimeoutException", 408, 503, 1},
		{"RecursiveInvocationException", 400, 502, 1},
		{"InvalidParameterValueException", 400, 502, 1},
		{"ValidationException", 400, 502, 1},
		{"MovedElsewhere", 307, 502, 1},

		// These will not heal, although they come as a 502.
		{"EC2AccessDeniedException", 502, 502, 1},
		{"InvalidRuntimeException", 502, 502, 1},
		{"InvalidSecurityGroupIDException", 502, 502, 1},
		{"InvalidSubnetIDException", 502, 502, 1},
		{"InvalidZipFileException", 502, 502, 1},
		{"KMSAccessDeniedException", 502, 502, 1},
		{"KMSDisabledException", 502, 502, 1},
		{"KMSInvalidStateException", 502, 502, 1},
		{"KMSNotFoundException", 502, 502, 1},

		{"EC2ThrottledException", 502, 503, 2},
		{"ENILimitReachedException", 502, 503, 1},
		{"SubnetIPAddressLimitReachedException", 502, 503, 1},
		{"ResourceNotReadyException", 502, 503, 2},
		{"SnapStartNotReadyException", 409, 503, 2},
		{"ResourceConflictException", 409, 503, 1},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		var endpoints []object
		for _, tc := range cases {
			settings := with(fixed(api, tc.code), object{"max_retries": 1})
			endpoints = append(endpoints,
				endpoint("/"+tc.code, lambdaBackend(settings, at("/"+tc.code))))
			api.Fail(tc.code, lambdatest.APIError(tc.answer, tc.code, plantedMessage).Always())
		}
		gw := start(t, g, endpoints, options{})

		for _, tc := range cases {
			t.Run(tc.code, func(t *testing.T) {
				t.Parallel() // throttled calls wait for half a second or more
				got := gw.get(t, "/"+tc.code)
				check(t, got, tc.status, "")
				checkNothingLeaks(t, got)
				if calls := callsOf(api, tc.code); len(calls) != tc.calls {
					t.Errorf("got %d calls, want %d", len(calls), tc.calls)
				}
				lines := gw.Lines(t, levelOf(tc.status), "/"+tc.code)
				if slices.Contains([]string{"InvalidRequestContentException", "InvalidSignatureException", "IncompleteSignatureException"}, tc.code) {
					// Messages that quote the request: TestLogHasNoPayloadThatAWSQuotes.
					if len(lines) != 1 || !strings.HasPrefix(lines[0], "invocation failed: function "+tc.code+", code "+tc.code) || strings.Contains(lines[0], "planted") {
						t.Errorf("got errors %q", lines)
					}
					return
				}
				attempts := ""
				if tc.calls > 1 {
					attempts = fmt.Sprint(", ", tc.calls, " attempts")
				}
				checkLogged(t, api, lines, tc.code, fmt.Sprintf("invocation failed: FUNCTION, code %s (%d), REQUEST%s: %s", tc.code, tc.answer, attempts, quoted(plantedMessage)))
			})
		}
	})
}

func TestErrorsOfFunctions(t *testing.T) {
	broken := func(context.Context, json.RawMessage) (string, error) {
		panic(plantedError(plantedMessage)) // the runtime reports it with the stack
	}
	cases := []struct {
		name     string
		function any
		backend  object
		detail   string
	}{
		{"error", fails(plantedError(plantedMessage)), nil, "the function failed: FUNCTION, code plantedError, REQUEST: " + quoted(plantedMessage)},
		{"broken", broken, nil, "the function failed: FUNCTION, code plantedError, REQUEST: " + quoted(plantedMessage)},
		{"error-in-no-op", fails(plantedError(plantedMessage)), object{"encoding": "no-op"}, "the function failed: FUNCTION, code plantedError, REQUEST: " + quoted(plantedMessage)},
		{"error-as-string", fails(plantedError(plantedMessage)), object{"encoding": "string"}, "the function failed: FUNCTION, code plantedError, REQUEST: " + quoted(plantedMessage)},
		{"long-error", fails(plantedError(strings.Repeat("x", 10<<10))), nil, "the function failed: FUNCTION, code plantedError, REQUEST: " + quoted(strings.Repeat("x", 1<<10-len("…"))+"…")},
		{"error-of-two-lines", fails(plantedError("one\ntwo")), nil, "the function failed: FUNCTION, code plantedError, REQUEST: 'one two'"},

		{"list-for-an-object", replies(`["planted"]`), nil, `the reply cannot be decoded: FUNCTION, REQUEST: it is a list, not an object, so the backend needs is_collection`},
		{"text-for-an-object", replies(`"planted"`), nil, `the reply cannot be decoded: FUNCTION, REQUEST: it is a string, not an object`},
		{"object-for-a-collection", replies(`{"planted":1}`), object{"is_collection": true}, `the reply cannot be decoded: FUNCTION, REQUEST: it is an object, not a list`},
		{"no-JSON", replies(`<planted/>`), nil, `the reply cannot be decoded: FUNCTION, REQUEST: it is not JSON: 'invalid character '<' looking for beginning of value'`},
		{"half-of-JSON", replies(`{"planted":`), object{"encoding": "safejson"}, `the reply cannot be decoded: FUNCTION, REQUEST: 'unexpected EOF'`},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		var endpoints []object
		for _, tc := range cases {
			api.Handle(tc.name, tc.function)
			// What has been executed is not executed again.
			settings := with(fixed(api, tc.name), object{"max_retries": 3})
			e := endpoint("/"+tc.name, lambdaBackend(settings, tc.backend, at("/"+tc.name)))
			if tc.backend["encoding"] == "no-op" {
				e["output_encoding"] = "no-op"
			}
			endpoints = append(endpoints, e)
		}
		gw := start(t, g, endpoints, options{})

		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				got := gw.get(t, "/"+tc.name)
				check(t, got, http.StatusBadGateway, "")
				checkNothingLeaks(t, got)
				onlyCall(t, api, tc.name)
				checkLogged(t, api, gw.Lines(t, "ERROR", "/"+tc.name), tc.name, tc.detail)
			})
		}
	})
}

// lambdatest's functions fail as the Go runtime's do, which are all Unhandled. Other
// runtimes report Handled errors, and errors without a type.
func TestErrorsOfOtherRuntimes(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		replies := map[string][2]string{
			"handled":  {"Handled", `{"errorType":"PlantedError","errorMessage":"planted","trace":["planted.js:1"]}`},
			"untyped":  {"Unhandled", `{"errorMessage":"planted"}`},
			"no-json":  {"Unhandled", `planted`},
			"no-error": {"Handled", `{"a":1}`},
			"nothing":  {"Unhandled", ``},
		}
		stub := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/invocations")
			w.Header().Set("X-Amz-Function-Error", replies[name][0])
			io.WriteString(w, replies[name][1])
		})
		gw := start(t, g, []object{endpoint("/f/{lambda}", lambdaBackend(object{
			"function_param_name": "Lambda", "function_name_case": "verbatim", "region": "us-east-1", "endpoint": stub,
		}, at("/f")))}, options{})

		for name, reply := range replies {
			got := gw.get(t, "/f/"+name)
			check(t, got, http.StatusBadGateway, "")
			checkNothingLeaks(t, got)
			lines := gw.Lines(t, "ERROR", "/f")
			code := reply[0]
			if name == "handled" {
				code = "PlantedError"
			}
			if want := fmt.Sprintf("the function failed: function %s, code %s", name, code); !strings.HasPrefix(lines[len(lines)-1], want) {
				t.Errorf("%s: got %q, want %q", name, lines[len(lines)-1], want)
			}
		}
		if lines := gw.Lines(t, "ERROR", "/f"); len(lines) != len(replies) {
			t.Errorf("got %d errors, want %d", len(lines), len(replies))
		}
	})
}

func TestFunctionThatDoesNotExist(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		gw := start(t, g, []object{
			endpoint("/fixed", lambdaBackend(fixed(api, "absent"), at("/fixed"))),
			endpoint("/named/{lambda}", lambdaBackend(fromPath(api), at("/named"))),
		}, options{})

		// A name that the operator has written is not the client's mistake.
		got := gw.get(t, "/fixed")
		check(t, got, http.StatusBadGateway, "")
		checkNothingLeaks(t, got)
		checkLogged(t, api, gw.Lines(t, "ERROR", "/fixed"), "absent",
			`invocation failed: FUNCTION, code ResourceNotFoundException (404), REQUEST: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent'`)

		got = gw.get(t, "/named/absent")
		check(t, got, http.StatusNotFound, "")
		checkNothingLeaks(t, got)
		checkLogged(t, api, gw.Lines(t, "INFO", "/named"), "Absent",
			`invocation failed: FUNCTION, code ResourceNotFoundException (404), REQUEST: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:Absent'; the gateway put the first letter of the name into upper case: to keep the name as it is, set function_name_case to 'verbatim'`)
	})
}

func TestBodyThatIsNotJSON(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{
			with(endpoint("/f", lambdaBackend(with(fixed(api, "f"), object{"max_retries": 1}), at("/f"))), object{"method": "POST"}),
		}, options{})
		for _, body := range []string{"no JSON", "{", " ", `{"a":1}{"b":2}`, "a=1&b=2", "\x00"} {
			t.Run(body, func(t *testing.T) {
				api.Reset()
				before := len(gw.Lines(t, "INFO", "/f"))
				got := gw.post(t, "/f", body)
				check(t, got, http.StatusBadRequest, "")
				checkNothingLeaks(t, got)
				if call := onlyCall(t, api, "f"); call.Executed || string(call.Payload) != body {
					t.Errorf("got call %+v, want one with the body, not executed", call)
				}
				lines := gw.Lines(t, "INFO", "/f")[before:]
				if len(lines) != 1 || !strings.HasPrefix(lines[0], "invocation failed: function f, code InvalidRequestContentException (400), ") {
					t.Errorf("got errors %q", lines)
				}
			})
		}
	})
}

func TestConnectionsThatFail(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		closed.Close()
		endpoints := []object{
			endpoint("/refused", lambdaBackend(object{
				"function_name": "f", "region": "us-east-1", "endpoint": "http://" + closed.Addr().String(), "max_retries": 1,
			}, at("/refused"))),
			endpoint("/no-host", lambdaBackend(object{
				"function_name": "f", "region": "us-east-1", "endpoint": "http://lambda.invalid", "max_retries": 0,
			}, at("/no-host"))),
		}
		for i, cut := range cuts {
			name := fmt.Sprint("cut", i)
			api.Handle(name, replies(`{"planted":true}`))
			api.Fail(name, lambdatest.Cut(cut.point).Always())
			endpoints = append(endpoints, endpoint("/"+name, lambdaBackend(with(fixed(api, name), object{"max_retries": 1}), at("/"+name))))
		}
		gw := start(t, g, endpoints, options{})

		for i, cut := range cuts {
			t.Run(cut.name, func(t *testing.T) {
				name := fmt.Sprint("cut", i)
				got := gw.get(t, "/"+name)
				check(t, got, http.StatusBadGateway, "")
				checkNothingLeaks(t, got)
				if calls := callsOf(api, name); len(calls) != 2 {
					t.Errorf("got %d calls, want 2", len(calls))
				}
				lines := gw.Lines(t, "ERROR", "/"+name)
				if len(lines) != 1 || !strings.HasPrefix(lines[0], "invocation failed: function "+name+", code RequestError, ") {
					t.Errorf("got errors %q", lines)
				}
			})
		}
		for _, path := range []string{"/refused", "/no-host"} {
			t.Run(path[1:], func(t *testing.T) {
				got := gw.get(t, path)
				check(t, got, http.StatusBadGateway, "")
				checkNothingLeaks(t, got)
				lines := gw.Lines(t, "ERROR", path)
				if len(lines) != 1 || !strings.HasPrefix(lines[0], "invocation failed: function f, code RequestError") {
					t.Errorf("got errors %q", lines)
				}
			})
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		elsewhere := newForbidden(t)
		stub := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
		})
		gw := start(t, g, []object{endpoint("/f", lambdaBackend(object{
			"function_name": "f", "region": "us-east-1", "endpoint": stub, "max_retries": 0,
		}, at("/f")))}, options{})

		check(t, gw.get(t, "/f"), http.StatusBadGateway, "")
		if errs := gw.Lines(t, "ERROR", "/f"); len(errs) != 1 {
			t.Errorf("got errors %q, want one", errs)
		}
	})
}

func TestDeadline(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"hangs": hangs, "hangs-no-op": hangs, "hangs-details": hangs, "delayed": echo})
		api.Fail("delayed", lambdatest.Delay(time.Hour))
		late := object{"timeout": "1s"} // long enough for a call to arrive
		gw := start(t, g, []object{
			with(endpoint("/hangs", lambdaBackend(with(fixed(api, "hangs"), object{"max_retries": 3}), at("/hangs"))), late),
			with(endpoint("/hangs-no-op", lambdaBackend(fixed(api, "hangs-no-op"), at("/hangs-no-op"), object{"encoding": "no-op"})), late, object{"output_encoding": "no-op"}),
			with(endpoint("/delayed", lambdaBackend(fixed(api, "delayed"), at("/delayed"))), late),
			// As with HTTP backends, a timeout has no reply and so no details.
			with(endpoint("/hangs-details", lambdaBackend(fixed(api, "hangs-details"), at("/hangs-details"), detailsAsX)), late),
		}, options{})

		for path, got := range gw.getAtOnce(t, "/hangs", "/hangs-no-op", "/hangs-details", "/delayed") {
			name := path[1:]
			t.Run(name, func(t *testing.T) {
				check(t, got, http.StatusGatewayTimeout, "")
				checkNothingLeaks(t, got)
				onlyCall(t, api, name)
				lines := gw.Lines(t, "ERROR", "/"+name)
				want := "the deadline passed before the function answered: function " + name
				if len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
					t.Errorf("got errors %q, want %q", lines, want)
				}
			})
		}
	})
}
