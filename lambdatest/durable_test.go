package lambdatest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	executionName = "X-Amz-Durable-Execution-Name"
	executionARN  = "X-Amz-Durable-Execution-Arn"
)

func named(name string) map[string]string { return map[string]string{executionName: name} }

// counter is a durable function that returns how often it has been executed, and with
// which payload.
func counter(t *testing.T) *lambdatest.Server {
	t.Helper()
	var mu sync.Mutex
	executions := 0
	return newServer(t, map[string]any{"f": lambdatest.Function{Durable: true, Handler: func(payload string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		executions++
		return fmt.Sprintf("%s, execution %d", payload, executions), nil
	}}})
}

func executed(server *lambdatest.Server) []bool {
	var executed []bool
	for _, c := range server.Calls() {
		executed = append(executed, c.Executed)
	}
	return executed
}

func TestDurableExecution(t *testing.T) {
	server := counter(t)
	first := call(t, server, "f", "7", `"a"`, named("order-1"))
	if first.status != http.StatusOK || first.body != `"a, execution 1"` {
		t.Fatalf("got %d %s", first.status, first.body)
	}
	arn := first.header.Get(executionARN)
	if want := regexp.MustCompile(`^arn:aws:lambda:eu-west-1:000000000000:function:f:7/durable-execution/order-1/[a-z0-9-]{36}$`); !want.MatchString(arn) {
		t.Errorf("got ARN %q, want %s", arn, want)
	}
	again := call(t, server, "f", "7", `"a"`, named("order-1"))
	if again.status != http.StatusOK || again.body != first.body || again.header.Get(executionARN) != arn {
		t.Errorf("the second call got %d %s of %s, want the first one's result", again.status, again.body, again.header.Get(executionARN))
	}
	if got, want := again.header.Get("X-Amz-Executed-Version"), "7"; got != want {
		t.Errorf("got executed version %q, want %q", got, want)
	}
	if got, want := fmt.Sprint(executed(server)), "[true false]"; got != want {
		t.Errorf("got %s executed, want %s", got, want)
	}
	if got := server.Calls()[1].DurableExecutionName; got != "order-1" {
		t.Errorf("got execution name %q recorded", got)
	}
}

