package invoke

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// invokeErrors returns the HTTP statuses of the Invoke operation's errors, by code.
func invokeErrors(t *testing.T) map[string]int {
	t.Helper()
	file, err := os.ReadFile("testdata/invoke-errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	statuses := make(map[string]int)
	for line := range strings.Lines(string(file)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var status int
		var code string
		if _, err := fmt.Sscan(line, &status, &code); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		statuses[code] = status
	}
	if len(statuses) != 43 {
		t.Fatalf("got %d codes, want 43", len(statuses))
	}
	return statuses
}

// Each error of the Invoke operation has a row in retryableCodes. The row decides on retries, not the
// status.
func TestInvokeErrors(t *testing.T) {
	errors := invokeErrors(t)
	for code := range retryableCodes {
		if errors[code] == 0 {
			t.Errorf("retryableCodes: %s is not an error of the Invoke operation", code)
		}
	}
	for code, status := range errors {
		retry, ok := retryableCodes[code]
		if !ok {
			t.Errorf("retryableCodes has no row for %s", code)
		}
		for _, status := range []int{status, 400, 500} {
			testRetry(t, status, code, retry)
		}
	}
}

// lambdatest has the same errors.
func TestErrorsOfLambdatest(t *testing.T) {
	if got, want := lambdatest.ErrorCodes(), invokeErrors(t); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Retries for other codes.
func TestErrorCodes(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   string
		retry  bool
	}{
		// Codes of all AWS services.
		{400, "IncompleteSignature", false},
		{400, "MissingAction", false},
		{400, "ThrottlingException", true},
		{400, "Throttling", true},
		{400, "RequestLimitExceeded", true},
		{400, "ProvisionedThroughputExceededException", true},
		{400, "ValidationError", false},
		{403, "AccessDeniedException", false},
		{403, "InvalidClientTokenId", false},
		{403, "MissingAuthenticationTokenException", false},
		{403, "OptInRequired", false},
		{403, "UnrecognizedClientException", false},
		{503, "ServiceUnavailable", true},
		{503, "SlowDown", true},

		// For an unknown code, the status decides.
		{400, "SomethingNew", false},
		{429, "SomethingNew", true},
		{500, "SomethingNew", true},
		{599, "SomethingNew", true},
		{300, "", false},
		{301, "", false},
		{302, "", false},
		{304, "", false},
		{307, "", false},
		{308, "", false},
		{400, "", false},
		{401, "", false},
		{403, "", false},
		{404, "", false},
		{407, "", false},
		{408, "", false},
		{413, "", false},
		{429, "", true},
		{499, "", false},
		{500, "", true},
		{501, "", true},
		{502, "", true},
		{503, "", true},
		{504, "", true},
		{999, "", true},
	} {
		testRetry(t, tc.status, tc.code, tc.retry)
	}
}

// testRetry checks whether a call that fails with a status and a code is retried.
func testRetry(t *testing.T, status int, code string, retry bool) {
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprintf("%d %s, stream: %t", status, code, stream), func(t *testing.T) {
			w := newWorld(refuses(status, code))
			p := all()
			p.MaxRetries = 2
			_, err := send(t.Context(), w.client(t), p, &Request{Function: "f", Stream: stream})
			e := errorOf(t, err)
			want := 1
			if retry {
				want = 3
			}
			if len(w.attempts) != want || e.Attempts != want || len(w.delays) != want-1 {
				t.Errorf("got %d attempts, %d in the error, delays %v; want %d", len(w.attempts), e.Attempts, w.delays, want)
			}
			if e.Kind != KindAPI || e.Status != status || e.Code != code || (e.Message == "no") == e.Redacted || e.RequestID != "1" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// The client does not follow redirects: it makes one attempt, to the endpoint.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := newWorld(refuses(status, "", "Location", "https://example.com/"))
		_, err := invoke(t.Context(), w.client(t), all())
		if e := errorOf(t, err); e.Status != status || len(w.attempts) != 1 || w.attempts[0].URL.Host != "lambda.us-west-2.amazonaws.com" {
			t.Errorf("%d: got %v after %d attempts", status, err, len(w.attempts))
		}
	}
}

func TestIsThrottle(t *testing.T) {
	for _, tc := range []struct {
		e    Error
		want bool
	}{
		{Error{Kind: KindAPI, Status: 429}, true},
		{Error{Kind: KindAPI, Status: 400, Code: "ThrottlingException"}, true},
		{Error{Kind: KindAPI, Code: "TooManyRequestsException"}, true}, // in a stream
		{Error{Kind: KindAPI, Status: 502, Code: "EC2ThrottledException"}, false},
		{Error{Kind: KindAPI, Status: 503}, false},
		{Error{Kind: KindFunction, Code: "ThrottlingException"}, false},
	} {
		if got := tc.e.IsThrottle(); got != tc.want {
			t.Errorf("%+v: got %t", tc.e, got)
		}
	}
}

// A policy sets the number of retries, or leaves it to the SDK.
func TestMaxRetries(t *testing.T) {
	for _, tc := range []struct{ sdk, policy, want int }{
		{3, -1, 4}, {0, -1, 1}, {7, -1, 8}, {3, 0, 1}, {3, 1, 2}, {0, 5, 6},
	} {
		w := newWorld(refuses(500, "ServiceException"))
		w.MaxRetries = tc.sdk
		p := all()
		p.MaxRetries = tc.policy
		if _, err := invoke(t.Context(), w.client(t), p); err == nil || len(w.attempts) != tc.want {
			t.Errorf("%+v: got %v after %d attempts", tc, err, len(w.attempts))
		}
	}
}

// All attempts have the same headers and payload. Each has a separate body.
func TestAttemptsAreAlike(t *testing.T) {
	var bodies []string
	w := newWorld(refuses(500, "ServiceException"), fails(errReset), good)
	transport := w.Transport
	w.Transport = recordBodies(&bodies, transport)
	w.Credentials = &testCredentials{}
	reply, err := invoke(t.Context(), w.client(t), all())
	if err != nil || reply != `"tea"` {
		t.Fatalf("got %s, %v", reply, err)
	}
	if want := []string{`{"a":"b"}`, `{"a":"b"}`, `{"a":"b"}`}; !slices.Equal(bodies, want) {
		t.Errorf("got the bodies %q", bodies)
	}
	for _, r := range w.attempts[1:] {
		if r == w.attempts[0] || r.URL.String() != w.attempts[0].URL.String() || fmt.Sprint(r.Header) != fmt.Sprint(w.attempts[0].Header) {
			t.Errorf("got %v %v, then %v %v", w.attempts[0].URL, w.attempts[0].Header, r.URL, r.Header)
		}
	}
}

// A function's error is retried if the policy says so. All failures count for the same limit.
func TestFunctionErrors(t *testing.T) {
	failed := func(*http.Request) (*http.Response, error) {
		return answer(http.StatusOK, `{"errorType":"T"}`, "X-Amz-Function-Error", "Unhandled", "X-Amz-Log-Result", "bG9n", "X-Amzn-Requestid", "3"), nil
	}
	for _, tc := range []struct {
		name  string
		retry bool
		steps []step
		want  int
		ok    bool
	}{
		{"off", false, []step{failed, good}, 1, false},
		{"on", true, []step{failed, good}, 2, true},
		{"on, all attempts fail", true, []step{failed}, 3, false},
		{"after another failure", true, []step{refuses(500, ""), fails(errReset), good}, 3, true},
		{"after other failures", true, []step{refuses(500, ""), failed, failed, good}, 3, false},
	} {
		for _, stream := range []bool{false, true} {
			w := newWorld(tc.steps...)
			var failures []*Error
			begun := 0
			p := &Policy{
				MaxRetries: 2, MaxReply: maxReply, RetryFunctionErrors: tc.retry,
				OnAttempt: func() { begun++ },
				OnFailure: func(e *Error) { failures = append(failures, e) },
			}
			_, err := send(t.Context(), w.client(t), p, &Request{Function: "f", Stream: stream && !tc.ok})
			if (err == nil) != tc.ok || len(w.attempts) != tc.want {
				t.Errorf("%s, stream %t: got %v after %d attempts, want %d", tc.name, stream, err, len(w.attempts), tc.want)
			}
			if begun != tc.want {
				t.Errorf("%s: the observer got %d attempts, want %d", tc.name, begun, tc.want)
			}
			if n := len(failures); tc.ok && n != tc.want-1 || !tc.ok && n != tc.want {
				t.Errorf("%s: the observer got %d failures", tc.name, n)
			}
			if err == nil {
				continue
			}
			e := errorOf(t, err)
			if e.Kind != KindFunction || e.Code != "Unhandled" || string(e.Payload) != `{"errorType":"T"}` || e.LogResult != "bG9n" || e.RequestID != "3" || e.Error() != "the function failed: Unhandled" {
				t.Errorf("%s: got %+v", tc.name, e)
			}
			if failures[len(failures)-1] != e {
				t.Errorf("%s: the observer got %v last, want %v", tc.name, failures[len(failures)-1], e)
			}
		}
	}
}

// The first delay is at most 50 ms, or a second after a throttle. Each delay is at most twice as long
// as the previous one. Half of it is random.
func TestDelays(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		code  string
		first time.Duration
	}{{"ServiceException", 50 * ms}, {"TooManyRequestsException", time.Second}} {
		for _, random := range []float64{0, 0.5, 0.999} {
			w := newWorld(refuses(500, tc.code))
			w.MaxRetries = 20
			c := w.client(t)
			c.rand = func() float64 { return random }
			if _, err := invoke(t.Context(), c, all()); err == nil || len(w.delays) != 20 {
				t.Fatalf("got %v, delays %v", err, w.delays)
			}
			for i, got := range w.delays {
				full := min(tc.first<<min(i, 20), 20*time.Second)
				if want := full/2 + time.Duration(random*float64(full/2)); got != want {
					t.Errorf("%s, retry %d: got %v, want %v", tc.code, i+1, got, want)
				}
			}
		}
	}
}
