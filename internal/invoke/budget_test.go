package invoke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// byFunction is an Invoke API in memory that counts the calls of each function.
type byFunction struct {
	mu     sync.Mutex
	calls  map[string]int
	answer func(function string, call int) (*http.Response, error)
}

// RoundTrip implements http.RoundTripper.
func (b *byFunction) RoundTrip(r *http.Request) (*http.Response, error) {
	function := strings.Split(r.URL.Path, "/")[3]
	b.mu.Lock()
	b.calls[function]++
	n := b.calls[function]
	b.mu.Unlock()
	return b.answer(function, n)
}

func newByFunction(answer func(function string, call int) (*http.Response, error)) (*byFunction, *world) {
	b := &byFunction{calls: make(map[string]int), answer: answer}
	w := newWorld(good)
	w.Transport = b
	return b, w
}

// For a function that is always throttled, there are soon at most 1.2 calls for each request.
// Another function keeps its retries.
func TestBudget(t *testing.T) {
	api, w := newByFunction(func(function string, call int) (*http.Response, error) {
		if function == "throttled" || call%2 == 1 { // the other function needs a retry for each request
			return refusal(429, "TooManyRequestsException"), nil
		}
		return answer(200, "{}"), nil
	})
	c := w.client(t)
	const requests = 1000
	for range requests {
		if _, err := send(t.Context(), c, all(), &Request{Function: "throttled"}); errorOf(t, err).Code != "TooManyRequestsException" {
			t.Fatal(err)
		}
		if _, err := send(t.Context(), c, all(), &Request{Function: "other"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := float64(api.calls["throttled"]) / requests; got > 1.2 {
		t.Errorf("got %.2f calls a request of a throttled function", got)
	}
	if got := api.calls["other"]; got != 2*requests {
		t.Errorf("got %d calls of the other function, want %d", got, 2*requests)
	}
	t.Logf("%d calls for %d requests", api.calls["throttled"], requests)

	before := api.calls["throttled"]
	for range requests {
		_, _ = send(t.Context(), c, all(), &Request{Function: "throttled"})
	}
	if got := api.calls["throttled"] - before; got != requests {
		t.Errorf("with an empty budget: got %d calls for %d requests", got, requests)
	}
}

// Successful calls refill the budget.
func TestBudgetIsRefilled(t *testing.T) {
	throttled := true
	api, w := newByFunction(func(string, int) (*http.Response, error) {
		if throttled {
			return refusal(429, "TooManyRequestsException"), nil
		}
		return answer(200, "{}"), nil
	})
	c := w.client(t)
	attempts := func() int {
		before := api.calls["f"]
		_, _ = send(t.Context(), c, all(), &Request{Function: "f"})
		return api.calls["f"] - before
	}
	first := attempts()
	for range 200 {
		attempts()
	}
	if got := attempts(); first != 4 || got != 1 {
		t.Errorf("got %d attempts in the first call and %d in the last one, want 4 and 1", first, got)
	}
	throttled = false
	for range retryCost * 3 {
		attempts()
	}
	throttled = true
	if got := attempts(); got != 4 {
		t.Errorf("got %d attempts after %d successful calls, want 4", got, retryCost*3)
	}
}

// A function's error and an unreadable reply count as success, because AWS made the call.
func TestBudgetOfFunctionErrors(t *testing.T) {
	unreadable := errors.New("unreadable")
	for name, tc := range map[string]struct {
		last  func() *http.Response
		use   error
		retry bool // retry_function_errors
		keeps bool
	}{
		"function errors":          {func() *http.Response { return answer(200, "{}", "X-Amz-Function-Error", "Unhandled") }, nil, false, true},
		"function errors, retried": {func() *http.Response { return answer(200, "{}", "X-Amz-Function-Error", "Unhandled") }, nil, true, false},
		"unreadable replies":       {func() *http.Response { return answer(200, "{}") }, unreadable, false, true},
	} {
		api, w := newByFunction(func(_ string, call int) (*http.Response, error) {
			if call%2 == 1 {
				return refusal(429, "TooManyRequestsException"), nil
			}
			return tc.last(), nil
		})
		c := w.client(t)
		p := all()
		p.MaxRetries, p.RetryFunctionErrors = 1, tc.retry
		const requests = 2 * maxTokens / retryCost
		for range requests {
			if err := c.Invoke(t.Context(), &Request{Function: "f"}, p, func(*Response) error { return tc.use }); err == nil {
				t.Fatalf("%s: got no error", name)
			}
		}
		if got := api.calls["f"]; (got == 2*requests) != tc.keeps {
			t.Errorf("%s: got %d calls for %d requests", name, got, requests)
		}
	}
}

// A budget is never more than full. A success after a retry gives back the cost of the retry.
func TestBudgetArithmetic(t *testing.T) {
	var b budget
	b.success(false)
	b.success(true)
	n := 0
	for b.take() {
		n++
	}
	if n != maxTokens/retryCost {
		t.Errorf("got %d retries, want %d", n, maxTokens/retryCost)
	}
	b.success(true)
	if !b.take() || b.take() {
		t.Error("a success after a retry does not give its cost back")
	}
	for range retryCost - 1 {
		b.success(false)
	}
	if b.take() {
		t.Error("too few successes give a retry back")
	}
	if b.success(false); !b.take() {
		t.Error("successes give no retry back")
	}
}

// Other errors cost nothing.
func TestBudgetOfOtherErrors(t *testing.T) {
	w := newWorld(refuses(404, "ResourceNotFoundException"))
	c := w.client(t)
	for i := range 2000 {
		if _, err := send(t.Context(), c, all(), &Request{Function: fmt.Sprint("missing", i)}); err == nil {
			t.Fatal("got no error")
		}
	}
	if n := len(c.budgets.named); n != 0 {
		t.Errorf("got budgets for %d missing functions, want none", n)
	}
}

// There are at most 1,024 budgets. All other functions share one.
func TestManyFunctions(t *testing.T) {
	api, w := newByFunction(func(function string, call int) (*http.Response, error) {
		if strings.HasPrefix(function, "bad") || call == 1 {
			return refusal(500, "ServiceException"), nil
		}
		return answer(200, "{}"), nil
	})
	c := w.client(t)
	for i := range maxBudgets + 500 {
		if _, err := send(t.Context(), c, all(), &Request{Function: fmt.Sprint("f", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.budgets.named); n != maxBudgets {
		t.Errorf("got %d budgets, want %d", n, maxBudgets)
	}
	for i := range 200 { // together they empty the shared budget
		_, _ = send(t.Context(), c, all(), &Request{Function: fmt.Sprint("bad", i)})
	}
	_, _ = send(t.Context(), c, all(), &Request{Function: "badlast"})
	if got := api.calls["badlast"]; got != 1 {
		t.Errorf("got %d attempts with an empty budget, want 1", got)
	}
	api.calls["f0"] = 0
	if _, err := send(t.Context(), c, all(), &Request{Function: "f0"}); err != nil || api.calls["f0"] != 2 {
		t.Errorf("a function with its own budget: got %v after %d attempts", err, api.calls["f0"])
	}
}

// Concurrent calls do not affect each other's replies and errors.
func TestConcurrentCalls(t *testing.T) {
	api, w := newByFunction(func(function string, call int) (*http.Response, error) {
		switch call % 5 {
		case 0:
			return refusal(403, "ExpiredTokenException"), nil
		case 1:
			return nil, errReset
		case 2:
			return refusal(403, "InvalidSignatureException", "Date", "Fri, 27 Nov 2026 12:10:00 GMT"), nil
		}
		return answer(200, `"`+function+`"`), nil
	})
	w.Credentials = fixed{}
	w.MaxRetries = 100
	c := w.client(t)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			function := fmt.Sprint("f", i%7)
			for range 20 {
				reply, err := send(t.Context(), c, all(), &Request{Function: function, Payload: PayloadOf([]byte("{}"))})
				var e *Error
				if err == nil && reply != `"`+function+`"` || err != nil && (!errors.As(err, &e) || e.Status != 403) {
					t.Errorf("got %s, %v", reply, err)
				}
			}
		})
	}
	wg.Wait()
	if len(w.warnings) != 1 {
		t.Errorf("got the warnings %q, want one", w.warnings)
	}
	if len(api.calls) != 7 {
		t.Errorf("got calls %v", api.calls)
	}
}

// fixed are credentials that never change.
type fixed struct{ waiting }

// Retrieve implements Credentials.
func (fixed) Retrieve(ctx context.Context) (sigv4.Credentials, uint64, error) {
	return new(testCredentials).Retrieve(ctx)
}
