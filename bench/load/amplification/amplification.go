package amplification

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

const (
	requests = 1000 // to a function
	atOnce   = 100
	// spread is to how many functions the requests go where no budget of retries is to end. One
	// lasts for 100 retries.
	spread = 50
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
	{name: "connection reset", answer: reset},
	{name: "function error with retry_function_errors", answer: functionError, retryFunctionErrors: true},
	{name: "function error", answer: functionError, final: true},
	{name: "access denied", answer: refusal(http.StatusForbidden, "AccessDeniedException"), final: true},
}

// Test checks how many calls a contestant makes for requests, and logs them as a table. retries
// is the number of its AWS SDK. Test sets what the process takes from its environment for calls
// of AWS.
func Test(t *testing.T, c load.Contestant, retries int) {
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

	table := "| all calls fail of | without a budget | with it |\n|---|---:|---:|\n"
	for _, f := range faults {
		var without, with float64
		attempts := 1 + retries
		if f.final {
			attempts = 1
		}
		t.Run(f.name+", within the budgets", func(t *testing.T) { without = f.withinBudgets(t, c, attempts) })
		t.Run(f.name+", for good", func(t *testing.T) { with = f.forGood(t, c) })
		if !f.final {
			t.Run(f.name+", now and then", func(t *testing.T) { f.nowAndThen(t, c) })
			t.Run(f.name+", beside another function", func(t *testing.T) { f.besideAnother(t, c) })
		}
		table += fmt.Sprintf("| %s | %.2f | %.2f |\n", f.name, without, with)
	}
	t.Logf("calls for each of %d requests:\n%s", requests, table)
}

// withinBudgets checks that all retries are made where all calls of many functions fail, and none
// of them needs more retries than its budget has. It returns the calls for each request.
func (f fault) withinBudgets(t *testing.T, c load.Contestant, attempts int) float64 {
	functions := make([]string, spread)
	for i := range functions {
		functions[i] = fmt.Sprintf("f-%d", i)
	}
	var all tally
	for _, got := range f.count(t, c, plan{functions: functions, requests: requests / spread, atOnce: requests, fails: always}) {
		all.calls += got.calls
		all.failed += got.failed
	}
	if want := (tally{requests * attempts, requests}); all != want {
		t.Errorf("got %+v, want %+v", all, want)
	}
	return all.perRequest()
}

// forGood checks that calls do not multiply where all of them fail. It returns the calls for each
// request.
func (f fault) forGood(t *testing.T, c load.Contestant) float64 {
	got := f.count(t, c, plan{functions: []string{"down"}, requests: requests, atOnce: atOnce, fails: always})["down"]
	f.checkDown(t, got)
	return got.perRequest()
}

func (f fault) checkDown(t *testing.T, got tally) {
	t.Helper()
	most := requests
	if !f.final {
		most = requests * 12 / 10
	}
	if got.failed != requests || got.calls > most || !f.final && got.calls == requests {
		t.Errorf("got %+v, want %d errors and at most %d calls", got, requests, most)
	}
}

// nowAndThen checks that requests are served where the first call of every tenth fails.
func (f fault) nowAndThen(t *testing.T, c load.Contestant) {
	got := f.count(t, c, plan{functions: []string{"busy"}, requests: requests, atOnce: atOnce, fails: firstOfEveryTenth})
	checkBusy(t, got["busy"])
}

func checkBusy(t *testing.T, got tally) {
	t.Helper()
	if want := (tally{requests + requests/10, 0}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// besideAnother checks that a function whose calls fail now and then keeps its retries, while all
// calls of another one behind the same gateway fail.
func (f fault) besideAnother(t *testing.T, c load.Contestant) {
	got := f.count(t, c, plan{
		functions: []string{"down", "busy"}, requests: requests, atOnce: 2 * atOnce,
		fails: func(c call) bool { return c.function == "down" || firstOfEveryTenth(c) },
	})
	f.checkDown(t, got["down"])
	checkBusy(t, got["busy"])
}

func always(call) bool { return true }

func firstOfEveryTenth(c call) bool { return c.request%10 == 0 && c.number == 1 }
