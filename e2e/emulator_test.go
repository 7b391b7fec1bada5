//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// emulatorFunction is the name of every function in AWS's emulator.
const emulatorFunction = "function"

// AWS's own emulator of Lambda, which is in its base images, with a function on aws-lambda-go.
// docs/local-development.md says where it differs from Lambda, and so do the cases here. No two
// calls are made at once: the emulator has a data race then.
func TestEmulator(t *testing.T) {
	checkGo(t)
	t.Cleanup(func() {
		if dir, _ := buildEmulator(); dir != "" {
			os.RemoveAll(dir)
		}
	})
	eachGateway(t, func(t *testing.T, g gateway) {
		gw := start(t, g, emulatorEndpoints(newEmulator(t, 300), newEmulator(t, 1)), options{})
		for _, tc := range emulatorCases {
			t.Run(tc.name, func(t *testing.T) {
				pattern := "/" + strings.Split(tc.path, "/")[1]
				before := len(gw.Lines(t, "ERROR", pattern))
				got := gw.do(t, http.MethodPost, tc.path, http.Header{"Content-Type": {"application/json"}}, strings.NewReader(tc.payload))
				check(t, got, tc.status, tc.want)
				logged := requestID.ReplaceAllString(strings.Join(gw.Lines(t, "ERROR", pattern)[before:], "\n"), "ID")
				if logged != tc.logged {
					t.Errorf("got  %s\nwant %s", logged, tc.logged)
				}
			})
		}
		t.Run("client context", func(t *testing.T) {
			got := gw.do(t, http.MethodPost, "/context", http.Header{"X-Tea": {"oolong"}}, strings.NewReader(`{}`))
			if got.status != http.StatusOK || !strings.Contains(got.body, `"X-Tea":"oolong"`) {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
		t.Run("HTTP response", func(t *testing.T) {
			for _, path := range []string{"/http", "/rest", "/v2"} {
				got := gw.post(t, path, `{"do":"http"}`)
				check(t, got, http.StatusAccepted, "brewed")
				if got.header.Get("X-Tea") != "oolong" || got.header.Get("Set-Cookie") != "a=1" || got.header.Get("Content-Type") != "text/plain" {
					t.Errorf("%s: got the headers %v", path, got.header)
				}
			}
		})
		t.Run("reply of 5 MB", func(t *testing.T) {
			const size = 5 << 20
			for _, path := range []string{"/f", "/no-op"} {
				got := gw.post(t, path, fmt.Sprintf(`{"do":"large","size":%d}`, size))
				if got.status != http.StatusOK || got.body != `{"large":"`+strings.Repeat("x", size)+`"}` {
					t.Errorf("%s: got %d, %d bytes", path, got.status, len(got.body))
				}
			}
		})
	})
}

// emulatorEndpoints are one endpoint for each of what a backend may ask for. The function behind
// hasty has a timeout of one second.
func emulatorEndpoints(emulator, hasty string) []object {
	settings := object{"function_name": emulatorFunction, "region": "us-east-1", "endpoint": emulator, "max_retries": 0}
	post := object{"method": http.MethodPost}
	backend := func(path string, more ...object) object {
		return with(endpoint(path, lambdaBackend(with(settings, more...), at(path))), post)
	}
	noOpBackend := func(path string, more ...object) object {
		return with(noOpEndpoint(path, with(settings, more...)), post)
	}
	return []object{
		backend("/f"),
		noOpBackend("/no-op"),
		with(backend("/context", object{"client_context": true}), object{"headers_to_pass": list{"X-Tea"}}),
		backend("/event", object{"invocation_type": "Event"}),
		backend("/dry-run", object{"invocation_type": "DryRun"}),
		backend("/log-tail", object{"log_tail": true}),
		backend("/qualifier", object{"qualifier": "live"}),
		backend("/tenant", object{"tenant_id": "blue"}),
		with(backend("/durable", object{"qualifier": "live", "durable_execution_name": "{input_headers.Content-Type}"}), object{"headers_to_pass": list{"Content-Type"}}),
		with(endpoint("/call/{lambda}", lambdaBackend(object{
			"function_param_name": "Lambda", "function_name_case": "verbatim", "region": "us-east-1", "endpoint": emulator, "max_retries": 0,
		}, at("/call"))), post),
		backend("/other", object{"function_name": "orders"}),
		noOpBackend("/stream", object{"stream": true}),
		noOpBackend("/http", object{"response_format": "proxy"}),
		noOpBackend("/rest", object{"payload_format": "1.0"}),
		noOpBackend("/v2", object{"payload_format": "2.0"}),
		backend("/hasty", object{"endpoint": hasty}),
		noOpBackend("/hasty-no-op", object{"endpoint": hasty}),
	}
}

// requestID matches the request ids of the emulator's own.
var requestID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

var emulatorCases = []struct {
	name, path, payload string
	status              int
	want                string
	logged              string // the ERROR line; empty for none
}{
	{"payload", "/f", `{"id":9007199254740993}`, 200, `{"event":{"id":9007199254740993}}`, ""},
	{"payload that is a list", "/f", `[1, 2]`, 200, `{"event":[1,2]}`, ""},
	{"null", "/f", `{"do":"null"}`, 200, `{}`, ""},
	{"null, no-op", "/no-op", `{"do":"null"}`, 200, `null`, ""},
	{"Event", "/event", `{}`, 200, `{}`, ""},
	{"reply that is not an object", "/f", `{"do":"number"}`, 502, "", `the reply cannot be decoded: function function: it is a number, not an object`},

	{"tenant", "/tenant", `{}`, 200, `{"event":{},"tenant":"blue"}`, ""},

	// From here on it differs from Lambda.
	{"function's error", "/f", `{"do":"fail"}`, 200, `{"errorMessage":"no pear left","errorType":"errorString"}`, ""},
	{"function's error, response_format proxy", "/http", `{"do":"fail"}`, 200, `{"errorMessage":"no pear left","errorType":"errorString"}`, ""},
	{"function's error, payload_format 1.0", "/rest", `{"do":"fail"}`, 502, "",
		`the reply cannot be decoded: function function: 'statusCode: missing; with errorType and errorMessage, the reply looks like a function's error'`},
	{"function's error, Event", "/event", `{"do":"fail"}`, 200, `{}`, ""},
	{"panic", "/f", `{"do":"panic"}`, 502, "", `invocation failed: function function, no error code (502): 'no pear left'`},
	{"panic, Event", "/event", `{"do":"panic"}`, 502, "", `invocation failed: function function, no error code (502): 'no pear left'`},
	{"after a panic", "/f", `{}`, 200, `{"event":{}}`, ""},
	{"exit", "/f", `{"do":"exit"}`, 502, "", `invocation failed: function function, no error code (502): 'RequestId: ID Error: Runtime exited with error: exit status 3'`},
	{"after an exit", "/f", `{}`, 200, `{"event":{}}`, ""},
	{"timeout", "/hasty", `{"do":"hang"}`, 502, "", `the reply cannot be decoded: function function: it is not JSON but a message of AWS's emulator: 'Task timed out after 1.00 seconds'`},
	{"after a timeout", "/hasty", `{"do":"null"}`, 200, `{}`, ""},
	{"timeout, no-op", "/hasty-no-op", `{"do":"hang"}`, 200, "Task timed out after 1.00 seconds", ""},
	{"payload that is not JSON", "/f", `{"id":`, 200, `{"errorMessage":"unexpected EOF","errorType":"errorString"}`, ""},
	{"reply over 6 MB", "/f", `{"do":"large","size":7000000}`, 502, "",
		`invocation failed: function function, no error code (502): 'Response payload size exceeded maximum allowed payload size (6291556 bytes).'`},
	{"another function", "/other", `{}`, 502, "", `invocation failed: function orders, no error code (404): '404 page not found'`},
	{"another function, of the URL", "/call/orders", `{}`, 502, "", `invocation failed: function orders, no error code (404): '404 page not found'`},
	{"stream", "/stream", `{}`, 502, "", `invocation failed: function function, no error code (404): '404 page not found'`},
	{"qualifier", "/qualifier", `{}`, 200, `{"event":{}}`, ""},
	{"durable execution", "/durable", `{"do":"count"}`, 200, `{"count":1}`, ""},
	{"durable execution of the same name", "/durable", `{"do":"count"}`, 200, `{"count":2}`, ""},
	{"DryRun executes", "/dry-run", `{"do":"panic"}`, 502, "", `invocation failed: function function, no error code (502): 'no pear left'`},
	{"log_tail", "/log-tail", `{}`, 200, `{"event":{}}`, ""},
}
