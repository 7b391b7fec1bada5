package invoke

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// If the deadline leaves no time for a retry, the client immediately returns the error.
func TestDeadlineAndRetries(t *testing.T) {
	for _, tc := range []struct {
		name, retryAfter string
		left             time.Duration // 0 means no deadline
		want             int           // attempts
	}{
		{"room", "", time.Hour, 2},
		{"just enough", "", 26 * time.Millisecond, 2},
		{"none", "", 25 * time.Millisecond, 1},
		{"past", "", -time.Second, 1},
		{"Retry-After, and enough time", "59", time.Hour, 2},
		{"Retry-After, and too little time", "59", 59 * time.Second, 1},
		{"Retry-After, an hour", "3600", time.Minute, 1},
		{"Retry-After, 300 years", "9460800000", time.Hour, 1},
		{"Retry-After, larger than an integer", "99999999999999999999999", time.Hour, 1},
		{"Retry-After, without a deadline", "59", 0, 2},
		{"a long Retry-After, without a deadline", "60", 0, 1},
		{"the longest Retry-After, without a deadline", "99999999999999999999999", 0, 1},
	} {
		w := newWorld(refuses(503, "ServiceUnavailable", "Retry-After", tc.retryAfter), good)
		c := w.client(t)
		c.rand = func() float64 { return 0 }
		ctx := t.Context()
		if tc.left != 0 {
			ctx = deadlineIn{ctx, w.Now().Add(tc.left)}
		}
		_, err := invoke(ctx, c, all())
		if len(w.attempts) != tc.want || len(w.delays) != tc.want-1 || (err == nil) != (tc.want == 2) {
			t.Errorf("%s: got %v after %d attempts, delays %v", tc.name, err, len(w.attempts), w.delays)
			continue
		}
		if err != nil {
			if e := errorOf(t, err); e.Kind != KindAPI || e.RetryAfter != tc.retryAfter {
				t.Errorf("%s: got %+v", tc.name, e)
			}
		}
	}
}

// deadlineIn is a context that does not end at its deadline.
type deadlineIn struct {
	context.Context
	deadline time.Time
}

func (d deadlineIn) Deadline() (time.Time, bool) { return d.deadline, true }

// If the deadline passes during a delay, the error is AWS's answer. If the client goes away, it is
// the end of the context.
func TestContextEndsWithinADelay(t *testing.T) {
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
		w := newWorld(refuses(429, "TooManyRequestsException", "Retry-After", "5"))
		ctx := &endsByHand{Context: t.Context(), done: make(chan struct{}), err: cause}
		w.Sleep = func(ctx2 context.Context, _ time.Duration) error {
			ctx.end()
			return ctx2.Err()
		}
		_, err := invoke(ctx, w.client(t), all())
		e := errorOf(t, err)
		if len(w.attempts) != 1 || e.Attempts != 1 {
			t.Errorf("%v: got %d attempts, %d in the error", cause, len(w.attempts), e.Attempts)
		}
		if cause == context.Canceled && (e.Kind != KindEnded || !errors.Is(err, cause)) {
			t.Errorf("%v: got %+v", cause, e)
		}
		if cause == context.DeadlineExceeded && (e.Kind != KindAPI || e.RetryAfter != "5") {
			t.Errorf("%v: got %+v", cause, e)
		}
	}
}

// A throttled call is retried only if there is time for the delay, and for as long as AWS took to
// throttle it. The client checks this before and after the delay.
func TestDeadlineAndThrottles(t *testing.T) {
	const delay, took = firstThrottleDelay / 2, 3 * time.Millisecond
	for _, tc := range []struct {
		name, code string
		left, late time.Duration // the time before the deadline; how long the delay takes too long
		want       int           // attempts
		sleeps     bool
	}{
		{"enough time", "TooManyRequestsException", delay + 2*took + 1, 0, 2, true},
		{"no time for the attempt", "TooManyRequestsException", delay + 2*took, 0, 1, false},
		{"wakes late, with enough time", "TooManyRequestsException", delay + 2*took + 2, 1, 2, true},
		{"wakes late", "TooManyRequestsException", delay + 2*took + 2, 2, 1, true},
		{"wakes after the deadline", "TooManyRequestsException", time.Second, time.Second, 1, true},
		{"no throttle, slow attempt", "ServiceException", firstDelay/2 + took + 1, 0, 2, true},
		{"no throttle, wakes after the deadline", "ServiceException", time.Second, time.Second, 1, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(refuses(500, tc.code), good)
			now := w.Now()
			deadline := now.Add(tc.left)
			w.Now = func() time.Time { return now }
			next := w.Transport
			w.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				now = now.Add(took)
				return next.RoundTrip(r)
			})
			slept := false
			w.Sleep = func(_ context.Context, d time.Duration) error {
				slept = true
				now = now.Add(d + tc.late)
				return nil // the context's timer is late too
			}
			c := w.client(t)
			c.rand = func() float64 { return 0 }
			_, err := invoke(deadlineIn{t.Context(), deadline}, c, all())
			if len(w.attempts) != tc.want || slept != tc.sleeps || (err == nil) != (tc.want == 2) {
				t.Fatalf("got %v after %d attempts, slept: %t", err, len(w.attempts), slept)
			}
			if err != nil {
				if e := errorOf(t, err); e.Kind != KindAPI || e.Code != tc.code {
					t.Errorf("got %+v, want AWS's own answer", e)
				}
			}
		})
	}
}

// If the deadline passes while a retry waits for credentials, the error is AWS's last answer.
func TestDeadlineBeforeCredentialsOfARetry(t *testing.T) {
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
		w := newWorld(refuses(429, "TooManyRequestsException"))
		ctx := &endsByHand{Context: t.Context(), done: make(chan struct{}), err: cause}
		lookups := 0
		w.Credentials = credentialsFunc(func() error {
			if lookups++; lookups == 2 {
				ctx.end()
			}
			return ctx.Err()
		})
		_, err := invoke(ctx, w.client(t), all())
		e := errorOf(t, err)
		if len(w.attempts) != 1 || cause == context.DeadlineExceeded && e.Kind != KindAPI || cause == context.Canceled && e.Kind != KindEnded {
			t.Errorf("%v: got %+v after %d attempts", cause, e, len(w.attempts))
		}
	}
}

// credentialsFunc are credentials that may fail.
type credentialsFunc func() error

func (f credentialsFunc) Retrieve(context.Context) (sigv4.Credentials, uint64, error) {
	return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "s"}, 1, f()
}

func (credentialsFunc) MarkValid(uint64)   {}
func (credentialsFunc) MarkExpired(uint64) {}
func (credentialsFunc) MarkInvalid(uint64) {}

// endsByHand is a context that ends when end is called.
type endsByHand struct {
	context.Context
	done chan struct{}
	err  error
}

func (c *endsByHand) end() {
	if c.Err() == nil {
		close(c.done)
	}
}

func (c *endsByHand) Done() <-chan struct{} { return c.done }

func (c *endsByHand) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Without a timeout of the HTTP client, only the request's deadline ends an attempt.
func TestNoTimeoutOfTheClient(t *testing.T) {
	w := newWorld(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return good(r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if _, err := invoke(ctx, w.client(t), all()); err != nil {
		t.Error(err)
	}
}
