package backend

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// failsTimes is a function that returns an error for its first n executions.
func failsTimes(n int32) func() (string, error) {
	var executions atomic.Int32
	return func() (string, error) {
		if executions.Add(1) <= n {
			return "", errors.New("out of tea")
		}
		return "tea", nil
	}
}

func TestRetriesOfFunctionErrors(t *testing.T) {
	const always = 1 << 30
	service := lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "")
	expired := lambdatest.APIError(http.StatusForbidden, "ExpiredTokenException", "")
	pass := lambdatest.Fault{}
	for _, tc := range []struct {
		name     string
		failures int32
		faults   []lambdatest.Fault
		settings map[string]any
		calls    int
		ok       bool
	}{
		{"not asked for", 1, nil, map[string]any{"retry_function_errors": false}, 1, false},
		{"by default", 1, nil, map[string]any{"retry_function_errors": nil}, 1, false},
		{"the second works", 1, nil, nil, 2, true},
		{"the last works", 2, nil, nil, 3, true},
		{"none works", always, nil, nil, 3, false},
		{"no retries", always, nil, map[string]any{"max_retries": 0.0}, 1, false},
		{"the SDK's number", always, nil, map[string]any{"max_retries": -1.0}, 4, false},
		// All failures count for one limit.
		{"failed by Lambda first", always, []lambdatest.Fault{service}, nil, 3, false},
		{"failed by Lambda then", always, []lambdatest.Fault{pass, service}, nil, 3, false},
		{"failed by Lambda last", always, []lambdatest.Fault{pass, pass, service.Always()}, nil, 3, false},
		{"failed by Lambda only", 0, []lambdatest.Fault{service, service}, nil, 3, true},
		{"one of each", 1, []lambdatest.Fault{service}, nil, 3, true},
		// What nobody has executed does not count.
		{"expired first", always, []lambdatest.Fault{expired}, nil, 4, false},
		{"expired then", always, []lambdatest.Fault{pass, expired}, nil, 4, false},
		{"expired then, and the last works", 2, []lambdatest.Fault{pass, expired}, nil, 4, true},
		{"expired for good", always, []lambdatest.Fault{pass, expired.Always()}, nil, 3, false},
	} {
		for _, stream := range []bool{false, true} {
			s := lambdatest.NewServer(map[string]any{"f": failsTimes(tc.failures)})
			s.Fail("f", tc.faults...)
			settings := map[string]any{"function_name": "f", "max_retries": 2.0, "retry_function_errors": true, "stream": stream}
			for k, v := range tc.settings {
				if settings[k] = v; v == nil {
					delete(settings, k)
				}
			}
			b, l := newBackend(t, s, Spec{Encoding: "no-op"}, settings)
			var delays []time.Duration
			b.sleep = func(_ context.Context, d time.Duration) error {
				delays = append(delays, d)
				return nil
			}
			response, err := invoke(t.Context(), b, &Request{})
			if tc.ok != (err == nil) {
				t.Errorf("%s, stream %t: got %v", tc.name, stream, err)
			}
			if err == nil {
				if got := readAll(t, response); got != `"tea"` {
					t.Errorf("%s, stream %t: got %s", tc.name, stream, got)
				}
			}
			s.Close()
			if n := len(s.Calls()); n != tc.calls {
				t.Errorf("%s, stream %t: got %d calls, want %d", tc.name, stream, n, tc.calls)
			}
			if slices.ContainsFunc(delays, func(d time.Duration) bool { return d < 30*time.Millisecond }) {
				t.Errorf("%s, stream %t: got delays %v", tc.name, stream, delays)
			}
			if want := map[bool]int{false: 1}[tc.ok]; len(l.level("ERROR")) != want {
				t.Errorf("%s, stream %t: got %q, want %d lines", tc.name, stream, l.lines, want)
			}
		}
	}
}