func TestDurableExecutionNameInUse(t *testing.T) {
	for name, again := range map[string]func(*lambdatest.Server) answer{
		"another payload": func(s *lambdatest.Server) answer { return call(t, s, "f", "7", `"b"`, named("order-1")) },
		"another version": func(s *lambdatest.Server) answer { return call(t, s, "f", "8", `"a"`, named("order-1")) },
		"another function": func(s *lambdatest.Server) answer {
			s.Handle("g", lambdatest.Function{Durable: true, Handler: echo})
			return call(t, s, "g", "7", `"a"`, named("order-1"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := counter(t)
			first := call(t, server, "f", "7", `"a"`, named("order-1"))
			checkRefusal(t, again(server), http.StatusConflict, "DurableExecutionAlreadyStartedException",
				"Execution already started: "+first.header.Get(executionARN))
			if server.Calls()[1].Executed {
				t.Error("the refused call was executed")
			}
		})
	}
}

func TestDurableExecutionsThatAreNew(t *testing.T) {
	for name, again := range map[string]func(*lambdatest.Server) answer{
		"another name": func(s *lambdatest.Server) answer { return call(t, s, "f", "7", `"a"`, named("order-2")) },
		"another account": func(s *lambdatest.Server) answer {
			return call(t, s, "123456789012:function:f", "7", `"a"`, named("order-1"))
		},
		"no name": func(s *lambdatest.Server) answer { return call(t, s, "f", "7", `"a"`, nil) },
		"after Reset": func(s *lambdatest.Server) answer {
			s.Reset()
			return call(t, s, "f", "7", `"a"`, named("order-1"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := counter(t)
			call(t, server, "f", "7", `"a"`, nil)
			first := call(t, server, "f", "7", `"a"`, named("order-1"))
			second := again(server)
			if got, want := second.body, `"a, execution 3"`; second.status != http.StatusOK || got != want {
				t.Errorf("got %d %s, want %s", second.status, got, want)
			}
			if arn := second.header.Get(executionARN); arn == "" || arn == first.header.Get(executionARN) {
				t.Errorf("got the ARN %q again", arn)
			}
		})
	}
}

func TestDurableFunctionError(t *testing.T) {
	server := newServer(t, map[string]any{"f": lambdatest.Function{Durable: true, Handler: func() error { return errors.New("broken") }}})
	first := call(t, server, "f", "7", "", named("order-1"))
	again := call(t, server, "f", "7", "{}", named("order-1")) // what an empty payload stands for
	if again.header.Get("X-Amz-Function-Error") != "Unhandled" || again.body != first.body {
		t.Errorf("got %s, want the first one's error, %s", again.body, first.body)
	}
	if server.Calls()[1].Executed {
		t.Error("the function was executed again")
	}
}

func TestDurableDryRun(t *testing.T) {
	server := counter(t)
	got := call(t, server, "f", "7", `"a"`, map[string]string{executionName: "order-1", "X-Amz-Invocation-Type": "DryRun"})
	if arn := got.header.Get(executionARN); got.status != http.StatusNoContent || arn != "" {
		t.Errorf("got %d and ARN %q, want 204 and none", got.status, arn)
	}
	if got := call(t, server, "f", "7", `"b"`, named("order-1")); got.status != http.StatusOK {
		t.Errorf("got %d %s after a dry run with another payload", got.status, got.body)
	}
}

// Of two calls at once, one executes the function, and both get its result.
func TestDurableExecutionUnderWay(t *testing.T) {
	for _, firstType := range []string{"RequestResponse", "Event"} {
		t.Run(firstType, func(t *testing.T) {
			started, release := make(chan struct{}, 2), make(chan struct{})
			server := newServer(t, map[string]any{"f": lambdatest.Function{Durable: true, Handler: func() (string, error) {
				started <- struct{}{}
				<-release
				return "done", nil
			}}})
			header := map[string]string{executionName: "order-1", "X-Amz-Invocation-Type": firstType}
			answers := make(chan answer, 2)
			var calls sync.WaitGroup
			defer calls.Wait()
			end := sync.OnceFunc(func() { close(release) })
			defer end()
			calls.Go(func() { answers <- call(t, server, "f", "7", "", header) })
			receive(t, "the handler", started)
			calls.Go(func() { answers <- call(t, server, "f", "7", "", named("order-1")) })
			waitFor(t, "the second call", func() bool { return len(server.Calls()) == 2 })
			if got := call(t, server, "f", "7", "", map[string]string{executionName: "order-1", "X-Amz-Invocation-Type": "Event"}); got.status != http.StatusAccepted {
				t.Errorf("got %d %s for an asynchronous call, want 202 at once", got.status, got.body)
			}
			end()
			arns := map[string]bool{}
			for range 2 {
				got := receive(t, "an answer", answers)
				if got.status == http.StatusOK && got.body != `"done"` {
					t.Errorf("got body %s", got.body)
				}
				arns[got.header.Get(executionARN)] = true
			}
			if len(arns) != 1 {
				t.Errorf("got the ARNs %v, want one", arns)
			}
			if len(started) > 0 {
				t.Error("the function was executed twice")
			}
		})
	}
}

// A call that waits for the execution of another call stops waiting when the server closes.
func TestCloseWhileACallAwaitsAnother(t *testing.T) {
	for name, end := range map[string]func(server *lambdatest.Server, goexit chan<- struct{}){
		"Close":  func(server *lambdatest.Server, _ chan<- struct{}) { server.Close() },
		"Goexit": func(_ *lambdatest.Server, goexit chan<- struct{}) { close(goexit) },
	} {
		t.Run(name, func(t *testing.T) {
			started, goexit := make(chan struct{}, 1), make(chan struct{})
			server := newServer(t, map[string]any{"f": lambdatest.Function{Durable: true, Handler: func(ctx context.Context) error {
				started <- struct{}{}
				select {
				case <-ctx.Done():
				case <-goexit:
					runtime.Goexit()
				}
				return nil
			}}})
			errs := make(chan error, 2)
			send := func() {
				req := newRequest(t, server, "f", "")
				req.URL.RawQuery = "Qualifier=7"
				req.Header.Set(executionName, "order-1")
				sign(t, req, "", "lambda")
				transport := &http.Transport{}
				defer transport.CloseIdleConnections()
				res, err := transport.RoundTrip(req)
				if err == nil {
					res.Body.Close()
				}
				errs <- err
			}
			go send()
			receive(t, "the handler", started)
			go send()
			waitFor(t, "the second call", func() bool { return len(server.Calls()) == 2 })
			end(server, goexit)
			for range 2 {
				if err := receive(t, "the end of a call", errs); err == nil {
					t.Error("got an answer")
				}
			}
		})
	}
}

// The SDK sends the name and returns the ARN. It has a type for the error of a name in use.
func TestDurableExecutionAsTheSDKSeesIt(t *testing.T) {
	server := counter(t)
	client := newClient(t, server)
	in := lambda.InvokeInput{
		FunctionName:         aws.String("f:live"),
		DurableExecutionName: aws.String("order-1"),
		InvocationType:       types.InvocationTypeEvent,
		Payload:              []byte(`"a"`),
	}
	out := mustInvoke(t, client, &in)
	if out.StatusCode != http.StatusAccepted || aws.ToString(out.DurableExecutionArn) == "" {
		t.Errorf("got %d and ARN %q, want 202 and an ARN", out.StatusCode, aws.ToString(out.DurableExecutionArn))
	}
	in.InvocationType = types.InvocationTypeRequestResponse
	if got, want := string(mustInvoke(t, client, &in).Payload), `"a, execution 1"`; got != want {
		t.Errorf("got the result %s of the execution, want %s", got, want)
	}
	in.Payload = []byte(`"b"`)
	_, err := client.Invoke(t.Context(), &in)
	var started *types.DurableExecutionAlreadyStartedException
	if !errors.As(err, &started) {
		t.Fatalf("got error %v", err)
	}
	checkAPIError(t, err, http.StatusConflict, "DurableExecutionAlreadyStartedException")
}

func TestDurableRefusals(t *testing.T) {
	server := counter(t)
	for _, invocationType := range []string{"RequestResponse", "Event", "DryRun"} {
		got := call(t, server, "f", "", `"a"`, map[string]string{"X-Amz-Invocation-Type": invocationType})
		checkRefusal(t, got, http.StatusBadRequest, "InvalidParameterValueException",
			"You cannot invoke a durable function using an unqualified ARN.")
	}
	req := newRequest(t, server, "f", `"a"`)
	req.URL.Path, req.URL.RawQuery = fmt.Sprintf(streamingInvocations, "f"), "Qualifier=7"
	req.Header.Set(executionName, "order-1")
	sign(t, req, `"a"`, "lambda")
	checkRefusal(t, do(t, req), http.StatusBadRequest, "InvalidParameterValueException", "no durable execution name")
}
