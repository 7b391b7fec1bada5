package components

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	krakendrate "github.com/devopsfaith/krakend-ratelimit"
	"github.com/sony/gobreaker"
)

const arn = "arn:aws:lambda:us-west-2:123456789012:function:f"

func failing() (any, error) { return nil, errors.New("out of stock") }

// errorCases are the errors of a Lambda backend, by what causes them.
var errorCases = []struct {
	name   string
	path   string // empty for /fixed
	fault  lambdatest.Fault
	status int
	calls  int
}{
	{name: "the function's error", path: "/failing", status: http.StatusBadGateway, calls: 1},
	{name: "a reply that does not decode", path: "/list", status: http.StatusBadGateway, calls: 1},
	{name: "a 5xx of Lambda", fault: lambdatest.APIError(500, "ServiceException", ""), status: http.StatusBadGateway, calls: 1},
	{name: "a cut connection", fault: lambdatest.Cut(lambdatest.BeforeHeaders), status: http.StatusBadGateway, calls: 1},
	{name: "access denied", fault: lambdatest.APIError(403, "AccessDeniedException", ""), status: http.StatusBadGateway, calls: 1},
	{name: "not ready", fault: lambdatest.APIError(502, "ResourceNotReadyException", ""), status: http.StatusServiceUnavailable, calls: 1},
	{name: "throttled", fault: lambdatest.Throttle(3), status: http.StatusTooManyRequests, calls: 1},
	{name: "timeout", path: "/short", fault: lambdatest.Delay(time.Hour), status: http.StatusGatewayTimeout, calls: 1},
	{name: "a refused name", path: "/named/" + arn, status: http.StatusNotFound},
	{name: "a function that does not exist", path: "/named/missing", status: http.StatusNotFound, calls: 1},
	{name: "bad configuration", path: "/bad", status: http.StatusInternalServerError},
}

// startWithErrors makes a gateway with an endpoint for each of errorCases.
func startWithErrors(t *testing.T, components ...object) *gateway {
	short := endpoint("/short", fixed("f", components...))
	short["timeout"] = "150ms"
	return start(t, map[string]any{
		"f":       ok,
		"failing": failing,
		"list":    func() ([]int, error) { return []int{1}, nil },
	},
		endpoint("/fixed", fixed("f", components...)),
		endpoint("/failing", fixed("failing", components...)),
		endpoint("/list", fixed("list", components...)),
		short,
		endpoint("/named/{lambda}", named("Lambda", components...)),
		endpoint("/bad", extraConfig(object{"function_name": "f", "max_retries": "x"}, components)),
	)
}

// The breaker counts every error of a Lambda backend as a failure, even a client's mistake. It tolerates
// maxErrors failures in a row, and opens with the next.
func TestErrorsOpenTheBreaker(t *testing.T) {
	for maxErrors := 1; maxErrors <= 3; maxErrors++ {
		g := startWithErrors(t, breaker(maxErrors))
		for _, tc := range errorCases {
			t.Run(fmt.Sprint(tc.name, ", maxErrors ", maxErrors), func(t *testing.T) {
				g := g
				if tc.path == "" || strings.HasPrefix(tc.path, "/named") { // endpoints of several cases
					g = startWithErrors(t, breaker(maxErrors))
				}
				path := tc.path
				if path == "" {
					path = "/fixed"
				}
				g.Fail("*", slices.Repeat([]lambdatest.Fault{tc.fault}, maxErrors+2)...)
				defer g.Reset()

				for i := range maxErrors + 1 {
					if got := g.get(t, path); got.status != tc.status || got.calls != tc.calls || statusOf(got.fromPipe) != tc.status {
						t.Fatalf("request %d: got %+v, want a %d after %d calls", i+1, got, tc.status, tc.calls)
					}
				}
				got := g.get(t, path)
				if got.status != http.StatusInternalServerError || got.fromPipe != gobreaker.ErrOpenState || got.calls != 0 {
					t.Errorf("request %d: got %+v, want a 500 of the open breaker and no call", maxErrors+2, got)
				}
			})
		}
	}
}

