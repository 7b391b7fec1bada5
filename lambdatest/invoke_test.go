package lambdatest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	golambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
)

func TestInvocationTypes(t *testing.T) {
	for name, test := range map[string]struct {
		invocationType string
		recorded       string
		status         int64
		payload        string
		version        string
		executed       bool
	}{
		"default":         {"", "RequestResponse", 200, `{"a":1}`, "$LATEST", true},
		"RequestResponse": {"RequestResponse", "RequestResponse", 200, `{"a":1}`, "$LATEST", true},
		"Event":           {"Event", "Event", 202, "", "", true},
		"DryRun":          {"DryRun", "DryRun", 204, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			executed := make(chan string, 1)
			server := newServer(t, map[string]any{"f": func(event json.RawMessage) (json.RawMessage, error) {
				executed <- string(event)
				return event, nil
			}})
			in := &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"a":1}`)}
			if test.invocationType != "" {
				in.InvocationType = aws.String(test.invocationType)
			}
			out := mustInvoke(t, newClient(t, server), in)

			if got := aws.Int64Value(out.StatusCode); got != test.status {
				t.Errorf("got status %d, want %d", got, test.status)
			}
			if got := string(out.Payload); got != test.payload {
				t.Errorf("got payload %q, want %q", got, test.payload)
			}
			if got := aws.StringValue(out.ExecutedVersion); got != test.version {
				t.Errorf("got executed version %q, want %q", got, test.version)
			}
			if out.FunctionError != nil || out.LogResult != nil {
				t.Errorf("got function error %v and log %v, want neither", out.FunctionError, out.LogResult)
			}
			call := server.Calls()[0]
			if call.InvocationType != test.recorded || call.LogType != "None" || call.Executed != test.executed {
				t.Errorf("got call %+v, want type %s, executed %t", call, test.recorded, test.executed)
			}
			server.Close()
			close(executed)
			if got, ok := <-executed; ok != test.executed || ok && got != `{"a":1}` {
				t.Errorf("got execution %t with %q, want %t", ok, got, test.executed)
			}
		})
	}
}

func TestFunctionNames(t *testing.T) {
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
	for _, test := range []struct {
		name, query string
		qualifier   string
		version     string
		arn         string
	}{
		{"f", "", "", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f"},
		{"f:prod", "", "prod", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f:prod"},
		{"f:$LATEST", "", "$LATEST", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST"},
		{"f", "42", "42", "42", "arn:aws:lambda:eu-west-1:000000000000:function:f:42"},
		{"f", "v2", "v2", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f:v2"},
		{"f:7", "7", "7", "7", "arn:aws:lambda:eu-west-1:000000000000:function:f:7"},
		{"function:f", "", "", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f"},
		{"123456789012:function:f", "", "", "$LATEST", arn},
		{"123456789012:function:f:7", "", "7", "7", arn + ":7"},
		{arn, "", "", "$LATEST", arn},
		{arn + ":prod", "", "prod", "$LATEST", arn + ":prod"},
		{"arn:aws-cn:lambda:eu-west-1:123456789012:function:f", "", "", "$LATEST", "arn:aws-cn:lambda:eu-west-1:123456789012:function:f"},
	} {
		t.Run(test.name+"?"+test.query, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": func(ctx context.Context) (string, error) {
				lc, _ := lambdacontext.FromContext(ctx)
				return lc.InvokedFunctionArn, nil
			}})
			server.RequireCredentials(keyID, secret)
			in := &lambda.InvokeInput{FunctionName: aws.String(test.name)}
			if test.query != "" {
				in.Qualifier = aws.String(test.query)
			}
			out := mustInvoke(t, newClient(t, server), in)
			if got, want := string(out.Payload), `"`+test.arn+`"`; got != want {
				t.Errorf("got ARN %s, want %s", got, want)
			}
			if got := aws.StringValue(out.ExecutedVersion); got != test.version {
				t.Errorf("got executed version %q, want %q", got, test.version)
			}
			if call := server.Calls()[0]; call.Function != "f" || call.Qualifier != test.qualifier {
				t.Errorf("got function %q, qualifier %q, want f, %q", call.Function, call.Qualifier, test.qualifier)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const badRequest = http.StatusBadRequest
	server := newServer(t, map[string]any{"f": func() error {
		t.Error("executed")
		return nil
	}})
	for name, test := range map[string]struct {
		path    string // below /functions/, default f/invocations
		header  map[string]string
		payload string
		status  int
		code    string
		message string
	}{
		"no such function": {
			path: "g/invocations", status: http.StatusNotFound, code: "ResourceNotFoundException",
			message: "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:g",
		},
		"no such function, dry run": {
			path: "g/invocations?Qualifier=prod", header: map[string]string{"X-Amz-Invocation-Type": "DryRun"},
			status: http.StatusNotFound, code: "ResourceNotFoundException",
			message: "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:g:prod",
		},
		"another region": {
			path: "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations", status: http.StatusNotFound,
			code: "ResourceNotFoundException", message: "'us-east-1' are not reachable in this region ('eu-west-1')",
		},
		"no name": {
			path: "a%20b/invocations", status: badRequest, code: "ValidationException", message: `"a b"`,
		},
		"two qualifiers": {
			path: "f:1/invocations?Qualifier=2", status: badRequest, code: "InvalidParameterValueException", message: `"1"`,
		},
		"invocation type": {
			header: map[string]string{"X-Amz-Invocation-Type": "event"}, status: badRequest,
			code: "InvalidParameterValueException", message: `"event"`,
		},
		"log type": {
			header: map[string]string{"X-Amz-Log-Type": "Head"}, status: badRequest,
			code: "InvalidParameterValueException", message: `"Head"`,
		},
		"payload": {
			payload: `{"a":`, status: badRequest, code: "InvalidRequestContentException",
			message: "Could not parse request body into json: unexpected end of JSON input",
		},
		"payload and more": {
			payload: `{} {}`, status: badRequest, code: "InvalidRequestContentException", message: "Could not parse request body into json: ",
		},
		"payload of an event": {
			payload: `x`, header: map[string]string{"X-Amz-Invocation-Type": "Event"}, status: badRequest,
			code: "InvalidRequestContentException", message: "Could not parse request body into json: ",
		},
		"client context, base64": {
			header: map[string]string{"X-Amz-Client-Context": "{}"}, status: badRequest,
			code: "InvalidRequestContentException", message: "not base64",
		},
		"client context, JSON": {
			header: map[string]string{"X-Amz-Client-Context": encode(`{"a"`)}, status: badRequest,
			code: "InvalidRequestContentException", message: "Could not parse client context: ",
		},
		"client context, no object": {
			header: map[string]string{"X-Amz-Client-Context": encode(`[]`)}, status: badRequest,
			code: "InvalidRequestContentException", message: "Could not parse client context: ",
		},
		"client context, too large": {
			header: map[string]string{"X-Amz-Client-Context": encode(`{"custom":{"a":"` + strings.Repeat("x", 2700) + `"}}`)},
			status: badRequest, code: "InvalidRequestContentException", message: "more than 3583",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.Reset()
			req := newRequest(t, server, "f", test.payload)
			if test.path != "" {
				u, err := req.URL.Parse(server.URL + "/2015-03-31/functions/" + test.path)
				if err != nil {
					t.Fatal(err)
				}
				req.URL = u
			}
			for key, value := range test.header {
				req.Header.Set(key, value)
			}
			sign(t, req, test.payload, "lambda")

			got := do(t, req)
			checkRefusal(t, got, test.status, test.code, test.message)
			calls := server.Calls()
			if len(calls) != 1 || calls[0].Executed || string(calls[0].Payload) != test.payload ||
				calls[0].RequestID != got.header.Get("X-Amzn-RequestId") {
				t.Errorf("got calls %+v, want one that is not executed", calls)
			}
		})
	}
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// checkRefusal checks an answer that is an error of the API.
func checkRefusal(t *testing.T, got answer, status int, code, message string) {
	t.Helper()
	if got.status != status || got.header.Get("X-Amzn-ErrorType") != code {
		t.Errorf("got %d %s, want %d %s", got.status, got.header.Get("X-Amzn-ErrorType"), status, code)
	}
	var body struct{ Type, Message string }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Type != "User" || !strings.Contains(body.Message, message) {
		t.Errorf("got body %s, want type User and a message with %q", got.body, message)
	}
}

func TestPayloadLimits(t *testing.T) {
	const sync, async = 6_291_456, 1_048_576
	for name, test := range map[string]struct {
		invocationType string
		size           int
		chunked        bool
		status         int
	}{
		"largest":                {"RequestResponse", sync, false, 200},
		"too large":              {"RequestResponse", sync + 1, false, 413},
		"largest, chunked":       {"RequestResponse", sync, true, 200},
		"too large, chunked":     {"RequestResponse", sync + 1, true, 413},
		"event, largest":         {"Event", async, false, 202},
		"event, too large":       {"Event", async + 1, false, 413},
		"event, chunked":         {"Event", async + 1, true, 413},
		"unknown type, too much": {"Whatever", sync + 1, false, 413},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": func(event string) error {
				if got, want := len(event), test.size-2; got != want {
					return fmt.Errorf("got %d bytes, want %d", got, want)
				}
				return nil
			}})
			payload := `"` + strings.Repeat("x", test.size-2) + `"`
			req := newRequest(t, server, "f", payload)
			req.Header.Set("X-Amz-Invocation-Type", test.invocationType)
			sign(t, req, payload, "lambda")
			if test.chunked {
				req.ContentLength = -1
				req.Body = io.NopCloser(io.MultiReader(strings.NewReader(payload)))
			}
			got := do(t, req)
			if got.status != test.status || got.header.Get("X-Amz-Function-Error") != "" {
				t.Errorf("got status %d and body %.100s, want status %d", got.status, got.body, test.status)
			}
			call := server.Calls()[0]
			if test.status == http.StatusRequestEntityTooLarge {
				checkRefusal(t, got, 413, lambda.ErrCodeRequestTooLargeException, "Request must be smaller than ")
				if call.Payload != nil {
					t.Errorf("got a payload of %d bytes, want nil", len(call.Payload))
				}
			} else if got := string(call.Payload); got != payload {
				t.Errorf("got a payload of %d bytes, want %d", len(got), len(payload))
			}
		})
	}
}

// A client that announces too much gets its answer before it has sent any of it.
func TestTooLargeIsNotRead(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	req := newRequest(t, server, "echo", "")
	sign(t, req, "", "lambda")
	conn := dial(t, server)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000000000\r\n", req.URL.Path, req.URL.Host)
	req.Header.Write(conn)
	io.WriteString(conn, "\r\n")
	const want = "HTTP/1.1 413 "
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	req := newRequest(t, server, "echo", "")
	sign(t, req, "", "lambda")
	conn := dial(t, server)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n", req.URL.Path, req.URL.Host)
	req.Header.Write(conn)
	io.WriteString(conn, "\r\nno chunk\r\n")
	const want = "HTTP/1.1 400 "
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
	if call := server.Calls()[0]; call.Payload != nil || call.Executed {
		t.Errorf("got call %+v, want no payload and no execution", call)
	}
}

func TestEmptyPayload(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("echo")})
	if got, want := string(out.Payload), "{}"; got != want {
		t.Errorf("got payload %q, want %q", got, want)
	}
	if got := server.Calls()[0].Payload; got == nil || len(got) != 0 {
		t.Errorf("got recorded payload %q, want it empty, as it came", got)
	}
}

func TestReplyLimit(t *testing.T) {
	const limit = 6_291_556
	server := newServer(t, map[string]any{"f": func(size int) (string, error) { return strings.Repeat("x", size-2), nil }})
	client := newClient(t, server)

	out := mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(fmt.Sprint(limit))})
	if got, want := len(out.Payload), limit; got != want || out.FunctionError != nil {
		t.Errorf("got %d bytes and function error %v, want %d and none", got, out.FunctionError, want)
	}

	out = mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(fmt.Sprint(limit + 1))})
	checkFunctionError(t, out, messages.InvokeResponse_Error{
		Type:    "Function.ResponseSizeTooLarge",
		Message: "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).",
	})
}

// checkFunctionError checks the payload of a function error, other than its stack
// trace, and returns that.
func checkFunctionError(t *testing.T, out *lambda.InvokeOutput, want messages.InvokeResponse_Error) []*messages.InvokeResponse_Error_StackFrame {
	t.Helper()
	if got, want := aws.Int64Value(out.StatusCode), int64(200); got != want {
		t.Errorf("got status %d, want %d", got, want)
	}
	if got, want := aws.StringValue(out.FunctionError), "Unhandled"; got != want {
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

// A nilError panics where it is asked what it is.
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
			if got, want := aws.StringValue(out.ExecutedVersion), "$LATEST"; got != want {
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
			frame := regexp.MustCompile(`/lambdatest/invoke_test\.go \d+ (TestPanics\.func\d+|panicDeep|nilError\.Error)$`)
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
				t.Errorf("got %s (%s), want %s", got, aws.StringValue(out.FunctionError), test.want)
			}
		})
	}
}

// Of what NewHandler returns, the buffers are shared by its calls.
func TestConcurrentCallsOfAHandler(t *testing.T) {
	server := newServer(t, map[string]any{"echo": golambda.NewHandler(echo)})
	client := newClient(t, server)
	errs := make(chan error)
	for i := range 32 {
		go func() {
			want := fmt.Sprint(i)
			out, err := client.Invoke(&lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte(want)})
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
	if out, err := client.Invoke(&lambda.InvokeInput{FunctionName: aws.String("f")}); err == nil {
		t.Errorf("got %v, want an error", out)
	}
	mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: aws.String("Event")})
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

// The API takes any object for a client context; it is Go's runtime that fails.
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
