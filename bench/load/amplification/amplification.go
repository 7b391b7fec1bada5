package amplification

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

const (
	requests = 1000 // of each fault
	atOnce   = 100
)

// fault answers a call that fails.
type fault struct {
	name                string
	answer              http.HandlerFunc
	retryFunctionErrors bool
	final               bool // it is not tried again
}

var faults = []fault{
	{name: "throttle", answer: refusal(http.StatusTooManyRequests, "TooManyRequestsException")},
	{name: "500", answer: refusal(http.StatusInternalServerError, "ServiceException")},
	{name: "reset", answer: reset},
	{name: "function error, retried", answer: functionError, retryFunctionErrors: true},
	{name: "function error", answer: functionError, final: true},
	{name: "access denied", answer: refusal(http.StatusForbidden, "AccessDeniedException"), final: true},
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

// Test checks how many calls a contestant makes for requests. It sets what the process takes
// from its environment for calls of AWS.
func Test(t *testing.T, c load.Contestant) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", load.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", load.SecretAccessKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)

	for _, f := range faults {
		t.Run(f.name+", for good", func(t *testing.T) { f.forGood(t, c) })
		if !f.final {
			t.Run(f.name+", now and then", func(t *testing.T) { f.nowAndThen(t, c) })
		}
	}
}

// forGood checks that calls do not multiply where all of them fail.
func (f fault) forGood(t *testing.T, c load.Contestant) {
	calls, failed := f.count(t, c, func(int, int) bool { return true })
	most := requests
	if !f.final {
		most = requests * 12 / 10
	}
	if failed != requests || calls > most || !f.final && calls == requests {
		t.Errorf("got %d calls and %d errors for %d requests, want at most %d calls", calls, failed, requests, most)
	}
}

// nowAndThen checks that requests are served where the first call of every tenth fails.
func (f fault) nowAndThen(t *testing.T, c load.Contestant) {
	calls, failed := f.count(t, c, func(request, call int) bool { return request%10 == 0 && call == 1 })
	if want := requests + requests/10; failed != 0 || calls != want {
		t.Errorf("got %d calls and %d errors for %d requests, want %d calls", calls, failed, requests, want)
	}
}

// count makes the requests, and has those calls fail for which due is true: of the number of
// the request, and of its call. Each count has a function to itself, behind an API to itself.
func (f fault) count(t *testing.T, c load.Contestant, due func(request, call int) bool) (calls, failed int) {
	t.Helper()
	var mu sync.Mutex
	received := make(map[int]int) // calls, by the number of the request
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		number, err := strconv.Atoi(string(body))
		if err != nil {
			t.Errorf("got the payload %q, want a number", body)
		}
		mu.Lock()
		calls++
		received[number]++
		call := received[number]
		mu.Unlock()
		if due(number, call) {
			f.answer(w, r)
			return
		}
		io.WriteString(w, "{}")
	}))
	defer api.Close()
	call, err := c.New(load.Target{URL: api.URL, Function: "f", RetryFunctionErrors: f.retryFunctionErrors})
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(chan int)
	var clients sync.WaitGroup
	for range atOnce {
		clients.Go(func() {
			for number := range numbers {
				if _, err := call(t.Context(), io.NopCloser(strings.NewReader(strconv.Itoa(number)))); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			}
		})
	}
	for number := range requests {
		numbers <- number
	}
	close(numbers)
	clients.Wait()
	t.Logf("%d calls for %d requests: %.2f", calls, requests, float64(calls)/requests)
	return calls, failed
}