// After a success, the breaker counts from zero.
func TestBreakerCountsFailuresInARow(t *testing.T) {
	g := start(t, map[string]any{"f": ok}, endpoint("/x", fixed("f", breaker(1))))
	down := lambdatest.APIError(500, "ServiceException", "")
	g.Fail("f", down, lambdatest.Fault{}, down, lambdatest.Fault{}, down, down)

	var got []int
	for range 7 {
		got = append(got, g.get(t, "/x").status)
	}
	if want := []int{502, 200, 502, 200, 502, 502, 500}; !slices.Equal(got, want) {
		t.Errorf("got statuses %v, want %v", got, want)
	}
	if n := len(g.Calls()); n != 6 {
		t.Errorf("got %d calls, want 6", n)
	}
}

// The breaker counts all retries of one request as one failure.
func TestBreakerCountsRequestsNotExecutions(t *testing.T) {
	g := start(t, map[string]any{"f": ok}, endpoint("/x", extraConfig(
		object{"function_name": "f", "max_retries": 2}, []object{breaker(1)})))
	g.Fail("f", lambdatest.APIError(500, "ServiceException", "").Always())

	for i, want := range []struct{ status, calls int }{{502, 3}, {502, 3}, {500, 0}} {
		if got := g.get(t, "/x"); got.status != want.status || got.calls != want.calls {
			t.Errorf("request %d: got %+v, want %+v", i+1, got, want)
		}
	}
}

// If a placeholder names the function, all functions share one breaker: a client that
// requests functions that do not exist also blocks those that do.
func TestClientOpensTheBreakerForEveryone(t *testing.T) {
	for name, path := range map[string]string{"refused": "/call/" + arn, "missing": "/call/missing"} {
		t.Run(name, func(t *testing.T) {
			g := start(t, map[string]any{"Orders": ok}, endpoint("/call/{lambda}", named("Lambda", breaker(1))))
			if got := g.get(t, "/call/orders"); got.status != http.StatusOK {
				t.Fatalf("before: got %+v, want a 200", got)
			}
			for range 2 {
				g.get(t, path)
			}
			if got := g.getFrom(t, "192.0.2.2", "/call/orders"); got.fromPipe != gobreaker.ErrOpenState {
				t.Errorf("after: got %+v, want the open breaker", got)
			}
		})
	}
}

// These configurations keep requests for unknown functions from opening the breaker for others.
func TestProtectionsFromNamesThatDoNotExist(t *testing.T) {
	functions := map[string]any{"Orders": ok, "orders": ok, "users": failing}
	checked := endpoint("/call/{lambda}", named("Lambda", breaker(1)))
	checked["extra_config"] = conditions("req_params.Lambda in ['orders', 'users']")
	for _, tc := range []struct {
		name      string
		endpoints []object
		status    int // for a function that does not exist
		calls     int // for each such request
	}{
		{
			"no breaker on the backend",
			[]object{endpoint("/call/{lambda}", named("Lambda"))},
			http.StatusNotFound, 1,
		},
		{
			"an endpoint for each function",
			[]object{
				endpoint("/call/orders", fixed("orders", breaker(1))),
				endpoint("/call/users", fixed("users", breaker(1))),
			},
			http.StatusNotFound, 0,
		},
		{
			"a CEL condition on the endpoint",
			[]object{checked},
			http.StatusInternalServerError, 0,
		},
		{
			"return_error_details",
			[]object{endpoint("/call/{lambda}", named("Lambda", breaker(1), details))},
			http.StatusOK, 1,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, functions, tc.endpoints...)
			for range 5 {
				if got := g.get(t, "/call/missing"); got.status != tc.status || got.calls != tc.calls {
					t.Fatalf("got %+v, want a %d after %d calls", got, tc.status, tc.calls)
				}
			}
			if got := g.get(t, "/call/orders"); got.status != http.StatusOK {
				t.Errorf("got %+v, want a 200", got)
			}
		})
	}

	// A function that fails opens only its own breaker.
	g := start(t, functions,
		endpoint("/call/orders", fixed("orders", breaker(1))),
		endpoint("/call/users", fixed("users", breaker(1))))
	for _, want := range []int{502, 502, 500} {
		if got := g.get(t, "/call/users"); got.status != want {
			t.Errorf("got %+v, want a %d", got, want)
		}
	}
	if got := g.get(t, "/call/orders"); got.status != http.StatusOK {
		t.Errorf("got %+v, want a 200", got)
	}
}

