package invoke

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"
)

// No delay is shorter than Retry-After. An invalid Retry-After counts as absent.
func TestRetryAfter(t *testing.T) {
	now := newWorld(good).Now()
	for _, tc := range []struct {
		value string
		want  time.Duration // 0 means the client's own delay
	}{
		{"2", 2 * time.Second},
		{"30", 30 * time.Second},
		{"0", 0},
		{"1", time.Second},
		{now.Add(40 * time.Second).Format(http.TimeFormat), 40 * time.Second},
		{now.Format(http.TimeFormat), 0},
		{now.Add(-time.Hour).Format(http.TimeFormat), 0},
		{"", 0},
		{"-5", 0},
		{"1.5", 0},
		{"soon", 0},
	} {
		for _, code := range []string{"TooManyRequestsException", "ServiceException"} {
			w := newWorld(refuses(503, code, "Retry-After", tc.value), good)
			c := w.client(t)
			c.rand = func() float64 { return 0 }
			if _, err := invoke(t.Context(), c, all()); err != nil {
				t.Errorf("%q: %v", tc.value, err)
				continue
			}
			own := 25 * time.Millisecond
			if code == "TooManyRequestsException" {
				own = 500 * time.Millisecond
			}
			if want := max(own, tc.want); len(w.delays) != 1 || w.delays[0] != want {
				t.Errorf("%q, %s: got delays %v, want %v", tc.value, code, w.delays, want)
			}
		}
	}
}

// AWS also sends Retry-After in the body. The error has it for the client.
func TestRetryAfterOfTheBody(t *testing.T) {
	for body, want := range map[string]string{`{"retryAfterSeconds":"7"}`: "7", `{"retryAfterSeconds":7}`: "", `{}`: ""} {
		e := apiError(429, make(http.Header), []byte(body))
		if e.RetryAfter != want {
			t.Errorf("%s: got %q, want %q", body, e.RetryAfter, want)
		}
	}
	if e := apiError(429, http.Header{"Retry-After": {"5"}}, []byte(`{"retryAfterSeconds":"7"}`)); e.RetryAfter != "5" {
		t.Errorf("got %q, want the value of the header", e.RetryAfter)
	}
}

// brokenBody returns some bytes and then fails.
type brokenBody struct {
	some   string
	before func() // called before it fails
	err    error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	if b.some == "" {
		b.before()
		return 0, b.err
	}
	n := copy(p, b.some)
	b.some = b.some[n:]
	return n, nil
}

func (*brokenBody) Close() error { return nil }

// The context may end at any point of a call.
func TestContextEnds(t *testing.T) {
	type phase struct {
		progress string
		kind     Kind // of the error
		stream   bool
		peek     int
		step     func(end func()) step
	}
	within := func(status int, some string, header ...string) func(end func()) step {
		return func(end func()) step {
			return func(*http.Request) (*http.Response, error) {
				a := answer(status, "", header...)
				a.ContentLength, a.Body = -1, &brokenBody{some, end, errReset}
				return a, nil
			}
		}
	}
	for name, tc := range map[string]phase{
		"before an answer": {progress: "before the function answered", kind: KindEnded, step: func(end func()) step {
			return func(*http.Request) (*http.Response, error) { end(); return nil, errReset }
		}},
		"within an error":           {progress: "while the reply was coming", kind: KindEnded, step: within(500, `{"a`)},
		"within a function's error": {progress: "while the reply was coming", kind: KindEnded, step: within(200, `{"a`, "X-Amz-Function-Error", "Unhandled")},
		"within a reply":            {progress: "while the reply was coming", kind: KindEnded, step: within(200, `{"a`)},
		"within Rest":               {progress: "while the reply was coming", kind: KindEnded, step: within(200, `{"a`), peek: 1},
		"within a stream":           {progress: "while the function wrote its reply", kind: KindEnded, step: within(200, encodedChunk(t, "tea")), stream: true},
		"after an error": {kind: KindAPI, step: func(end func()) step {
			return func(*http.Request) (*http.Response, error) { end(); return refusal(403, "AccessDeniedException"), nil }
		}},
		"after a function's error": {kind: KindFunction, step: func(end func()) step {
			return func(*http.Request) (*http.Response, error) {
				end()
				return answer(200, "{}", "X-Amz-Function-Error", "Unhandled"), nil
			}
		}},
		"after a limit": {kind: KindLimit, step: func(end func()) step {
			return func(*http.Request) (*http.Response, error) { end(); return answer(101, ""), nil }
		}},
	} {
		for _, cause := range []error{context.DeadlineExceeded, context.Canceled} {
			for _, second := range []bool{false, true} {
				ctx := &endsByHand{Context: t.Context(), done: make(chan struct{}), err: cause}
				steps := []step{tc.step(ctx.end)}
				if second {
					steps = []step{refuses(500, "ServiceException"), steps[0]}
				}
				w := newWorld(steps...)
				p := all()
				p.Peek, p.Decodes = tc.peek, tc.peek > 0
				_, err := send(ctx, w.client(t), p, &Request{Function: "f", Stream: tc.stream})
				e := errorOf(t, err)
				if e.Kind != tc.kind {
					t.Errorf("%s, %v: got %+v, want the kind %d", name, cause, e, tc.kind)
				}
				if len(w.attempts) != len(steps) {
					t.Errorf("%s, %v: got %d attempts, want %d", name, cause, len(w.attempts), len(steps))
				}
				if tc.kind != KindEnded {
					continue
				}
				progress := tc.progress
				if second {
					progress = "in attempt 2"
				}
				if !errors.Is(err, cause) || e.Progress != progress || (e.Previous != nil) != second {
					t.Errorf("%s, %v, second %t: got %+v, want %q", name, cause, second, e, progress)
				}
			}
		}
	}
}

