package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// serviceFault is a failure that is tried again after 30 to 60 ms.
var serviceFault = lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "try again")

func TestMaxRetries(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		cases := []struct {
			name     string
			settings object
			calls    int
		}{
			{"0", object{"max_retries": 0}, 1},
			{"1", object{"max_retries": 1}, 2},
			{"2", object{"max_retries": 2}, 3},
			{"1.0", object{"max_retries": 1.0}, 2},
			{"-1 is the SDK's", object{"max_retries": -1}, g.sdkAttempts},
			{"none is the SDK's", object{}, g.sdkAttempts},
		}
		var endpoints []object
		for i, tc := range cases {
			settings := fixed(api, fmt.Sprint("f", i))
			delete(settings, "max_retries")
			endpoints = append(endpoints, endpoint(fmt.Sprint("/", i), lambdaBackend(with(settings, tc.settings), at(fmt.Sprint("/", i)))))
		}
		gw := start(t, g, endpoints, options{})
		api.Fail("*", serviceFault.Always())

		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				check(t, gw.get(t, fmt.Sprint("/", i)), http.StatusBadGateway, "")
				if calls := callsOf(api, fmt.Sprint("f", i)); len(calls) != tc.calls {
					t.Errorf("got %d calls, want %d", len(calls), tc.calls)
				}
				if errs := gw.Lines(t, "ERROR", fmt.Sprint("/", i)); len(errs) != 1 {
					t.Errorf("got errors %q, want one for all tries", errs)
				}
			})
		}
	})
}

func TestSuccessAtTheSecondTryIsASuccess(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{
			with(endpoint("/f", lambdaBackend(with(fixed(api, "f"), object{"max_retries": 1}), at("/f"))), object{"method": "POST"}),
		}, options{})
		api.Fail("f", serviceFault)

		got := gw.post(t, "/f", `{"n":1}`)
		check(t, got, http.StatusOK, `{"n":1}`)
		if got.completed() != "true" {
			t.Errorf("got X-Krakend-Completed %q, want true", got.completed())
		}
		calls := callsOf(api, "f")
		if len(calls) != 2 || string(calls[0].Payload) != string(calls[1].Payload) {
			t.Errorf("got calls %+v, want the same one twice", calls)
		}
		if errs := gw.Lines(t, "ERROR", "/f"); len(errs) != 0 {
			t.Errorf("got errors %q", errs)
		}
	})
}

var cuts = []struct {
	name  string
	point lambdatest.CutPoint
}{
	{"before the headers", lambdatest.BeforeHeaders},
	{"within the headers", lambdatest.WithinHeaders},
	{"after the headers", lambdatest.AfterHeaders},
	{"within the body", lambdatest.WithinBody},
}

func TestSuccessAfterACutConnection(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"done":true}`)})
		gw := start(t, g, []object{
			endpoint("/f", lambdaBackend(with(fixed(api, "f"), object{"max_retries": 1}))),
		}, options{})
		for _, cut := range cuts {
			t.Run(cut.name, func(t *testing.T) {
				api.Reset()
				api.Fail("f", lambdatest.Cut(cut.point))
				check(t, gw.get(t, "/f"), http.StatusOK, `{"done":true}`)
				if calls := callsOf(api, "f"); len(calls) != 2 {
					t.Errorf("got %d calls, want 2", len(calls))
				}
			})
		}
	})
}

// The gateway refreshes expired credentials once. This does not count as a retry, because the function
// has not been executed.
func TestExpiredCredentialsAreRefreshedOnce(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"done":true}`)})
		gw := start(t, g, []object{endpoint("/f", lambdaBackend(fixed(api, "f")))}, options{})
		expired := lambdatest.APIError(http.StatusForbidden, "ExpiredTokenException", "The security token included in the request is expired")

		api.Fail("f", expired)
		check(t, gw.get(t, "/f"), http.StatusOK, `{"done":true}`)
		if calls := callsOf(api, "f"); len(calls) != 2 {
			t.Errorf("expired once: got %d calls, want 2", len(calls))
		}

		api.Reset()
		api.Fail("f", expired.Always())
		check(t, gw.get(t, "/f"), http.StatusBadGateway, "")
		if calls := callsOf(api, "f"); len(calls) != 2 {
			t.Errorf("expired for good: got %d calls, want 2", len(calls))
		}
	})
}

// The wait would end long after the endpoint's timeout, so the client gets the
// last error at once, and not that timeout.
func TestRetryThatTheDeadlineHasNoRoomForIsNotWaitedFor(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		settings := fixed(api, "f")
		delete(settings, "max_retries")
		gw := start(t, g, []object{endpoint("/f", lambdaBackend(settings))}, options{})
		api.Fail("f", lambdatest.Throttle(3600).Always())

		check(t, gw.get(t, "/f"), http.StatusTooManyRequests, "")
		if calls := callsOf(api, "f"); len(calls) != 1 {
			t.Errorf("got %d calls, want 1", len(calls))
		}
	})
}

// A function's own errors are retried only if the operator configures it.
func TestRetriesOfFunctionErrors(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		var executions sync.Map
		flaky := func(name string, failures int) handler {
			n := new(atomic.Int32)
			executions.Store(name, n)
			return func(context.Context, []byte) ([]byte, error) {
				if n.Add(1) <= int32(failures) {
					return nil, plantedError(plantedMessage)
				}
				return []byte(`{"done":true}`), nil
			}
		}
		cases := []struct {
			name     string
			failures int
			settings object
			status   int
			calls    int
		}{
			{"once", 1, object{"retry_function_errors": true, "max_retries": 1}, http.StatusOK, 2},
			{"for-good", 100, object{"retry_function_errors": true, "max_retries": 2}, http.StatusBadGateway, 3},
			{"for-good-and-the-SDK-s-number", 100, object{"retry_function_errors": true, "max_retries": -1}, http.StatusBadGateway, g.sdkAttempts},
			{"no-retries", 1, object{"retry_function_errors": true, "max_retries": 0}, http.StatusBadGateway, 1},
			{"not-asked-for", 1, object{"max_retries": 1}, http.StatusBadGateway, 1},
			{"stream", 1, object{"retry_function_errors": true, "max_retries": 1, "stream": true}, http.StatusOK, 2},
		}
		api := newLambda(t, nil)
		var endpoints []object
		for _, tc := range cases {
			api.Handle(tc.name, flaky(tc.name, tc.failures))
			e := endpoint("/"+tc.name, lambdaBackend(with(fixed(api, tc.name), tc.settings), at("/"+tc.name)))
			if tc.settings["stream"] != nil {
				e = with(endpoint("/"+tc.name, lambdaBackend(with(fixed(api, tc.name), tc.settings), at("/"+tc.name), object{"encoding": "no-op"})), object{"output_encoding": "no-op"})
			}
			endpoints = append(endpoints, e)
		}
		gw := start(t, g, endpoints, options{})
		for _, tc := range cases {
			got := gw.get(t, "/"+tc.name)
			want := map[bool]string{true: `{"done":true}`}[tc.status == http.StatusOK]
			check(t, got, tc.status, want)
			n, _ := executions.Load(tc.name)
			if n := n.(*atomic.Int32).Load(); int(n) != tc.calls {
				t.Errorf("%s: got %d executions, want %d", tc.name, n, tc.calls)
			}
			if lines := gw.Lines(t, "ERROR", "/"+tc.name); len(lines) != map[bool]int{false: 1}[tc.status == http.StatusOK] {
				t.Errorf("%s: got %q", tc.name, lines)
			}
		}
	})
}