// The same condition on the backend is inside the breaker and does not protect.
func TestConditionOnTheBackendDoesNotProtect(t *testing.T) {
	g := start(t, map[string]any{"Orders": ok}, endpoint("/call/{lambda}",
		named("Lambda", breaker(1), conditions("req_params.Lambda in ['orders']"))))
	for range 2 {
		if got := g.get(t, "/call/missing"); got.calls != 0 {
			t.Fatalf("got %+v, want no call", got)
		}
	}
	if got := g.get(t, "/call/orders"); got.fromPipe != gobreaker.ErrOpenState {
		t.Errorf("got %+v, want the open breaker", got)
	}
}

// A rate limit for each client on the endpoint is outside the breaker, so requests that it refuses do
// not count for the breaker. But it only slows a client down: the requests that it lets through
// count.
func TestRateLimitOnTheEndpoint(t *testing.T) {
	e := endpoint("/call/{lambda}", named("Lambda", breaker(1)))
	e["extra_config"] = object{endpointRateNamespace: object{"strategy": "ip", "clientMaxRate": 1}}
	g := start(t, map[string]any{"Orders": ok}, e)

	passed, refused := 0, 0
	for range 10 { // each second adds a token
		got := g.get(t, "/call/missing")
		switch {
		case got.status != http.StatusTooManyRequests:
			passed++
		case got.fromPipe != nil || got.calls != 0:
			t.Fatalf("got %+v, want a refusal before the pipe", got)
		default:
			refused++
		}
	}
	if passed == 0 || refused == 0 {
		t.Fatalf("%d requests passed and %d were refused, want some of each", passed, refused)
	}
	got := g.getFrom(t, "192.0.2.2", "/call/orders")
	if open := got.fromPipe == gobreaker.ErrOpenState; open != (passed > 1) || !open && got.status != http.StatusOK {
		t.Errorf("another client, after %d failures: got %+v", passed, got)
	}
}

// With return_error_details the backend returns a response and no error, so the breaker counts a
// success: it never opens, and every request calls the failing function. A timeout is still an
// error.
func TestReturnErrorDetailsHidesFailuresFromTheBreaker(t *testing.T) {
	g := startWithErrors(t, breaker(1), details)
	for _, tc := range errorCases {
		t.Run(tc.name, func(t *testing.T) {
			path := tc.path
			if path == "" {
				path = "/fixed"
			}
			g.Fail("*", slices.Repeat([]lambdatest.Fault{tc.fault}, 4)...)
			defer g.Reset()
			for i := range 4 {
				got := g.get(t, path)
				switch {
				case tc.status != http.StatusGatewayTimeout:
					if got.status != http.StatusOK || got.fromPipe != nil || got.calls != tc.calls || !strings.Contains(got.body, fmt.Sprintf(`"http_status_code":%d`, tc.status)) {
						t.Errorf("request %d: got %+v, want the details of a %d after %d calls", i+1, got, tc.status, tc.calls)
					}
				case i < 2:
					if got.status != http.StatusGatewayTimeout {
						t.Errorf("request %d: got %+v, want a 504", i+1, got)
					}
				default:
					if got.fromPipe != gobreaker.ErrOpenState {
						t.Errorf("request %d: got %+v, want the open breaker", i+1, got)
					}
				}
			}
		})
	}
}

// A failure that return_error_details shows counts as a success, so it resets the count of timeouts.
func TestShownFailuresResetTheBreaker(t *testing.T) {
	e := endpoint("/x", fixed("f", breaker(1), details))
	e["timeout"] = "300ms"
	g := start(t, map[string]any{"f": ok}, e)
	slow, down := lambdatest.Delay(time.Hour), lambdatest.APIError(500, "ServiceException", "")
	g.Fail("f", slow, down, slow, down, slow, slow)

	var got []int
	for range 7 {
		got = append(got, g.get(t, "/x").status)
	}
	if want := []int{504, 200, 504, 200, 504, 504, 500}; !slices.Equal(got, want) {
		t.Errorf("got statuses %v, want %v", got, want)
	}
}