// The back-off doubles, as the SDK's.
func TestDelaysBetweenFunctionErrors(t *testing.T) {
	c := call{retryer: retryer{max: 5, now: time.Now}}
	for retry, most := range []time.Duration{60, 120, 240, 480, 960} {
		c.sent++
		delay, ok := c.next(t.Context())
		if !ok || delay > most*time.Millisecond || delay < most/2*time.Millisecond {
			t.Errorf("retry %d: got %v, %t", retry+1, delay, ok)
		}
	}
	c.sent++
	if delay, ok := c.next(t.Context()); ok {
		t.Errorf("got a delay of %v after the last", delay)
	}
}

// A retry that the deadline leaves no room for is not waited for, and one that it ends
// within has the function's error, not its own.
func TestRetriesOfFunctionErrorsAndTheDeadline(t *testing.T) {
	settings := map[string]any{"function_name": "f", "retry_function_errors": true}
	for name, tc := range map[string]struct {
		now   func(deadline time.Time) time.Time
		slept bool
	}{
		"no room":     {func(deadline time.Time) time.Time { return deadline.Add(-30 * time.Millisecond) }, false},
		"ended in it": {func(deadline time.Time) time.Time { return deadline.Add(-time.Hour) }, true},
	} {
		s := lambdatest.NewServer(map[string]any{"f": failsTimes(1)})
		b, _ := newBackend(t, s, Spec{}, settings)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		deadline, _ := ctx.Deadline()
		slept := false
		b.now = func() time.Time { return tc.now(deadline) }
		b.sleep = func(ctx context.Context, _ time.Duration) error {
			slept = true
			cancel()
			return ctx.Err()
		}
		_, err := invoke(ctx, b, &Request{})
		cancel()
		s.Close()
		if e, ok := err.(*Error); !ok || e.StatusCode() != http.StatusBadGateway || e.message != "the function failed" {
			t.Errorf("%s: got %v", name, err)
		}
		if slept != tc.slept || len(s.Calls()) != 1 {
			t.Errorf("%s: slept: %t, calls: %d", name, slept, len(s.Calls()))
		}
	}
}

// The log tells what a later execution was cut short after.
func TestProgressAfterAFunctionError(t *testing.T) {
	ctx := &endedByHand{t.Context(), make(chan struct{})}
	n := 0
	l := &recorder{}
	b := NewFactory(Options{Logger: l, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		if n++; n == 1 {
			return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(`{"errorMessage":"out of tea"}`)}, nil
		}
		close(ctx.done)
		return nil, ctx.Err()
	})}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "retry_function_errors": true})})
	b.sleep = func(context.Context, time.Duration) error { return nil }
	_, err := invoke(ctx, b, &Request{})
	want := `ERROR [BACKEND: ][Lambda] the deadline passed in attempt 2; the one before failed: "lambda: the function failed"; function "f", request id ""`
	if lines := l.level("ERROR"); err == nil || len(lines) != 1 || lines[0] != want {
		t.Errorf("got %v, log %q, want %s", err, lines, want)
	}
}

// Behind an Invoker that is none of the SDK's, the number of retries that nobody has
// configured is the SDK's.
func TestRetriesOfFunctionErrorsWithAnInvoker(t *testing.T) {
	for retries, want := range map[float64]int{-1: 4, 0: 1, 2: 3} {
		n := 0
		b := NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			n++
			return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled")}, nil
		})}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "retry_function_errors": true, "max_retries": retries})})
		b.sleep = func(context.Context, time.Duration) error { return nil }
		if _, err := invoke(t.Context(), b, &Request{}); err == nil || n != want {
			t.Errorf("%v: got %v after %d executions, want %d", retries, err, n, want)
		}
	}
}

// A stream that has begun is not executed again.
func TestStreamThatFailsLaterIsNotRetried(t *testing.T) {
	s := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.MultiReader(strings.NewReader("some of it"), ending{errors.New("out of tea")})}, "text/plain"}, nil
	})
	b, _ := newBackend(t, s, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true, "retry_function_errors": true})
	b.sleep = func(context.Context, time.Duration) error { t.Error("slept"); return nil }
	response, err := invoke(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(response.Body); err == nil || string(got) != "some of it" || len(s.Calls()) != 1 {
		t.Errorf("got %q, %v after %d calls", got, err, len(s.Calls()))
	}
}
