package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	manyRequests = 1000 // more failures than a function's budget, which has 100 retries
	fewRequests  = 20   // fewer failures than that
)

// fault answers a call that fails.
type fault struct {
	name   string
	answer http.HandlerFunc
	// setting is the setting that a backend needs so that the gateway retries the call.
	setting string
	final   bool // the gateway does not retry the call
}

func faults() []fault {
	refusal := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", code)
			w.WriteHeader(status)
		}
	}
	reset := func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}
	functionError := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		io.WriteString(w, `{"errorType":"E"}`)
	}
	return []fault{
		{"throttle", refusal(http.StatusTooManyRequests, "TooManyRequestsException"), "", false},
		{"500", refusal(http.StatusInternalServerError, "ServiceException"), "", false},
		{"connection reset", reset, "", false},
		{"function error, with retry_function_errors", functionError, "retry_function_errors", false},
		{"function error", functionError, "", true},
		{"access denied", refusal(http.StatusForbidden, "AccessDeniedException"), "", true},
	}
}

// call identifies a call that has reached the API.
type call struct {
	function        string
	request, number int // the request, from 0; its call, from 1
}

// tally counts the results of the requests to a function.
type tally struct{ calls, failed int }

// TestAmplification checks how many calls reach AWS for each request while calls fail, and logs the
// numbers of the table in docs/operating.md.
func TestAmplification(t *testing.T) {
	always := func(call) bool { return true }
	for _, generation := range []struct {
		contestant
		retries int // default of its AWS SDK
	}{{ours1(), 3}, {ours2(), 2}} {
		for _, f := range faults() {
			t.Run(generation.name+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				attempts := 1 + generation.retries
				if f.final {
					attempts = 1
				}
				for function, got := range f.count(t, generation.contestant, 10, fewRequests, always) {
					if want := (tally{fewRequests * attempts, fewRequests}); got != want {
						t.Errorf("function %s within its budget: got %+v, want %+v", function, got, want)
					}
				}
				if f.final {
					t.Logf("%d call for each request", attempts)
					return
				}
				// All calls of function 0 fail. Of function 1, the first call of every tenth request fails.
				both := f.count(t, generation.contestant, 2, manyRequests, func(c call) bool {
					return c.function == "0" || c.request%10 == 0 && c.number == 1
				})
				if got := both["0"]; got.failed != manyRequests || got.calls == manyRequests || got.calls > manyRequests*12/10 {
					t.Errorf("a function whose calls all fail: got %+v, want %d failed requests and at most 1.2 calls for each", got, manyRequests)
				}
				if want := (tally{manyRequests + manyRequests/10, 0}); both["1"] != want {
					t.Errorf("a function that fails now and then: got %+v, want %+v", both["1"], want)
				}
				t.Logf("calls for each request: %d without a budget, %.2f with it", attempts, float64(both["0"].calls)/manyRequests)
			})
		}
	}
}

// count makes requests to each of n functions, whose names are numbers, and returns the results by
// function. Each count has its own API, so its functions have separate budgets.
func (f fault) count(t *testing.T, c contestant, n, requests int, fails func(call) bool) map[string]tally {
	t.Helper()
	var mu sync.Mutex
	tallies := make(map[string]tally)
	add := func(function string, calls, failed int) {
		tallies[function] = tally{tallies[function].calls + calls, tallies[function].failed + failed}
	}
	numbers := make(map[call]int) // number of calls by function and request
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request, err := strconv.Atoi(string(body))
		if err != nil {
			t.Errorf("got the payload %q, want a number", body)
		}
		arrived := call{function: path.Base(path.Dir(r.URL.Path)), request: request}
		mu.Lock()
		add(arrived.function, 1, 0)
		numbers[arrived]++
		arrived.number = numbers[arrived]
		mu.Unlock()
		if fails(arrived) {
			f.answer(w, r)
			return
		}
		io.WriteString(w, "{}")
	}))
	defer api.Close()

	var clients sync.WaitGroup
	room := make(chan struct{}, 100*min(n, 10)) // concurrent requests
	for i := range n {
		function := strconv.Itoa(i)
		s := target(api.URL, function)
		if f.setting != "" {
			s[f.setting] = true
		}
		caller, err := c.open(s)
		if err != nil {
			t.Fatal(err)
		}
		for request := range requests {
			clients.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				if _, err := caller(t.Context(), io.NopCloser(strings.NewReader(strconv.Itoa(request)))); err != nil {
					mu.Lock()
					add(function, 0, 1)
					mu.Unlock()
				}
			})
		}
	}
	clients.Wait()
	return tallies
}
