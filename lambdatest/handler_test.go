package lambdatest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	golambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// checkFunctionError checks the payload of a function error except its stack trace, which it
// returns.
func checkFunctionError(t *testing.T, out *lambda.InvokeOutput, want messages.InvokeResponse_Error) []*messages.InvokeResponse_Error_StackFrame {
	t.Helper()
	if got, want := out.StatusCode, int32(200); got != want {
		t.Errorf("got status %d, want %d", got, want)
	}
	if got, want := aws.ToString(out.FunctionError), "Unhandled"; got != want {
		t.Errorf("got function error %q, want %q", got, want)
	}
	var got messages.InvokeResponse_Error
	if err := json.Unmarshal(out.Payload, &got); err != nil {
		t.Fatalf("%v in %.200s", err, out.Payload)
	}
	if got.Type != want.Type || got.Message != want.Message {
		t.Errorf("got %s: %s, want %s: %s", got.Type, got.Message, want.Type, want.Message)
	}
	return got.StackTrace
}

type valueError struct{}

func (valueError) Error() string { return "by value" }

type pointerError struct{}

func (*pointerError) Error() string { return "by pointer" }

// A nilError panics in Error, because its message is nil.
type nilError struct{ message *string }

func (e nilError) Error() string { return *e.message }

func TestFunctionErrors(t *testing.T) {
	custom := messages.InvokeResponse_Error{Type: "Custom", Message: "as it is"}
	for name, test := range map[string]struct {
		handler any
		want    messages.InvokeResponse_Error
	}{
		"errors.New":     {func() error { return errors.New("plain") }, messages.InvokeResponse_Error{Type: "errorString", Message: "plain"}},
		"wrapped":        {func() error { return fmt.Errorf("a: %w", io.EOF) }, messages.InvokeResponse_Error{Type: "wrapError", Message: "a: EOF"}},
		"by value":       {func() error { return valueError{} }, messages.InvokeResponse_Error{Type: "valueError", Message: "by value"}},
		"by pointer":     {func() error { return &pointerError{} }, messages.InvokeResponse_Error{Type: "pointerError", Message: "by pointer"}},
		"runtime's own":  {func() error { return custom }, custom},
		"event's type":   {func(int) error { return nil }, messages.InvokeResponse_Error{Type: "UnmarshalTypeError", Message: "json: cannot unmarshal object into Go value of type int"}},
		"reply's type":   {func() (any, error) { return make(chan int), nil }, messages.InvokeResponse_Error{Type: "UnsupportedTypeError", Message: "json: unsupported type: chan int"}},
		"nil handler":    {nil, messages.InvokeResponse_Error{Type: "errorString", Message: "handler is nil"}},
		"no handler":     {"f", messages.InvokeResponse_Error{Type: "errorString", Message: "handler kind string is not func"}},
		"by NewHandler":  {golambda.NewHandler(func() error { return io.EOF }), messages.InvokeResponse_Error{Type: "errorString", Message: "EOF"}},
		"a failing read": {func() (io.Reader, error) { return failingReader{}, nil }, messages.InvokeResponse_Error{Type: "errorString", Message: "unexpected EOF"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": test.handler})
			out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("f")})
			if trace := checkFunctionError(t, out, test.want); trace != nil {
				t.Errorf("got stack trace %v, want none", trace)
			}
			if got, want := aws.ToString(out.ExecutedVersion), "$LATEST"; got != want {
				t.Errorf("got executed version %q, want %q", got, want)
			}
		})
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func panicDeep(depth int) error {
	if depth == 0 {
		panic("deep")
	}
	return panicDeep(depth - 1)
}

func nilMap() map[string]int { return nil }

