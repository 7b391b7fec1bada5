package invoke

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// awsClock is an Invoke API with another time than the machine. Like AWS, it refuses calls that are
// signed for a wrong time, and each answer has its time.
type awsClock struct {
	ahead  time.Duration // how far it is ahead of the machine
	code   string        // of the refusal
	signed []time.Time
}

func (a *awsClock) step(now func() time.Time, next step) step {
	return func(r *http.Request) (*http.Response, error) {
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			return nil, err
		}
		a.signed = append(a.signed, signed)
		aws := now().Add(a.ahead)
		date := aws.Format(http.TimeFormat)
		if aws.Sub(signed).Abs() > 5*time.Minute {
			return refusal(http.StatusForbidden, a.code, "Date", date), nil
		}
		response, err := next(r)
		if err == nil {
			response.Header.Set("Date", date)
		}
		return response, err
	}
}

// If the clock is off, the client corrects it from the first refusal, for all later calls, and warns
// once.
func TestClockIsCorrected(t *testing.T) {
	for _, tc := range []struct {
		ahead   time.Duration
		code    string
		warning string
	}{
		{10 * time.Minute, "InvalidSignatureException", "the clock of this machine is 10m0s behind AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
		{-10 * time.Minute, "InvalidSignatureException", "the clock of this machine is 10m0s ahead of AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
		{10 * time.Minute, "RequestTimeTooSkewed", "the clock of this machine is 10m0s behind AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
		{-3 * time.Hour, "RequestInTheFuture", "the clock of this machine is 3h0m0s ahead of AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
		{24 * time.Hour, "RequestExpired", "the clock of this machine is 24h0m0s behind AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
		{10 * time.Minute, "SignatureDoesNotMatch", "the clock of this machine is 10m0s behind AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
		{10 * time.Minute, "AuthFailure", "the clock of this machine is 10m0s behind AWS's at lambda.us-west-2.amazonaws.com; the gateway signs calls there with AWS's time from now on: set the clock"},
	} {
		t.Run(fmt.Sprint(tc.code, tc.ahead), func(t *testing.T) {
			now := newWorld(good).Now()
			clock := func() time.Time { return now }
			aws := &awsClock{ahead: tc.ahead, code: tc.code}
			w := newWorld(aws.step(clock, good))
			w.Now = clock
			credentials := new(testCredentials)
			w.Credentials = credentials
			c := w.client(t)
			for i := range 3 {
				now = now.Add(time.Second)
				p := all()
				p.MaxRetries = 0 // the repeated call does not count as a retry
				if reply, err := invoke(t.Context(), c, p); err != nil || reply != `"tea"` {
					t.Fatalf("call %d: got %s, %v", i+1, reply, err)
				}
			}
			if len(aws.signed) != 4 || len(w.delays) != 0 {
				t.Fatalf("got %d attempts, delays %v; want one more than calls, at once", len(aws.signed), w.delays)
			}
			for i, signed := range aws.signed[1:] {
				if off := now.Add(tc.ahead).Add(time.Duration(i-2) * time.Second).Sub(signed); off.Abs() > time.Second {
					t.Errorf("call %d: signed for %v, which is off by %v", i+1, signed, off)
				}
			}
			if want := []string{tc.warning}; !slices.Equal(w.warnings, want) {
				t.Errorf("got the warnings %q, want %q", w.warnings, want)
			}
			if want := []string{"valid 0", "valid 0", "valid 0"}; !slices.Equal(credentials.marks, want) {
				t.Errorf("got the marks %q, want %q", credentials.marks, want)
			}

			// Another client without a shared Clock is not corrected.
			if _, err := invoke(t.Context(), w.client(t), all()); err != nil || len(aws.signed) != 6 {
				t.Errorf("another client: got %v after %d attempts", err, len(aws.signed)-4)
			}
		})
	}
}

// Clients that share a Clock have one refused attempt and one warning together.
func TestSharedClock(t *testing.T) {
	aws := &awsClock{ahead: 10 * time.Minute, code: "InvalidSignatureException"}
	w := newWorld(aws.step(newWorld(good).Now, good))
	w.Clock = new(Clock)
	w.Credentials = new(testCredentials)
	one, other := w.client(t), w.client(t)
	for i, c := range []*Client{one, other, one} {
		if _, err := invoke(t.Context(), c, all()); err != nil || len(aws.signed) != i+2 {
			t.Errorf("call %d: got %v after %d attempts in all", i+1, err, len(aws.signed))
		}
	}
	aws.ahead = -10 * time.Minute
	if _, err := invoke(t.Context(), other, all()); err != nil || len(aws.signed) != 6 {
		t.Errorf("with another time: got %v after %d attempts in all", err, len(aws.signed))
	}
	if len(w.warnings) != 1 {
		t.Errorf("got %q, want one warning", w.warnings)
	}
}

// No other answer changes the clock, for any Date.
func TestClockIsNotCorrected(t *testing.T) {
	now := newWorld(good).Now()
	wrong := now.Add(10 * time.Minute).Format(http.TimeFormat)
	for _, tc := range []struct {
		name  string
		first step
		calls int // attempts of the first call
	}{
		{"a reply", func(*http.Request) (*http.Response, error) { return answer(200, "{}", "Date", wrong), nil }, 1},
		{"a function's error", func(*http.Request) (*http.Response, error) {
			return answer(200, "{}", "Date", wrong, "X-Amz-Function-Error", "Unhandled"), nil
		}, 1},
		{"access denied", refuses(403, "AccessDeniedException", "Date", wrong), 1},
		{"an unknown key", refuses(403, "UnrecognizedClientException", "Date", wrong), 1},
		{"expired credentials", refuses(403, "ExpiredTokenException", "Date", wrong), 2},
		{"a 500", refuses(500, "ServiceException", "Date", wrong), 2},
		{"a page", refuses(403, "", "Date", wrong), 1},
		{"a wrong signature at the right time", refuses(403, "InvalidSignatureException", "Date", now.Add(3*time.Minute).Format(http.TimeFormat)), 1},
		{"a wrong signature without a time", refuses(403, "InvalidSignatureException"), 1},
		{"a wrong signature with an invalid time", refuses(403, "InvalidSignatureException", "Date", "now"), 1},
	} {
		w := newWorld(tc.first, good)
		w.Credentials = new(testCredentials)
		c := w.client(t)
		_, _ = invoke(t.Context(), c, all())
		if len(w.attempts) != tc.calls {
			t.Errorf("%s: got %d attempts, want %d", tc.name, len(w.attempts), tc.calls)
		}
		if _, err := invoke(t.Context(), c, all()); err != nil {
			t.Errorf("%s: then got %v", tc.name, err)
		}
		for _, r := range w.attempts {
			if got, want := r.Header.Get("X-Amz-Date"), now.Format("20060102T150405Z"); got != want {
				t.Errorf("%s: signed for %s, want %s", tc.name, got, want)
			}
		}
		if len(w.warnings) != 0 {
			t.Errorf("%s: got %q", tc.name, w.warnings)
		}
	}

	// A call without a signature has no time to correct.
	w := newWorld(refuses(403, "InvalidSignatureException", "Date", wrong))
	if _, err := invoke(t.Context(), w.client(t), all()); err == nil || len(w.attempts) != 1 || len(w.warnings) != 0 {
		t.Errorf("unsigned: got %v after %d attempts, %q", err, len(w.attempts), w.warnings)
	}
}

// If AWS's time is refused too, the call is repeated only once.
func TestClockThatCannotBeCorrected(t *testing.T) {
	n := 0
	w := newWorld(good)
	now := w.Now()
	w.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
		n++
		return refusal(403, "InvalidSignatureException", "Date", now.Add(time.Duration(n)*time.Hour).Format(http.TimeFormat)), nil
	})
	w.Credentials = new(testCredentials)
	_, err := invoke(t.Context(), w.client(t), all())
	if e := errorOf(t, err); e.Code != "InvalidSignatureException" || n != 2 || len(w.warnings) != 1 {
		t.Errorf("got %v after %d attempts, %q", err, n, w.warnings)
	}
}

// The client marks credentials for AWS's answers, but not for the answers of proxies.
func TestMarks(t *testing.T) {
	expired := refuses(403, "ExpiredTokenException")
	page := func(*http.Request) (*http.Response, error) { return answer(503, "<html>"), nil }
	for _, tc := range []struct {
		name   string
		steps  []step
		tokens []string
		marks  []string
		ok     bool
	}{
		{"good", []step{good}, []string{"0"}, []string{"valid 0"}, true},
		{"they had expired", []step{expired, good}, []string{"0", "1"}, []string{"expired 0", "valid 1"}, true},
		{"ExpiredToken", []step{refuses(400, "ExpiredToken"), good}, []string{"0", "1"}, []string{"expired 0", "valid 1"}, true},
		{"RequestExpired", []step{refuses(400, "RequestExpired"), good}, []string{"0", "1"}, []string{"expired 0", "valid 1"}, true},
		{"the new ones have expired too", []step{expired}, []string{"0", "1"}, []string{"expired 0", "expired 1"}, false},
		{"expired, then a failure", []step{expired, refuses(500, "ServiceException"), good}, []string{"0", "1", "1"}, []string{"expired 0", "valid 1", "valid 1"}, true},
		{"after a failure", []step{refuses(500, "ServiceException"), expired, good}, []string{"0", "0", "1"}, []string{"valid 0", "expired 0", "valid 1"}, true},
		{"after a broken connection", []step{fails(errReset), good}, []string{"0", "0"}, []string{"valid 0"}, true},
		{"after a proxy's page", []step{page, good}, []string{"0", "0"}, []string{"valid 0"}, true},
		{"an unknown key", []step{refuses(403, "UnrecognizedClientException")}, []string{"0"}, []string{"invalid 0"}, false},
		{"an unknown key, of STS", []step{refuses(403, "InvalidClientTokenId")}, []string{"0"}, []string{"invalid 0"}, false},
		{"another secret", []step{refuses(403, "InvalidSignatureException")}, []string{"0"}, []string{"invalid 0"}, false},
		{"another secret, of S3", []step{refuses(403, "SignatureDoesNotMatch")}, []string{"0"}, []string{"invalid 0"}, false},
	} {
		w := newWorld(tc.steps...)
		credentials := new(testCredentials)
		w.Credentials = credentials
		p := all()
		p.MaxRetries = 1
		_, err := invoke(t.Context(), w.client(t), p)
		var tokens []string
		for _, r := range w.attempts {
			tokens = append(tokens, r.Header.Get("X-Amz-Security-Token"))
		}
		if (err == nil) != tc.ok || !slices.Equal(tokens, tc.tokens) || !slices.Equal(credentials.marks, tc.marks) {
			t.Errorf("%s: got %v with the tokens %q, marks %q; want %q, %q", tc.name, err, tokens, credentials.marks, tc.tokens, tc.marks)
		}
	}
}

// A refresh of credentials has no delay, so it works just before the deadline.
func TestExpiredCredentialsAtTheDeadline(t *testing.T) {
	w := newWorld(refuses(403, "ExpiredTokenException"), good)
	w.Credentials = new(testCredentials)
	ctx := deadlineIn{t.Context(), w.Now().Add(time.Nanosecond)}
	if _, err := invoke(ctx, w.client(t), all()); err != nil || len(w.attempts) != 2 {
		t.Errorf("got %v after %d attempts", err, len(w.attempts))
	}
}

// If the target has no Credentials, calls are not signed.
func TestUnsigned(t *testing.T) {
	w := newWorld(refuses(403, "ExpiredTokenException"))
	p := all()
	p.MaxRetries = 0
	_, err := invoke(t.Context(), w.client(t), p)
	if errorOf(t, err).Code != "ExpiredTokenException" {
		t.Errorf("got %v", err)
	}
	for _, r := range w.attempts {
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Amz-Date") != "" {
			t.Errorf("got %v", r.Header)
		}
	}
}

// If the context ends while a call waits for credentials, the call is not sent.
func TestCredentialsWaitForTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(good)
	w.Credentials = waiting{cancel}
	_, err := invoke(ctx, w.client(t), all())
	if e := errorOf(t, err); e.Kind != KindEnded || len(w.attempts) != 0 {
		t.Errorf("got %+v after %d attempts", e, len(w.attempts))
	}
}

// waiting are credentials whose lookup is still running when the context ends.
type waiting struct{ end func() }

func (w waiting) Retrieve(ctx context.Context) (sigv4.Credentials, uint64, error) {
	w.end()
	<-ctx.Done()
	return sigv4.Credentials{}, 0, ctx.Err()
}

func (waiting) MarkValid(uint64)   {}
func (waiting) MarkExpired(uint64) {}
func (waiting) MarkInvalid(uint64) {}

// The client corrects the clock again after it was set. A date in Retry-After is in AWS's time.
func TestClockIsCorrectedAgain(t *testing.T) {
	now := newWorld(good).Now()
	clock := func() time.Time { return now }
	throttle := func(*http.Request) (*http.Response, error) {
		return refusal(503, "ServiceUnavailable", "Retry-After", now.Add(10*time.Minute+30*time.Second).Format(http.TimeFormat)), nil
	}
	aws := &awsClock{ahead: 10 * time.Minute, code: "InvalidSignatureException"}
	w := newWorld(aws.step(clock, good), aws.step(clock, good), aws.step(clock, throttle), aws.step(clock, good))
	w.Now, w.Credentials = clock, new(testCredentials)
	c := w.client(t)
	for i := range 2 {
		if _, err := invoke(t.Context(), c, all()); err != nil {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	if want := []time.Duration{30 * time.Second}; !slices.Equal(w.delays, want) {
		t.Errorf("got delays %v, want %v", w.delays, want)
	}
	now, aws.ahead = now.Add(20*time.Minute), -10*time.Minute // later than AWS's time
	for i := range 2 {
		if _, err := invoke(t.Context(), c, all()); err != nil {
			t.Errorf("then, call %d: %v", i+1, err)
		}
	}
	if got := aws.signed[len(aws.signed)-1]; len(w.attempts) != 7 || !got.Equal(now.Add(aws.ahead)) || len(w.warnings) != 1 {
		t.Errorf("signed for %v in attempt %d, want %v; %q", got, len(w.attempts), now.Add(aws.ahead), w.warnings)
	}
}

// DescribeSkew is for calls that others sign.
func TestDescribeSkew(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ code, date, want string }{
		{"SignatureDoesNotMatch", "Mon, 04 May 2026 12:10:00 GMT", "the clock of this machine is 10m0s behind AWS's"},
		{"RequestExpired", "Mon, 04 May 2026 11:00:00 GMT", "the clock of this machine is 1h0m0s ahead of AWS's"},
		{"SignatureDoesNotMatch", "Mon, 04 May 2026 12:03:59 GMT", ""},
		{"SignatureDoesNotMatch", "Mon, 04 May 2026 12:04:00 GMT", "the clock of this machine is 4m0s behind AWS's"},
		{"SignatureDoesNotMatch", "", ""},
		{"AccessDenied", "Mon, 04 May 2026 12:10:00 GMT", ""},
	} {
		if got := DescribeSkew(tc.code, http.Header{"Date": {tc.date}}, now); got != tc.want {
			t.Errorf("%s, %s: got %q, want %q", tc.code, tc.date, got, tc.want)
		}
	}
}

func TestLeastSkew(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for date, want := range map[string]time.Duration{"Mon, 04 May 2026 12:03:59 GMT": 0, "Mon, 04 May 2026 12:04:00 GMT": maxSkew, "Mon, 04 May 2026 11:56:00 GMT": -maxSkew} {
		if got, ok := new(Clock).correct(http.Header{"Date": {date}}, now, now); got != want || ok != (want != 0) {
			t.Errorf("%s: got %v, %t; want %v", date, got, ok, want)
		}
	}
}