// The breaker also counts requests that components inside it refuse.
func TestRefusalsInsideTheBreakerOpenIt(t *testing.T) {
	for _, tc := range []struct {
		name      string
		component object
		refused   string // the path of a refused request
		ok        int    // number of requests that succeed before
	}{
		{"rate limit", rateLimit(2), "/x/1", 2},
		{"CEL, request", conditions("req_params.Id == '1'"), "/x/2", 1},
		{"CEL, response", conditions("resp_data.id == '1'"), "/x/2", 1},
		{"Lua", script(object{"pre": `if request.load():params("Id") == "2" then custom_error("no", 403) end`}), "/x/2", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, map[string]any{"f": ok}, endpoint("/x/{id}", fixed("f", breaker(1), tc.component)))
			for range tc.ok {
				if got := g.get(t, "/x/1"); got.status != http.StatusOK {
					t.Fatalf("got %+v, want a 200", got)
				}
			}
			for range 2 {
				if got := g.get(t, tc.refused); got.fromPipe == nil || got.fromPipe == gobreaker.ErrOpenState {
					t.Fatalf("got %+v, want the component's own error", got)
				}
			}
			if got := g.getFrom(t, "192.0.2.2", "/x/1"); got.fromPipe != gobreaker.ErrOpenState || got.calls != 0 {
				t.Errorf("got %+v, want the open breaker", got)
			}
		})
	}
}

// The concurrent_calls are inside the components. So the breaker and the rate limit see one request,
// and calls that are canceled after another has answered do not count as failures.
func TestConcurrentCallsAreOneRequest(t *testing.T) {
	e := endpoint("/x", fixed("f", breaker(1), rateLimit(4)))
	e["concurrent_calls"] = 3
	g := start(t, map[string]any{"f": ok}, e)

	for range 2 {
		g.Reset()
		g.Fail("f", lambdatest.Delay(time.Hour), lambdatest.Delay(time.Hour)) // the third answers
		if got := g.get(t, "/x"); got.status != http.StatusOK {
			t.Fatalf("got %+v, want a 200", got)
		}
		await(t, "three calls", func() bool { return len(g.Calls()) == 3 })
	}
	g.Reset()
	g.Fail("f", lambdatest.APIError(500, "ServiceException", "").Always())
	for i, want := range []struct {
		status, calls int
		err           error // nil for the backend's own error
	}{{502, 3, nil}, {502, 3, nil}, {500, 0, gobreaker.ErrOpenState}} {
		got := g.get(t, "/x")
		if got.status != want.status || got.calls != want.calls || want.err != nil && got.fromPipe != want.err {
			t.Errorf("failure %d: got %+v, want %+v", i+1, got, want)
		}
	}
}

// Every request takes a token, with any result. When the breaker is open, requests take no tokens,
// because the breaker is outside the rate limit.
func TestRateLimitCountsRequestsNotResults(t *testing.T) {
	for _, tc := range []struct {
		name       string
		function   string
		components []object
		statuses   []int
		calls      int
		last       error
	}{
		{"successes", "f", []object{rateLimit(3)}, []int{200, 200, 200, 500}, 3, krakendrate.ErrLimited},
		{"failures", "failing", []object{rateLimit(3)}, []int{502, 502, 502, 500}, 3, krakendrate.ErrLimited},
		{"failures with details", "failing", []object{rateLimit(3), details}, []int{200, 200, 200, 500}, 3, krakendrate.ErrLimited},
		{"failures and a breaker", "failing", []object{rateLimit(3), breaker(1)}, []int{502, 502, 500, 500}, 2, gobreaker.ErrOpenState},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, map[string]any{"f": ok, "failing": failing}, endpoint("/x", fixed(tc.function, tc.components...)))
			var got []int
			var last answer
			for range tc.statuses {
				last = g.get(t, "/x")
				got = append(got, last.status)
			}
			if !slices.Equal(got, tc.statuses) || last.fromPipe != tc.last || len(g.Calls()) != tc.calls {
				t.Errorf("got statuses %v, at last %v, %d calls; want %v, %v, %d", got, last.fromPipe, len(g.Calls()), tc.statuses, tc.last, tc.calls)
			}
		})
	}
}