func TestPanics(t *testing.T) {
	for name, test := range map[string]struct {
		handler any
		want    messages.InvokeResponse_Error
	}{
		"string":    {func() error { panic("oh no") }, messages.InvokeResponse_Error{Type: "string", Message: "oh no"}},
		"error":     {func() error { panic(io.EOF) }, messages.InvokeResponse_Error{Type: "errorString", Message: "EOF"}},
		"value":     {func() error { panic(valueError{}) }, messages.InvokeResponse_Error{Type: "valueError", Message: "by value"}},
		"nil":       {func() error { panic(nil) }, messages.InvokeResponse_Error{Type: "PanicNilError", Message: new(runtime.PanicNilError).Error()}}, //nolint:govet // nilness: on purpose
		"nil map":   {func() error { nilMap()["a"] = 1; return nil }, messages.InvokeResponse_Error{Type: "plainError", Message: "assignment to entry in nil map"}},
		"bad error": {func() error { return nilError{} }, messages.InvokeResponse_Error{Type: "errorString", Message: "runtime error: invalid memory address or nil pointer dereference"}},
		"deep":      {func() error { return panicDeep(100) }, messages.InvokeResponse_Error{Type: "string", Message: "deep"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": test.handler})
			out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("f")})
			trace := checkFunctionError(t, out, test.want)
			if len(trace) == 0 || len(trace) > 32 {
				t.Fatalf("got %d frames, want 1 to 32", len(trace))
			}
			if got, want := *trace[0], "gopanic"; got.Label != want || got.Path != "runtime/panic.go" || got.Line == 0 {
				t.Errorf("got first frame %+v, want %s", got, want)
			}
			frame := regexp.MustCompile(`/lambdatest/handler_test\.go \d+ (TestPanics\.func\d+|panicDeep|nilError\.Error)$`)
			found := false
			for _, f := range trace {
				found = found || frame.MatchString(fmt.Sprint(f.Path, " ", f.Line, " ", f.Label))
			}
			if !found {
				t.Errorf("got stack trace %s, want the handler in it", out.Payload)
			}
		})
	}
}

func TestPanicWithThePayload(t *testing.T) {
	want := messages.InvokeResponse_Error{Type: "Custom", Message: "as it is"}
	server := newServer(t, map[string]any{"f": func() error { panic(want) }})
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("f")})
	if trace := checkFunctionError(t, out, want); trace != nil {
		t.Errorf("got stack trace %v, want none", trace)
	}
}

