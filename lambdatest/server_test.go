package lambdatest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestListen(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		t.Run(addr, func(t *testing.T) {
			server, err := lambdatest.Listen(addr, map[string]any{"echo": echo})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte(`1`)})
			if got, want := string(out.Payload), "1"; got != want {
				t.Errorf("got payload %s, want %s", got, want)
			}
		})
	}
}

func TestListenRefuses(t *testing.T) {
	taken := newServer(t, nil)
	for name, test := range map[string]struct {
		addr      string
		functions map[string]any
		want      string
	}{
		"every interface":      {addr: ":0", want: "not a loopback address"},
		"unspecified":          {addr: "0.0.0.0:0", want: "not a loopback address"},
		"unspecified, IPv6":    {addr: "[::]:0", want: "not a loopback address"},
		"another address":      {addr: "192.0.2.1:0", want: "not a loopback address"},
		"no port":              {addr: "127.0.0.1", want: "missing port"},
		"a port that is taken": {addr: strings.TrimPrefix(taken.URL, "http://"), want: "in use"},
		"a qualified name":     {addr: "127.0.0.1:0", functions: map[string]any{"echo:prod": echo}, want: `"echo:prod"`},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := lambdatest.Listen(test.addr, test.functions)
			if err == nil {
				server.Close()
				t.Fatalf("listens on %s", server.URL)
			}
			if got := err.Error(); !strings.Contains(got, test.want) {
				t.Errorf("got error %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestNamesThatNoCallWouldFind(t *testing.T) {
	server := newServer(t, nil)
	for _, name := range []string{"", "echo:1", "a b", "123456789012:function:echo", "a.b", strings.Repeat("a", 65)} {
		t.Run(name, func(t *testing.T) {
			checkPanics(t, "NewServer", func() { lambdatest.NewServer(map[string]any{name: echo}).Close() })
			checkPanics(t, "Handle", func() { server.Handle(name, echo) })
		})
	}
}

func checkPanics(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s does not panic", what)
		}
	}()
	f()
}

func TestHandleWhileServing(t *testing.T) {
	functions := map[string]any{"f": func() (int, error) { return 1, nil }}
	server := newServer(t, functions)
	functions["g"] = echo // no effect: the server has a copy
	client := newClient(t, server)

	call := func(function string) string {
		t.Helper()
		return string(mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String(function)}).Payload)
	}
	if got, want := call("f"), "1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	server.Handle("f", func() (int, error) { return 2, nil })
	if got, want := call("f"), "2"; got != want {
		t.Errorf("after it was replaced, got %s, want %s", got, want)
	}
	_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("g")})
	checkAPIError(t, err, http.StatusNotFound, "ResourceNotFoundException")
	server.Handle("g", func() (int, error) { return 3, nil })
	if got, want := call("g"), "3"; got != want {
		t.Errorf("after it was added, got %s, want %s", got, want)
	}
}

func TestCallsAreCopies(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	mustInvoke(t, newClient(t, server), &lambda.InvokeInput{
		FunctionName:  aws.String("echo"),
		Payload:       []byte(`"payload"`),
		ClientContext: aws.String("eyJjdXN0b20iOnt9fQ=="),
	})

	spoiled := server.Calls()[0]
	spoiled.Function = "spoiled" //nolint:govet // unusedwrite: that it has no effect is what is tested
	clear(spoiled.Payload)
	clear(spoiled.ClientContext)
	clear(spoiled.Header)

	got := server.Calls()[0]
	if got.Function != "echo" || string(got.Payload) != `"payload"` || string(got.ClientContext) != `{"custom":{}}` ||
		got.Header.Get("Authorization") == "" {
		t.Errorf("got %+v: the caller's change is in it", got)
	}
}

// A mutator changes its payload.
type mutator struct{}

func (mutator) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	payload[1] = '2'
	return payload, nil
}

