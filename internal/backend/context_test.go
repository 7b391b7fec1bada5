package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

type contextKey struct{}

func TestContextForgetsItsValues(t *testing.T) {
	var kept context.Context
	b := withInvoker(&recorder{}, invokerFunc(func(ctx aws.Context, _ *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		if got := ctx.Value(contextKey{}); got != "value" {
			t.Errorf("during the call: got %v, want the request's value", got)
		}
		kept = ctx //nolint:fatcontext // a context that outlives its request is what is tested
		return &lambda.InvokeOutput{}, nil
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})

	if _, err := do(context.WithValue(t.Context(), contextKey{}, "value"), b, &Request{}); err != nil {
		t.Fatal(err)
	}
	if got := kept.Value(contextKey{}); got != nil {
		t.Errorf("after the call: got %v, want nothing", got)
	}
}

// If the context ends within the body of an answer, the error is the end of the context, for any
// status of the answer.
func TestContextEndsWithinAnErrorsBody(t *testing.T) {
	reading := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, `{"Type":"Service",`)
		w.(http.Flusher).Flush()
		reading <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reading
		cancel()
	}()
	if _, err := do(ctx, b, &Request{}); err != context.Canceled {
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}

	deadline := &endedByHand{t.Context(), make(chan struct{})}
	go func() {
		<-reading
		close(deadline.done)
	}()
	_, err := do(deadline, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a 504 that is %v", err, context.DeadlineExceeded)
	}
}

// A complete answer counts even if the context ends just after it. A cancellation by the Invoker is
// not one by the client.
func TestErrorsBesideTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		cancel()
		return nil, awserr.NewRequestFailure(awserr.New("AccessDeniedException", "", nil), 403, "")
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	_, err := do(ctx, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v, want a 502", err)
	}

	b = withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return nil, fmt.Errorf("its own: %w", context.Canceled)
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	if _, err = do(t.Context(), b, &Request{}); !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v, want a 502", err)
	}

	called := false
	b = withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		called = true
		return &lambda.InvokeOutput{}, nil
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	if _, err = do(ctx, b, &Request{}); err != context.Canceled || called {
		t.Errorf("got %v, called: %t; want %v without a call", err, called, context.Canceled)
	}
}

// The log says when the deadline passed.
func TestProgressInTheLog(t *testing.T) {
	ctx := &endedByHand{t.Context(), make(chan struct{})}
	s := lambdatest.NewServer(map[string]any{"f": func(execution context.Context) {
		close(ctx.done)
		<-execution.Done()
	}})
	t.Cleanup(s.Close)
	s.Fail("f", lambdatest.APIError(500, "ServiceException", "first"))
	b, l := newBackend(t, s, Spec{}, nil)
	if _, err := do(ctx, b, &Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	want := "ERROR [BACKEND: ][Lambda] the deadline passed in attempt 2: function f, request id " + s.Calls()[0].RequestID + ", 2 attempts: the previous attempt failed: code ServiceException (500): 'first'"
	if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

// endedByHand is a context whose deadline passes when its channel is closed.
type endedByHand struct {
	context.Context
	done chan struct{}
}

func (c *endedByHand) Done() <-chan struct{} { return c.done }

func (c *endedByHand) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestContextIsDoneBeforeTheCall(t *testing.T) {
	l := &recorder{}
	b := withInvoker(l, noInvoker{}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})

	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := do(ctx, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a 504 that is %v", err, context.DeadlineExceeded)
	}
	if e.Details() != nil {
		t.Errorf("got details %s, want none", e.Details())
	}
	if n := len(l.level("ERROR")); n != 1 {
		t.Errorf("got %d error lines, want 1", n)
	}

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err = do(ctx, b, &Request{}); err != context.Canceled {
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}
	if n := len(l.level("ERROR")); n != 1 {
		t.Errorf("got %d error lines, want 1, because a client that went away is not an error", n)
	}
}

func TestContextEndsDuringTheCall(t *testing.T) {
	started := make(chan struct{}, 1)
	s := lambdatest.NewServer(map[string]any{
		"hangs": func(ctx context.Context) error {
			started <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		},
	})
	t.Cleanup(s.Close)
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_name": "hangs"})

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	if _, err := do(ctx, b, &Request{}); err != context.Canceled {
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}

	deadline := &endedByHand{t.Context(), make(chan struct{})}
	go func() {
		<-started
		close(deadline.done)
	}()
	_, err := do(deadline, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a 504 that is %v", err, context.DeadlineExceeded)
	}
	if n := len(s.Calls()); n != 2 {
		t.Errorf("got %d calls, want 2, because the end of the context is not retried", n)
	}
}
