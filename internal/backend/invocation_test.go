package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestInvocationTypes(t *testing.T) {
	for _, tc := range []struct {
		invocationType, encoding string
		status                   int
		executed                 bool
	}{
		{"Event", "json", http.StatusAccepted, true},
		{"Event", "no-op", http.StatusAccepted, true},
		{"DryRun", "json", http.StatusNoContent, false},
		{"DryRun", "no-op", http.StatusNoContent, false},
		{"RequestResponse", "json", http.StatusOK, true},
	} {
		t.Run(tc.invocationType+", "+tc.encoding, func(t *testing.T) {
			s := api(t, `{"a":1}`)
			b, _ := newBackend(t, s, Spec{Encoding: tc.encoding}, map[string]any{"function_name": "f", "invocation_type": tc.invocationType})
			response, err := do(t.Context(), b, &Request{})
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != tc.status || (response.Body == http.NoBody) != (tc.invocationType != "RequestResponse") {
				t.Errorf("got %d %v", response.StatusCode, response.Body)
			}
			c := s.Calls()[0]
			if response.Header.Get("X-Amzn-Requestid") != c.RequestID || response.Header.Get("Content-Type") != "" {
				t.Errorf("got %v", response.Header)
			}
			if c.InvocationType != tc.invocationType || c.Executed != tc.executed {
				t.Errorf("got %s, executed %t; want %s, %t", c.InvocationType, c.Executed, tc.invocationType, tc.executed)
			}
		})
	}
}

// The limit of an asynchronous invocation is lower.
func TestEventInvocationLimit(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{Method: "POST"}, map[string]any{"function_name": "f", "invocation_type": "Event"})
	send := func(n int) error {
		_, err := do(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader(`"` + strings.Repeat("x", n-2) + `"`))})
		return err
	}
	if err := send(1 << 20); err != nil {
		t.Error(err)
	}
	var e *Error
	if err := send(1<<20 + 1); !errors.As(err, &e) || e.StatusCode() != http.StatusRequestEntityTooLarge || !strings.Contains(e.line(), "1048576") {
		t.Errorf("got %v, want a 413", err)
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

// The limit applies to the event, which is larger than the body.
func TestEventLimit(t *testing.T) {
	b, _, calls := backendOf(t, "json", map[string]any{"payload_format": "2.0"}, func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || len(body) > maxPayload {
			t.Errorf("got a payload of %d bytes, %v", len(body), err)
		}
		io.WriteString(w, "{}")
	})
	request := func(n int) *Request {
		return &Request{Method: "POST", Body: io.NopCloser(strings.NewReader(strings.Repeat("\xff", n)))} // sent as base64
	}
	if _, err := do(t.Context(), b, request(4<<20)); err != nil {
		t.Error(err)
	}
	var e *Error
	if _, err := do(t.Context(), b, request(5<<20)); !errors.As(err, &e) || e.StatusCode() != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, want a 413", err)
	}
	if *calls != 1 {
		t.Errorf("got %d calls, want 1", *calls)
	}
}

func TestQualifier(t *testing.T) {
	s := api(t, `{}`)
	b, l := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda", "function_name_case": "verbatim", "qualifier": "live"})
	if _, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": "f"}}); err != nil {
		t.Fatal(err)
	}
	if c := s.Calls()[0]; c.Function != "f" || c.Qualifier != "live" {
		t.Errorf("got %s:%s, want f:live", c.Function, c.Qualifier)
	}

	// A client cannot overrule the configuration.
	var e *Error
	if _, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": "f:dev"}}); !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
		t.Errorf("got %v, want a 404", err)
	}
	if got := l.level("INFO"); len(got) != 1 || !strings.Contains(got[0], `invalid function name 'f:dev': the configuration sets the qualifier, so the name must not have one`) {
		t.Errorf("got %q", got)
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

func TestLogTail(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func(ctx context.Context) error {
		fmt.Fprint(lambdatest.LogWriter(ctx), "tea\tis ready\nan \x1b[31mevil\x1b[0m line\n")
		return errors.New("cold")
	}})
	t.Cleanup(s.Close)
	b, l := newBackend(t, s, Spec{URLPattern: "/x"}, map[string]any{"function_name": "f:7", "log_tail": true})
	if _, err := do(t.Context(), b, &Request{}); err == nil {
		t.Fatal("got no error")
	}
	c := s.Calls()[0]
	if c.LogType != "Tail" {
		t.Errorf("got the log type %s", c.LogType)
	}
	prefix := "DEBUG [BACKEND: /x][Lambda] log of f:7, request id " + c.RequestID + ": "
	for _, want := range []string{prefix + "tea is ready", prefix + "an  [31mevil [0m line", prefix + "START RequestId: " + c.RequestID + " Version: 7"} {
		if !slices.Contains(l.level("DEBUG"), want) {
			t.Errorf("no line %q in %q", want, l.level("DEBUG"))
		}
	}
}

