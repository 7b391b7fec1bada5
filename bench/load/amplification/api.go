package amplification

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

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// plan is which requests are made, and which calls for them fail.
type plan struct {
	functions []string
	requests  int // to each function
	atOnce    int // requests, to all functions together
	fails     func(call) bool
}

// call is a call that has reached the API.
type call struct {
	function string
	request  int // its number, from 0
	number   int // of the call for this request, from 1
}

// tally is what became of the requests to a function.
type tally struct {
	calls  int // that have reached the API
	failed int // requests
}

func (t tally) perRequest() float64 { return float64(t.calls) / requests }

// count makes the requests of a plan through one gateway, and returns what became of them by
// function. Each count has an API to itself, and so its functions have budgets of their own.
func (f fault) count(t *testing.T, c load.Contestant, p plan) map[string]tally {
	t.Helper()
	var mu sync.Mutex
	tallies := make(map[string]tally)
	add := func(function string, calls, failed int) {
		now := tallies[function]
		tallies[function] = tally{now.calls + calls, now.failed + failed}
	}
	received := make(map[call]int) // calls, by function and request
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request, err := strconv.Atoi(string(body))
		if err != nil {
			t.Errorf("got the payload %q, want a number", body)
		}
		arrived := call{function: path.Base(path.Dir(r.URL.Path)), request: request}
		mu.Lock()
		add(arrived.function, 1, 0)
		received[arrived]++
		arrived.number = received[arrived]
		mu.Unlock()
		if p.fails(arrived) {
			f.answer(w, r)
			return
		}
		io.WriteString(w, "{}")
	}))
	defer api.Close()

	callers := make(map[string]load.Caller)
	for _, function := range p.functions {
		caller, err := c.New(load.Target{URL: api.URL, Function: function, RetryFunctionErrors: f.retryFunctionErrors})
		if err != nil {
			t.Fatal(err)
		}
		callers[function] = caller
	}
	queue := make(chan call)
	var clients sync.WaitGroup
	for range p.atOnce {
		clients.Go(func() {
			for r := range queue {
				if _, err := callers[r.function](t.Context(), io.NopCloser(strings.NewReader(strconv.Itoa(r.request)))); err != nil {
					mu.Lock()
					add(r.function, 0, 1)
					mu.Unlock()
				}
			}
		})
	}
	for request := range p.requests {
		for _, function := range p.functions {
			queue <- call{function: function, request: request}
		}
	}
	close(queue)
	clients.Wait()
	return tallies
}

func refusal(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		io.WriteString(w, "{}")
	}
}

func functionError(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Amz-Function-Error", "Unhandled")
	io.WriteString(w, `{"errorType":"E"}`)
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}