func TestHandlerOwnsItsPayload(t *testing.T) {
	server := newServer(t, map[string]any{"f": mutator{}})
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("[1]")})
	if got, want := string(out.Payload), "[2]"; got != want {
		t.Errorf("got payload %s, want %s", got, want)
	}
	if got, want := string(server.Calls()[0].Payload), "[1]"; got != want {
		t.Errorf("got recorded payload %s, want %s", got, want)
	}
}

func TestReset(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	server.RequireCredentials("AKIDOTHER", secret)
	client := newClient(t, server)
	call := func() error {
		_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("echo")})
		return err
	}
	checkAPIError(t, call(), http.StatusForbidden, "UnrecognizedClientException")
	server.Fail("echo", lambdatest.Throttle(0).Always())
	server.Fail("*", lambdatest.Throttle(0))

	server.Reset()
	if got := server.Calls(); len(got) != 0 {
		t.Errorf("got calls %v, want none", got)
	}
	checkAPIError(t, call(), http.StatusForbidden, "UnrecognizedClientException")
	server.RequireCredentials(keyID, secret)
	if err := call(); err != nil {
		t.Errorf("got error %v, want none: Reset removes faults", err)
	}
	if got, want := len(server.Calls()), 2; got != want {
		t.Errorf("got %d calls since, want %d", got, want)
	}
}

func TestConcurrentCalls(t *testing.T) {
	const callers, each = 16, 8
	server := newServer(t, nil)
	client := newClient(t, server)

	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			function := fmt.Sprintf("f%d", i%4)
			server.Handle(function, echo)
			for j := range each {
				server.Fail("idle", lambdatest.Throttle(1))
				payload := fmt.Sprintf(`{"caller":%d,"call":%d,"padding":%q}`, i, j, strings.Repeat("x", i))
				out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(function), Payload: []byte(payload)})
				if err != nil {
					t.Error(err)
					return
				}
				if got := string(out.Payload); got != payload {
					t.Errorf("got %s, want %s", got, payload)
				}
				server.Calls()
			}
		})
	}
	wg.Wait()

	calls := server.Calls()
	payloads, ids := make(map[string]bool), make(map[string]bool)
	for _, call := range calls {
		payloads[string(call.Payload)] = true
		ids[call.RequestID] = true
		if !call.Executed {
			t.Errorf("call %s is not marked executed", call.Payload)
		}
	}
	if got, want := len(calls), callers*each; got != want || len(payloads) != want || len(ids) != want {
		t.Errorf("got %d calls, %d payloads and %d ids, want %d of each", got, len(payloads), len(ids), want)
	}
}

func TestCloseDuringExecution(t *testing.T) {
	for _, invocationType := range []types.InvocationType{types.InvocationTypeRequestResponse, types.InvocationTypeEvent} {
		t.Run(string(invocationType), func(t *testing.T) {
			started, returned := make(chan struct{}, 1), make(chan struct{})
			server := newServer(t, map[string]any{"hang": func(ctx context.Context) error {
				defer close(returned)
				return hang(started)(ctx)
			}})
			client := newClient(t, server)
			answered := make(chan error, 1)
			go func() {
				_, err := client.Invoke(t.Context(), &lambda.InvokeInput{
					FunctionName:   aws.String("hang"),
					InvocationType: invocationType,
				})
				answered <- err
			}()
			receive(t, "the execution", started)

			if invocationType == types.InvocationTypeEvent {
				if err := receive(t, "the answer", answered); err != nil {
					t.Errorf("got error %v, want none", err)
				}
			}
			server.Close()
			select {
			case <-returned:
			default:
				t.Error("Close returned before the handler")
			}
			if invocationType == types.InvocationTypeRequestResponse {
				if err := receive(t, "the answer", answered); err == nil {
					t.Error("got an answer from a server that is closed")
				}
			}
			waitFor(t, "the server's goroutines", func() bool { return len(serverGoroutines()) == 0 })
			server.Close() // does nothing
		})
	}
}