// If the context ends in the second attempt, the error has the failure and id of the first one.
func TestPrevious(t *testing.T) {
	ctx := &endsByHand{Context: t.Context(), done: make(chan struct{}), err: context.DeadlineExceeded}
	w := newWorld(refuses(500, "ServiceException"), func(*http.Request) (*http.Response, error) { ctx.end(); return nil, errReset })
	_, err := invoke(ctx, w.client(t), all())
	if e := errorOf(t, err); e.Previous == nil || e.Previous.Code != "ServiceException" || e.RequestID != "1" || e.Attempts != 2 {
		t.Errorf("got %+v", e)
	}
}

// If the context ends before there are credentials, the error is the end of the context.
func TestContextEndsBeforeCredentials(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := newWorld(good)
	w.Credentials = &testCredentials{err: context.Canceled}
	_, err := invoke(ctx, w.client(t), all())
	if e := errorOf(t, err); e.Kind != KindEnded || e.Progress != "before the gateway had credentials to sign the call with" || len(w.attempts) != 0 {
		t.Errorf("got %+v after %d attempts", e, len(w.attempts))
	}
	missing := errors.New("no credentials")
	w.Credentials = &testCredentials{err: missing}
	_, err = invoke(t.Context(), w.client(t), all())
	if e := errorOf(t, err); e.Kind != KindCredentials || !errors.Is(err, missing) || len(w.attempts) != 0 {
		t.Errorf("got %+v after %d attempts", e, len(w.attempts))
	}
}

// Invoke returns an error of use unchanged, without a retry.
func TestErrorOfUse(t *testing.T) {
	source := &countedBody{Reader: spaces{}}
	w := newWorld(func(*http.Request) (*http.Response, error) {
		a := answer(200, "")
		a.ContentLength, a.Body = -1, source
		return a, nil
	})
	bad := errors.New("not JSON")
	p := all()
	p.Peek = 10
	err := w.client(t).Invoke(t.Context(), &Request{Function: "f"}, p, func(*Response) error { return bad })
	if err != bad || len(w.attempts) != 1 || !source.closed {
		t.Errorf("got %v after %d attempts, Rest closed: %t", err, len(w.attempts), source.closed)
	}
}

// spaces is an endless body of spaces.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// sleep ends after its time, or when the context ends.
func TestSleep(t *testing.T) {
	if err := sleep(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func recordBodies(bodies *[]string, next http.RoundTripper) http.RoundTripper {
	return bodyRecorder{bodies, next}
}

type bodyRecorder struct {
	bodies *[]string
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bodyRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	*b.bodies = append(*b.bodies, string(body))
	return b.next.RoundTrip(r)
}