func TestLogThatIsNotBase64(t *testing.T) {
	l := &recorder{}
	b := withInvoker(l, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{LogResult: aws.String("!")}, nil
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "log_tail": true})})
	if _, err := do(t.Context(), b, &Request{}); err != nil {
		t.Error(err)
	}
	if got, want := l.level("WARNING"), []string{"WARNING [BACKEND: ][Lambda] the function's log is not base64: function f"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Of concurrent calls, the first reply counts, even if other calls fail. If all fail, the request
// fails with one error.
func TestConcurrentCallsOfOneRequest(t *testing.T) {
	reply := func(aws.Context) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{Payload: []byte(`"tea"`)}, nil
	}
	fail := func(aws.Context) (*lambda.InvokeOutput, error) { return nil, errors.New("out of tea") }
	explode := func(aws.Context) (*lambda.InvokeOutput, error) { panic("out of tea") }
	hang := func(ctx aws.Context) (*lambda.InvokeOutput, error) { <-ctx.Done(); return nil, ctx.Err() }

	for _, tc := range []struct {
		name   string
		calls  []func(aws.Context) (*lambda.InvokeOutput, error)
		status int
	}{
		{"one call", []func(aws.Context) (*lambda.InvokeOutput, error){reply}, 200},
		{"two replies", []func(aws.Context) (*lambda.InvokeOutput, error){reply, reply}, 200},
		{"one fails", []func(aws.Context) (*lambda.InvokeOutput, error){fail, reply}, 200},
		{"one panics", []func(aws.Context) (*lambda.InvokeOutput, error){explode, reply}, 200},
		{"one hangs", []func(aws.Context) (*lambda.InvokeOutput, error){hang, reply}, 200},
		{"two fail and one hangs", []func(aws.Context) (*lambda.InvokeOutput, error){fail, reply, hang, fail}, 200},
		{"all fail", []func(aws.Context) (*lambda.InvokeOutput, error){fail, fail, fail}, 502},
		{"all panic", []func(aws.Context) (*lambda.InvokeOutput, error){explode, explode}, 500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var executions atomic.Int32
			var over sync.WaitGroup
			over.Add(len(tc.calls))
			l := &recorder{}
			b := withInvoker(l, invokerFunc(func(ctx aws.Context, _ *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				defer over.Done()
				return tc.calls[executions.Add(1)-1](ctx)
			})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "max_retries": 0}), ConcurrentCalls: len(tc.calls)})
			response, err := do(t.Context(), b, &Request{})
			over.Wait() // the other calls are canceled
			if tc.status == 200 {
				if err != nil || readAll(t, response) != `"tea"` || len(l.level("ERROR")) != 0 {
					t.Errorf("got %v, log %q; want a reply", err, l.lines)
				}
				return
			}
			if e, ok := err.(*Error); !ok || e.StatusCode() != tc.status || len(l.level("ERROR")) != 1 {
				t.Errorf("got %v, log %q; want a %d", err, l.lines, tc.status)
			}
		})
	}
}

// The gateway logs the log of each execution, also of failed attempts.
func TestLogTailOfEachExecution(t *testing.T) {
	for _, stream := range []bool{false, true} {
		n := 0
		s := lambdatest.NewServer(map[string]any{"f": func(ctx context.Context) (string, error) {
			n++
			fmt.Fprintln(lambdatest.LogWriter(ctx), "kettle", n)
			if n == 1 {
				return "", errors.New("cold")
			}
			return "tea", nil
		}})
		b, l := newBackend(t, s, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "log_tail": true, "retry_function_errors": true, "stream": stream})
		response, err := do(t.Context(), b, &Request{})
		if err != nil || readAll(t, response) != `"tea"` {
			t.Errorf("stream %t: got %v", stream, err)
		}
		s.Close()
		var got []string
		for _, line := range l.level("DEBUG") {
			if _, text, ok := strings.Cut(line, "kettle "); ok {
				got = append(got, text)
			}
		}
		if want := []string{"1", "2"}; !slices.Equal(got, want) {
			t.Errorf("stream %t: got the logs %q, want %q", stream, got, want)
		}
	}
}