func TestCloseDuringDelay(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	server.Fail("echo", lambdatest.Delay(time.Hour))
	client := newClient(t, server)
	answered := make(chan error, 1)
	go func() {
		_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("echo")})
		answered <- err
	}()
	waitFor(t, "the call", func() bool { return len(server.Calls()) == 1 })

	server.Close()
	if err := receive(t, "the answer", answered); err == nil {
		t.Error("got an answer from a server that is closed")
	}
	if server.Calls()[0].Executed {
		t.Error("the function is executed after a delay that did not end")
	}
}

func TestCloseEndsConnections(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing sent":    "",
		"half a header":   "POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthor",
		"half a body":     "POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n12345",
		"idle after call": "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"echo": echo})
			conn := dial(t, server)
			if _, err := io.WriteString(conn, sent); err != nil {
				t.Fatal(err)
			}
			// Accepted after the first, so that one is served by now.
			do(t, newRequest(t, server, "echo", ""))

			server.Close()
			if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
				t.Error("the connection is open still")
			}
			waitFor(t, "the server's goroutines", func() bool { return len(serverGoroutines()) == 0 })
		})
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(interface{ Timeout() bool })
	return ok && timeout.Timeout()
}

func TestExecutionGoesOnWithoutItsCaller(t *testing.T) {
	started, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context) error {
		close(started)
		<-release
		ended <- ctx.Err()
		return nil
	}})
	client := newClient(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
		answered <- err
	}()
	receive(t, "the execution", started)
	cancel()
	if err := receive(t, "the caller", answered); err == nil {
		t.Error("got an answer, want the caller to disconnect")
	}
	close(release)
	if err := receive(t, "the end of the execution", ended); err != nil {
		t.Errorf("got %v from the handler's context, want it not to end with the caller", err)
	}
}

func TestOtherRequests(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	for name, test := range map[string]struct {
		method, path string
		status       int
	}{
		"root":           {http.MethodPost, "/", http.StatusNotFound},
		"another API":    {http.MethodPost, "/2015-03-31/functions/", http.StatusNotFound},
		"no function":    {http.MethodPost, "/2015-03-31/functions//invocations", http.StatusNotFound},
		"one too many":   {http.MethodPost, "/2015-03-31/functions/a/b/invocations", http.StatusNotFound},
		"double slash":   {http.MethodPost, "//2015-03-31/functions/echo/invocations", http.StatusNotFound},
		"versions mixed": {http.MethodPost, "/2015-03-31/functions/echo/response-streaming-invocations", http.StatusNotFound},
		"mixed again":    {http.MethodPost, "/2021-11-15/functions/echo/invocations", http.StatusNotFound},
		"streaming, GET": {http.MethodGet, "/2021-11-15/functions/echo/response-streaming-invocations", http.StatusMethodNotAllowed},
		"wrong method":   {http.MethodGet, "/2015-03-31/functions/echo/invocations", http.StatusMethodNotAllowed},
		"another again":  {http.MethodPut, "/2015-03-31/functions/echo/invocations", http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := do(t, req)
			if got.status != test.status {
				t.Errorf("got status %d, want %d", got.status, test.status)
			}
			if got, want := got.header.Get("X-Amzn-ErrorType"), "UnknownOperationException"; got != want {
				t.Errorf("got type %q, want %q", got, want)
			}
			if got, want := got.header.Get("Content-Type"), "application/json"; got != want {
				t.Errorf("got content type %q, want %q", got, want)
			}
			if got.header.Get("X-Amzn-RequestId") == "" {
				t.Error("got no request id")
			}
			if got, want := got.header.Get("Allow"), http.MethodPost; test.status == http.StatusMethodNotAllowed && got != want {
				t.Errorf("got Allow %q, want %q", got, want)
			}
			var body struct{ Type, Message string }
			if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Type != "User" || body.Message == "" {
				t.Errorf("got body %s, want type User and a message (%v)", got.body, err)
			}
		})
	}
	if got := server.Calls(); len(got) != 0 {
		t.Errorf("got calls %v, want none: these were not invocations", got)
	}
}
