package backend

import (
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

// failsTimes returns a function whose first n executions fail.
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
		{"off", 1, nil, map[string]any{"retry_function_errors": false}, 1, false},
		{"by default", 1, nil, map[string]any{"retry_function_errors": nil}, 1, false},
		{"the second succeeds", 1, nil, nil, 2, true},
		{"the last succeeds", 2, nil, nil, 3, true},
		{"none succeeds", always, nil, nil, 3, false},
		{"no retries", always, nil, map[string]any{"max_retries": 0.0}, 1, false},
		{"the SDK's number", always, nil, map[string]any{"max_retries": -1.0}, 4, false},
		// All failures count for the same limit.
		{"failed by Lambda first", always, []lambdatest.Fault{service}, nil, 3, false},
		{"failed by Lambda then", always, []lambdatest.Fault{pass, service}, nil, 3, false},
		{"failed by Lambda last", always, []lambdatest.Fault{pass, pass, service.Always()}, nil, 3, false},
		{"failed by Lambda only", 0, []lambdatest.Fault{service, service}, nil, 3, true},
		{"one of each", 1, []lambdatest.Fault{service}, nil, 3, true},
		// An attempt without an execution does not count.
		{"expired first", always, []lambdatest.Fault{expired}, nil, 4, false},
		{"expired then", always, []lambdatest.Fault{pass, expired}, nil, 4, false},
		{"expired then, and the last succeeds", 2, []lambdatest.Fault{pass, expired}, nil, 4, true},
		{"always expired", always, []lambdatest.Fault{pass, expired.Always()}, nil, 3, false},
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
			var delays []time.Duration
			l := &recorder{}
			b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL, delays: &delays}}).New(Spec{Encoding: "no-op", Settings: ns(settings)})
			response, err := do(t.Context(), b, &Request{})
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
			if slices.ContainsFunc(delays, func(d time.Duration) bool { return d < 25*time.Millisecond }) {
				t.Errorf("%s, stream %t: got delays %v", tc.name, stream, delays)
			}
			if want := map[bool]int{false: 1}[tc.ok]; len(l.level("ERROR")) != want {
				t.Errorf("%s, stream %t: got %q, want %d lines", tc.name, stream, l.lines, want)
			}
		}
	}
}

// If the deadline passes in a later execution, the log has the error of the previous one.
func TestProgressAfterAFunctionError(t *testing.T) {
	ctx := &endedByHand{t.Context(), make(chan struct{})}
	n := 0
	l := &recorder{}
	b := withInvoker(l, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		if n++; n == 1 {
			return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(`{"errorMessage":"out of tea"}`)}, nil
		}
		close(ctx.done)
		return nil, ctx.Err()
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "retry_function_errors": true})})
	_, err := do(ctx, b, &Request{})
	want := `ERROR [BACKEND: ][Lambda] the deadline passed in attempt 2: function f, 2 attempts: the previous attempt failed: code Unhandled: 'out of tea'`
	if lines := l.level("ERROR"); err == nil || len(lines) != 1 || lines[0] != want {
		t.Errorf("got %v, log %q, want %s", err, lines, want)
	}
}

// An Invoker that is not an SDK client gets the SDK's default number of retries.
func TestRetriesOfFunctionErrorsWithAnInvoker(t *testing.T) {
	for retries, want := range map[float64]int{-1: 4, 0: 1, 2: 3} {
		n := 0
		b := withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			n++
			return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled")}, nil
		})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "retry_function_errors": true, "max_retries": retries})})
		if _, err := do(t.Context(), b, &Request{}); err == nil || n != want {
			t.Errorf("%v: got %v after %d executions, want %d", retries, err, n, want)
		}
	}
}

// After a stream has begun, the call is not retried.
func TestStreamThatFailsLaterIsNotRetried(t *testing.T) {
	s := streamAPI(t, func() (typed, error) {
		return typed{bytesOf{io.MultiReader(strings.NewReader("some of it"), ending{errors.New("out of tea")})}, "text/plain"}, nil
	})
	b, _ := newBackend(t, s, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true, "retry_function_errors": true})
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(response.Body); err == nil || string(got) != "some of it" || len(s.Calls()) != 1 {
		t.Errorf("got %q, %v after %d calls", got, err, len(s.Calls()))
	}
}
