package e2e

import (
	"fmt"
	"net/http"
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
			{"-1 is the SDK's", object{"max_retries": -1}, 4},
			{"none is the SDK's", object{}, 4},
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
				if errs := gw.lines(t, "ERROR", fmt.Sprint("/", i)); len(errs) != 1 {
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
		if errs := gw.lines(t, "ERROR", "/f"); len(errs) != 0 {
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

// Expired credentials are refreshed once. Nothing has been executed by then, so
// that is no retry.
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