func TestHandlers(t *testing.T) {
	for name, test := range map[string]struct {
		handler       any
		payload, want string
	}{
		"nothing in, nothing out": {func() {}, `1`, `null`},
		"struct":                  {func(e events.APIGatewayProxyRequest) (string, error) { return e.Path, nil }, `{"path":"/a"}`, `"/a"`},
		"context and event":       {func(_ context.Context, n int) (int, error) { return n + 1, nil }, `1`, `2`},
		"any":                     {func(v any) (any, error) { return v, nil }, `{"a":[1,null]}`, `{"a":[1,null]}`},
		"reader":                  {func() (io.Reader, error) { return strings.NewReader("raw"), nil }, `1`, `raw`},
		"lambda.Handler":          {mutator{}, `[1]`, `[2]`},
		"NewHandler":              {golambda.NewHandler(func(s string) (string, error) { return s + "<", nil }), `"a"`, `"a<"`},
		"options":                 {golambda.NewHandlerWithOptions(func() (string, error) { return "<", nil }, golambda.WithSetEscapeHTML(true)), `1`, `"\u003c"`},
		"target of a load balancer": {
			func(e events.ALBTargetGroupRequest) (events.ALBTargetGroupResponse, error) {
				return events.ALBTargetGroupResponse{StatusCode: 200, Headers: e.Headers, Body: e.Path + " " + e.RequestContext.ELB.TargetGroupArn}, nil
			},
			`{"path":"/a","headers":{"x-tea":"oolong"},"requestContext":{"elb":{"targetGroupArn":"arn"}}}`,
			`{"statusCode":200,"statusDescription":"","headers":{"x-tea":"oolong"},"multiValueHeaders":null,"body":"/a arn","isBase64Encoded":false}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": test.handler})
			out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(test.payload)})
			if got := string(out.Payload); got != test.want || out.FunctionError != nil {
				t.Errorf("got %s (%s), want %s", got, aws.ToString(out.FunctionError), test.want)
			}
		})
	}
}

// The calls of a result of NewHandler share its buffers.
func TestConcurrentCallsOfAHandler(t *testing.T) {
	server := newServer(t, map[string]any{"echo": golambda.NewHandler(echo)})
	client := newClient(t, server)
	errs := make(chan error)
	for i := range 32 {
		go func() {
			want := fmt.Sprint(i)
			out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte(want)})
			if err == nil && string(out.Payload) != want {
				err = fmt.Errorf("got %s, want %s", out.Payload, want)
			}
			errs <- err
		}()
	}
	for range 32 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A handler that runs t.FailNow ends the goroutine it runs in.
func TestGoexit(t *testing.T) {
	server := newServer(t, map[string]any{"f": func() { runtime.Goexit() }})
	client := newClient(t, server)
	if out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}); err == nil {
		t.Errorf("got %v, want an error", out)
	}
	mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent})
	server.Close()
}

func TestHandlerContext(t *testing.T) {
	type seen struct {
		lc    lambdacontext.LambdaContext
		trace any
	}
	contexts := make(chan seen, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context) error {
		lc, ok := lambdacontext.FromContext(ctx)
		if !ok {
			return errors.New("no lambdacontext")
		}
		if _, ok := ctx.Deadline(); ok {
			return errors.New("a deadline")
		}
		contexts <- seen{*lc, ctx.Value("x-amzn-trace-id")}
		return nil
	}})
	const clientContext = `{"client":{"app_title":"shop"},"custom":{"user":"42"},"env":{"stage":"test"}}`
	for name, test := range map[string]struct {
		invocationType string
		title          string // of the app, in the client context
	}{
		"RequestResponse": {"RequestResponse", "shop"},
		"Event":           {"Event", ""}, // synchronous invocations only have one
	} {
		t.Run(name, func(t *testing.T) {
			server.Reset()
			req := newRequest(t, server, "f", "")
			req.Header.Set("X-Amz-Invocation-Type", test.invocationType)
			req.Header.Set("X-Amz-Client-Context", encode(clientContext))
			req.Header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
			sign(t, req, "", "lambda")
			if got := do(t, req); got.header.Get("X-Amz-Function-Error") != "" {
				t.Fatalf("got %s", got.body)
			}
			got := receive(t, "the execution", contexts)
			call := server.Calls()[0]
			if got.lc.AwsRequestID != call.RequestID {
				t.Errorf("got request id %q, want %q", got.lc.AwsRequestID, call.RequestID)
			}
			if want := "arn:aws:lambda:eu-west-1:000000000000:function:f"; got.lc.InvokedFunctionArn != want {
				t.Errorf("got ARN %q, want %q", got.lc.InvokedFunctionArn, want)
			}
			if got := got.lc.ClientContext.Client.AppTitle; got != test.title {
				t.Errorf("got app title %q, want %q", got, test.title)
			}
			if want := "Root=1-5759e988-bd862e3fe1be46a994272793"; got.trace != want {
				t.Errorf("got trace id %v, want %q", got.trace, want)
			}
			if got := string(call.ClientContext); got != clientContext {
				t.Errorf("got recorded client context %s, want %s", got, clientContext)
			}
		})
	}
}

// The API accepts any object as a client context. Go's runtime then fails.
func TestClientContextThatGoCannotTake(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{
		FunctionName:  aws.String("echo"),
		ClientContext: aws.String(encode(`{"custom":1}`)),
	})
	if got, want := string(out.Payload), "failed to unmarshal client context json: "; !strings.Contains(got, want) || out.FunctionError == nil {
		t.Errorf("got %s, want a function error with %q", got, want)
	}
	if server.Calls()[0].Executed {
		t.Error("the call is marked executed, but its handler is not called")
	}
}

func TestRequestIDs(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := make(map[string]bool)
	for range 3 {
		req := newRequest(t, server, "echo", "")
		sign(t, req, "", "lambda")
		got := do(t, req).header.Get("X-Amzn-RequestId")
		if !uuid.MatchString(got) || seen[got] {
			t.Errorf("got request id %q, want a fresh UUID", got)
		}
		seen[got] = true
	}
}
