package lambdatest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	golambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/private/protocol/eventstream"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const streamingInvocations = "/2021-11-15/functions/%s/response-streaming-invocations"

// openStream begins a streaming invocation, which is closed with the test.
func openStream(t *testing.T, client *lambda.Lambda, in *lambda.InvokeWithResponseStreamInput) *lambda.InvokeWithResponseStreamOutput {
	t.Helper()
	out, err := client.InvokeWithResponseStreamWithContext(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.GetStream().Close() })
	return out
}

// A streamed is a stream that was read to its end.
type streamed struct {
	chunks   []string
	complete *lambda.InvokeWithResponseStreamCompleteEvent // nil for none
	err      error
}

func (s streamed) payload() string { return strings.Join(s.chunks, "") }

// nextEvent returns nil at the end of the stream.
func nextEvent(t *testing.T, out *lambda.InvokeWithResponseStreamOutput) lambda.InvokeWithResponseStreamResponseEventEvent {
	t.Helper()
	return receive(t, "an event", out.GetStream().Events())
}

func nextChunk(t *testing.T, out *lambda.InvokeWithResponseStreamOutput) string {
	t.Helper()
	event := nextEvent(t, out)
	chunk, ok := event.(*lambda.InvokeResponseStreamUpdate)
	if !ok {
		t.Fatalf("got %T, want a chunk (%v)", event, out.GetStream().Err())
	}
	return string(chunk.Payload)
}

// drain reads a stream to its end, and fails where something comes after
// InvokeComplete.
func drain(t *testing.T, out *lambda.InvokeWithResponseStreamOutput) streamed {
	t.Helper()
	var s streamed
	for {
		event := nextEvent(t, out)
		if event != nil && s.complete != nil {
			t.Errorf("got %v after InvokeComplete", event)
		}
		switch event := event.(type) {
		case nil:
			s.err = out.GetStream().Close()
			return s
		case *lambda.InvokeResponseStreamUpdate:
			s.chunks = append(s.chunks, string(event.Payload))
		case *lambda.InvokeWithResponseStreamCompleteEvent:
			s.complete = event
		default:
			t.Fatalf("got event %T", event)
		}
	}
}

// stream invokes a handler and reads all of the answer.
func stream(t *testing.T, handler any) streamed {
	t.Helper()
	server := newServer(t, map[string]any{"f": handler})
	return drain(t, openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")}))
}

// checkComplete checks that a stream has ended as it should, without an error.
func checkComplete(t *testing.T, got streamed) {
	t.Helper()
	if got.err != nil {
		t.Errorf("got error %v, want none", got.err)
	}
	if got.complete == nil {
		t.Fatal("got no InvokeComplete")
	}
	if got.complete.ErrorCode != nil || got.complete.ErrorDetails != nil || got.complete.LogResult != nil {
		t.Errorf("got %v, want it empty", got.complete)
	}
}

// checkFailed checks the function error that a stream has ended with, other than
// its stack trace, and returns that.
func checkFailed(t *testing.T, got streamed, want messages.InvokeResponse_Error) []*messages.InvokeResponse_Error_StackFrame {
	t.Helper()
	if got.err != nil {
		t.Errorf("got error %v, want none", got.err)
	}
	if got.complete == nil {
		t.Fatal("got no InvokeComplete")
	}
	if got, want := aws.StringValue(got.complete.ErrorCode), "Unhandled"; got != want {
		t.Errorf("got error code %q, want %q", got, want)
	}
	var details messages.InvokeResponse_Error
	if err := json.Unmarshal([]byte(aws.StringValue(got.complete.ErrorDetails)), &details); err != nil {
		t.Fatalf("%v in %v", err, got.complete)
	}
	if details.Type != want.Type || details.Message != want.Message {
		t.Errorf("got %s: %s, want %s: %s", details.Type, details.Message, want.Type, want.Message)
	}
	return details.StackTrace
}

// A source is a reader that hands out what comes over a channel, ends with the
// channel, and reports its Close.
type source struct {
	ctx    context.Context
	chunks <-chan string
	closed chan struct{}
}

func newSource(ctx context.Context, chunks <-chan string) *source {
	return &source{ctx, chunks, make(chan struct{})}
}

func (s *source) Read(p []byte) (int, error) {
	select {
	case chunk, ok := <-s.chunks:
		if !ok {
			return 0, io.EOF
		}
		return copy(p, chunk), nil
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

func (s *source) Close() error {
	close(s.closed)
	return errors.New("of no concern")
}

// A script is a reader that does one step a Read.
type script struct{ steps []func(p []byte) (int, error) }

func (s *script) Read(p []byte) (int, error) {
	if len(s.steps) == 0 {
		return 0, io.EOF
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	return step(p)
}

func give(chunk string) func([]byte) (int, error) {
	return func(p []byte) (int, error) { return copy(p, chunk), nil }
}

func scripted(steps ...func([]byte) (int, error)) func() (io.Reader, error) {
	return func() (io.Reader, error) { return &script{steps}, nil }
}

func TestStream(t *testing.T) {
	chunks := make(chan string)
	sources := make(chan *source, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context, event string) (io.Reader, error) {
		s := newSource(ctx, chunks)
		sources <- s
		return s, nil
	}})
	server.RequireCredentials(keyID, secret)
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{
		FunctionName: aws.String("f"),
		Qualifier:    aws.String("7"),
		Payload:      []byte(`"payload"`),
	})
	if got, want := aws.Int64Value(out.StatusCode), int64(200); got != want {
		t.Errorf("got status %d, want %d", got, want)
	}
	if got, want := aws.StringValue(out.ExecutedVersion), "7"; got != want {
		t.Errorf("got executed version %q, want %q", got, want)
	}
	if got, want := aws.StringValue(out.ResponseStreamContentType), "application/octet-stream"; got != want {
		t.Errorf("got content type %q, want %q", got, want)
	}

	for _, want := range []string{"one", "two", "\x00\xff"} {
		chunks <- want
		if got := nextChunk(t, out); got != want {
			t.Errorf("got chunk %q, want %q", got, want)
		}
	}
	close(chunks)
	checkComplete(t, drain(t, out))
	select {
	case <-receive(t, "the reader", sources).closed:
	default:
		t.Error("got InvokeComplete before the reader was closed")
	}

	call := server.Calls()[0]
	if !call.Streaming || !call.Executed || call.Function != "f" || call.Qualifier != "7" ||
		call.InvocationType != "RequestResponse" || string(call.Payload) != `"payload"` {
		t.Errorf("got call %+v", call)
	}
}

func TestInvokeIsNotStreaming(t *testing.T) {
	server := newServer(t, map[string]any{"f": scripted(give("a"), give("b"))})
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("f")})
	if got, want := string(out.Payload), "ab"; got != want {
		t.Errorf("got payload %q, want %q", got, want)
	}
	if server.Calls()[0].Streaming {
		t.Error("Invoke is recorded as a streaming invocation")
	}
}

func TestStreamOnTheWire(t *testing.T) {
	server := newServer(t, map[string]any{"f": scripted(give("a"))})
	req := newRequest(t, server, "f", "")
	req.URL.Path = fmt.Sprintf(streamingInvocations, "f")
	sign(t, req, "", "lambda")
	got := do(t, req)
	if got.status != http.StatusOK {
		t.Fatalf("got status %d: %s", got.status, got.body)
	}
	for key, want := range map[string]string{
		"Content-Type":           "application/octet-stream",
		"X-Amz-Executed-Version": "$LATEST",
		"X-Amzn-RequestId":       server.Calls()[0].RequestID,
		"X-Amz-Function-Error":   "",
		"X-Amz-Log-Result":       "",
		"Content-Length":         "",
	} {
		if got := got.header.Get(key); got != want {
			t.Errorf("got %s %q, want %q", key, got, want)
		}
	}

	decoder := eventstream.NewDecoder(strings.NewReader(got.body))
	for _, want := range []struct{ eventType, contentType, payload string }{
		{"PayloadChunk", "application/octet-stream", "a"},
		{"InvokeComplete", "application/json", "{}"},
	} {
		msg, err := decoder.Decode(nil)
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{":message-type": "event", ":event-type": want.eventType, ":content-type": want.contentType} {
			if got := msg.Headers.Get(key); got == nil || got.String() != want {
				t.Errorf("got %s %v, want %s", key, got, want)
			}
		}
		if got := string(msg.Payload); got != want.payload {
			t.Errorf("got payload %q, want %q", got, want.payload)
		}
	}
	if _, err := decoder.Decode(nil); err != io.EOF {
		t.Errorf("got %v after InvokeComplete, want %v", err, io.EOF)
	}
}

// nothing is no JSON, and reads nothing.
type nothing struct{ strings.Reader }

func (nothing) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

// A both can be read, but it is JSON in the first place.
type both struct{ Name string }

func (both) Read([]byte) (int, error) { panic("read") }

func (both) Close() error { panic("closed") }

// A wide encodes to what JSON has for HTML.
type wide struct{ Tag string }

type failed struct{}

func (*failed) Error() string { return "as declared" }

func TestStreamReplies(t *testing.T) {
	prelude := func(json string) string { return json + strings.Repeat("\x00", 8) }
	for name, test := range map[string]struct {
		handler any
		want    []string
	}{
		"reader":         {func() (io.Reader, error) { return strings.NewReader("raw"), nil }, []string{"raw"}},
		"concrete type":  {func() (*bytes.Buffer, error) { return bytes.NewBufferString("raw"), nil }, []string{"raw"}},
		"any":            {func(json.RawMessage) (any, error) { return strings.NewReader("raw"), nil }, []string{"raw"}},
		"large reads":    {func() (io.Reader, error) { return strings.NewReader(strings.Repeat("x", 40<<10)), nil }, []string{strings.Repeat("x", 32<<10), strings.Repeat("x", 8<<10)}},
		"no bytes":       {func() (*nothing, error) { return new(nothing), nil }, nil},
		"empty reads":    {scripted(give(""), give("a"), give(""), give("b")), []string{"a", "b"}},
		"bytes with EOF": {scripted(func(p []byte) (int, error) { return copy(p, "ab"), io.EOF }), []string{"ab"}},
		"function URL": {func() (*events.LambdaFunctionURLStreamingResponse, error) {
			return &events.LambdaFunctionURLStreamingResponse{
				StatusCode: 201,
				Headers:    map[string]string{"Content-Type": "text/plain"},
				Body:       strings.NewReader("body"),
				Cookies:    []string{"a=b"},
			}, nil
		}, []string{prelude(`{"statusCode":201,"headers":{"Content-Type":"text/plain"},"cookies":["a=b"]}`), "body"}},
		"API Gateway": {func(context.Context) (*events.APIGatewayProxyStreamingResponse, error) {
			return &events.APIGatewayProxyStreamingResponse{
				MultiValueHeaders: map[string][]string{"A": {"b", "c"}},
				Body:              strings.NewReader("body"),
			}, nil
		}, []string{prelude(`{"multiValueHeaders":{"A":["b","c"]}}`), "body"}},

		"JSON":             {echo, []string{"{}"}},
		"no escapes":       {func() (wide, error) { return wide{"<br>"}, nil }, []string{`{"Tag":"<br>"}`}},
		"JSON first":       {func() (both, error) { return both{"n"}, nil }, []string{`{"Name":"n"}`}},
		"nil reader":       {func() (io.Reader, error) { return nil, nil }, []string{"null"}},
		"nil pointer":      {func() (*events.LambdaFunctionURLStreamingResponse, error) { return nil, nil }, []string{"null"}},
		"error type":       {func() (io.Reader, *failed) { panic("a nil *failed is an error") }, nil},
		"no result":        {func() error { return nil }, []string{"null"}},
		"nothing":          {func() {}, []string{"null"}},
		"lambda.Handler":   {raw("raw"), []string{"raw"}},
		"an empty payload": {raw(""), nil},
		"NewHandler":       {golambda.NewHandler(scripted(give("a"), give("b"))), []string{"ab"}},
		"largest whole":    {raw(strings.Repeat("x", 6<<20+100)), []string{strings.Repeat("x", 6<<20+100)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := stream(t, test.handler)
			if name == "error type" {
				checkFailed(t, got, messages.InvokeResponse_Error{Type: "string", Message: "a nil *failed is an error"})
				return
			}
			checkComplete(t, got)
			if got, want := fmt.Sprintf("%.100q", got.chunks), fmt.Sprintf("%.100q", test.want); got != want {
				t.Errorf("got chunks %s, want %s", got, want)
			}
			if got, want := len(got.payload()), len(strings.Join(test.want, "")); got != want {
				t.Errorf("got %d bytes, want %d", got, want)
			}
		})
	}
}

// A raw is a lambda.Handler that returns itself.
type raw string

func (r raw) Invoke(context.Context, []byte) ([]byte, error) { return []byte(r), nil }

type failingHandler struct{}

func (failingHandler) Invoke(context.Context, []byte) ([]byte, error) { return nil, io.EOF }

// A typed reader has a type of its own, and may panic with it.
type typed struct {
	strings.Reader
	contentType string
}

func (r *typed) ContentType() string {
	if r.contentType == "panic" {
		panic("in ContentType")
	}
	return r.contentType
}

func TestStreamContentType(t *testing.T) {
	const httpResponse = "application/vnd.awslambda.http-integration-response"
	for name, test := range map[string]struct {
		handler any
		want    string
	}{
		"reader":         {scripted(), "application/octet-stream"},
		"typed reader":   {func() (io.Reader, error) { return &typed{contentType: "text/csv; header=present"}, nil }, "text/csv; header=present"},
		"of messages":    {func() (io.Reader, error) { return &typed{contentType: "application/vnd.amazon.eventstream"}, nil }, "application/vnd.amazon.eventstream"},
		"function URL":   {func() (any, error) { return &events.LambdaFunctionURLStreamingResponse{}, nil }, httpResponse},
		"API Gateway":    {func() (any, error) { return &events.APIGatewayProxyStreamingResponse{}, nil }, httpResponse},
		"JSON":           {echo, "application/json"},
		"no result":      {func() {}, "application/json"},
		"lambda.Handler": {raw("raw"), "application/octet-stream"},
		"NewHandler":     {golambda.NewHandler(echo), "application/json"},
		"function error": {func() (io.Reader, error) { return nil, io.EOF }, "application/json"},
		"panic":          {func() (io.Reader, error) { return &typed{contentType: "panic"}, nil }, "application/json"},
		"handler's":      {failingHandler{}, "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": test.handler})
			out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
			if got := aws.StringValue(out.ResponseStreamContentType); got != test.want {
				t.Errorf("got content type %q, want %q", got, test.want)
			}
			drain(t, out)
		})
	}
}

func TestStreamErrors(t *testing.T) {
	const notAnError = "handler returns two values, but the second does not implement error"
	for name, test := range map[string]struct {
		handler any
		chunks  []string
		want    messages.InvokeResponse_Error
	}{
		"of the handler":     {func() (io.Reader, error) { return failingReader{}, errors.New("plain") }, nil, messages.InvokeResponse_Error{Type: "errorString", Message: "plain"}},
		"of a typed nil":     {func() (io.Reader, *failed) { return strings.NewReader("raw"), nil }, nil, messages.InvokeResponse_Error{Type: "failed", Message: "as declared"}},
		"of an ordinary one": {func() error { return io.EOF }, nil, messages.InvokeResponse_Error{Type: "errorString", Message: "EOF"}},
		"runtime's own": {func() (io.Reader, error) {
			return nil, messages.InvokeResponse_Error{Type: "Custom", Message: "as it is"}
		}, nil, messages.InvokeResponse_Error{Type: "Custom", Message: "as it is"}},
		"event's type":         {func(int) (io.Reader, error) { return nil, nil }, nil, messages.InvokeResponse_Error{Type: "UnmarshalTypeError", Message: "json: cannot unmarshal object into Go value of type int"}},
		"reply's type":         {func() (any, error) { return make(chan int), nil }, nil, messages.InvokeResponse_Error{Type: "UnsupportedTypeError", Message: "json: unsupported type: chan int"}},
		"no handler":           {nil, nil, messages.InvokeResponse_Error{Type: "errorString", Message: "handler is nil"}},
		"no function":          {"f", nil, messages.InvokeResponse_Error{Type: "errorString", Message: "handler kind string is not func"}},
		"no error":             {func() (io.Reader, string) { return nil, "" }, nil, messages.InvokeResponse_Error{Type: "errorString", Message: notAnError}},
		"first read":           {func() (io.Reader, error) { return failingReader{}, nil }, nil, messages.InvokeResponse_Error{Type: "errorString", Message: "unexpected EOF"}},
		"read in the middle":   {scripted(give("a"), give("b"), failingReader{}.Read, give("c")), []string{"a", "b"}, messages.InvokeResponse_Error{Type: "errorString", Message: "unexpected EOF"}},
		"read with some bytes": {scripted(give("a"), func(p []byte) (int, error) { return copy(p, "dropped"), valueError{} }), []string{"a"}, messages.InvokeResponse_Error{Type: "valueError", Message: "by value"}},
		"too large":            {raw(strings.Repeat("x", 6<<20+101)), nil, messages.InvokeResponse_Error{Type: "Function.ResponseSizeTooLarge", Message: "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes)."}},
	} {
		t.Run(name, func(t *testing.T) {
			got := stream(t, test.handler)
			if trace := checkFailed(t, got, test.want); trace != nil {
				t.Errorf("got stack trace %v, want none", trace)
			}
			if got, want := fmt.Sprint(got.chunks), fmt.Sprint(test.chunks); got != want {
				t.Errorf("got chunks %s, want %s", got, want)
			}
		})
	}
}

type panickingCloser struct{ io.Reader }

func (panickingCloser) Close() error { panic("in Close") }

func (panickingCloser) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

type panickingJSON struct{ io.Reader }

func (panickingJSON) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }

func TestStreamPanics(t *testing.T) {
	for name, test := range map[string]struct {
		handler any
		chunks  []string
		want    messages.InvokeResponse_Error
	}{
		"in the handler": {func() (io.Reader, error) { panic("oh no") }, nil, messages.InvokeResponse_Error{Type: "string", Message: "oh no"}},
		"in a read":      {scripted(give("a"), func([]byte) (int, error) { panic(valueError{}) }), []string{"a"}, messages.InvokeResponse_Error{Type: "valueError", Message: "by value"}},
		"of a count":     {scripted(give("a"), func([]byte) (int, error) { return -1, nil }), []string{"a"}, messages.InvokeResponse_Error{Type: "boundsError", Message: "runtime error: slice bounds out of range [:-1]"}},
		"in a close":     {func() (panickingCloser, error) { return panickingCloser{strings.NewReader("a")}, nil }, []string{"a"}, messages.InvokeResponse_Error{Type: "string", Message: "in Close"}},
		"in its type":    {func() (io.Reader, error) { return &typed{contentType: "panic"}, nil }, nil, messages.InvokeResponse_Error{Type: "string", Message: "in ContentType"}},
		"in an encoder":  {func() (panickingJSON, error) { return panickingJSON{}, nil }, nil, messages.InvokeResponse_Error{Type: "string", Message: "in MarshalJSON"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := stream(t, test.handler)
			if trace := checkFailed(t, got, test.want); len(trace) == 0 || trace[0].Label == "" {
				t.Errorf("got stack trace %v, want one", trace)
			}
			if got, want := fmt.Sprint(got.chunks), fmt.Sprint(test.chunks); got != want {
				t.Errorf("got chunks %s, want %s", got, want)
			}
		})
	}
}

// A handler that runs t.FailNow ends the goroutine it runs in.
func TestStreamGoexit(t *testing.T) {
	server := newServer(t, map[string]any{"f": func() (io.Reader, error) { runtime.Goexit(); return nil, nil }})
	out, err := newClient(t, server).InvokeWithResponseStream(&lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	if err == nil {
		t.Errorf("got %v, want an error", out)
	}
}

func TestStreamLogTail(t *testing.T) {
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		log := lambdatest.LogWriter(ctx)
		fmt.Fprintln(log, "in the handler")
		return &script{[]func([]byte) (int, error){
			func(p []byte) (int, error) { fmt.Fprintln(log, "in a read"); return copy(p, "a"), nil },
			failingReader{}.Read,
		}}, nil
	}})
	client := newClient(t, server)
	for _, logType := range []string{lambda.LogTypeTail, lambda.LogTypeNone} {
		t.Run(logType, func(t *testing.T) {
			server.Reset()
			got := drain(t, openStream(t, client, &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f"), LogType: aws.String(logType)}))
			checkFailed(t, got, messages.InvokeResponse_Error{Type: "errorString", Message: "unexpected EOF"})
			log, err := base64.StdEncoding.DecodeString(aws.StringValue(got.complete.LogResult))
			if err != nil {
				t.Fatal(err)
			}
			if logType == lambda.LogTypeNone {
				if len(log) > 0 {
					t.Errorf("got log %s, want none", log)
				}
				return
			}
			id := server.Calls()[0].RequestID
			want := "START RequestId: " + id + " Version: $LATEST\nin the handler\nin a read\n" +
				`{"errorMessage":"unexpected EOF","errorType":"errorString"}` + "\nEND RequestId: " + id + "\nREPORT RequestId: " + id + "\t"
			if got := string(log); !strings.HasPrefix(got, want) {
				t.Errorf("got log %q, want it to begin with %q", got, want)
			}
		})
	}
}

func TestStreamClientContext(t *testing.T) {
	server := newServer(t, map[string]any{"f": scripted(give("a"))})
	got := drain(t, openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{
		FunctionName:  aws.String("f"),
		ClientContext: aws.String(encode(`{"custom":1}`)),
	}))
	if got.chunks != nil || !strings.Contains(got.complete.String(), "failed to unmarshal client context json: ") {
		t.Errorf("got chunks %q and %v, want the runtime's error", got.chunks, got.complete)
	}
	if server.Calls()[0].Executed {
		t.Error("the call is marked executed, but its handler is not called")
	}
}

func TestStreamDryRun(t *testing.T) {
	server := newServer(t, map[string]any{"f": func() { t.Error("executed") }})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{
		FunctionName:   aws.String("f"),
		InvocationType: aws.String(lambda.ResponseStreamingInvocationTypeDryRun),
	})
	if got, want := aws.Int64Value(out.StatusCode), int64(204); got != want {
		t.Errorf("got status %d, want %d", got, want)
	}
	if got := drain(t, out); got.chunks != nil || got.complete != nil || got.err != nil {
		t.Errorf("got %+v, want nothing", got)
	}
	if call := server.Calls()[0]; !call.Streaming || call.Executed {
		t.Errorf("got call %+v, want a streaming one that is not executed", call)
	}
}

func TestStreamRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		function       string
		invocationType string
		payload        string
		keyID          string
		fault          lambdatest.Fault
		status         int
		code           string
	}{
		"no such function": {function: "g", status: 404, code: lambda.ErrCodeResourceNotFoundException},
		"event":            {invocationType: lambda.InvocationTypeEvent, status: 400, code: lambda.ErrCodeInvalidParameterValueException},
		"payload":          {payload: "x", status: 400, code: lambda.ErrCodeInvalidRequestContentException},
		"too large":        {payload: `"` + strings.Repeat("x", 6<<20) + `"`, status: 413, code: lambda.ErrCodeRequestTooLargeException},
		"access key":       {keyID: "AKIDOTHER", status: 403, code: "UnrecognizedClientException"},
		"throttle":         {fault: lambdatest.Throttle(1), status: 429, code: lambda.ErrCodeTooManyRequestsException},
		"API error":        {fault: lambdatest.APIError(502, lambda.ErrCodeEC2ThrottledException, ""), status: 502, code: lambda.ErrCodeEC2ThrottledException},
		"after a delay":    {fault: lambdatest.Delay(time.Nanosecond), function: "g", status: 404, code: lambda.ErrCodeResourceNotFoundException},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": func() { t.Error("executed") }})
			server.RequireCredentials(aws.StringValue(or(test.keyID, keyID)), secret)
			server.Fail("*", test.fault)
			_, err := newClient(t, server).InvokeWithResponseStream(&lambda.InvokeWithResponseStreamInput{
				FunctionName:   or(test.function, "f"),
				InvocationType: or(test.invocationType, "RequestResponse"),
				Payload:        []byte(test.payload),
			})
			checkAPIError(t, err, test.status, test.code)
			if call := server.Calls()[0]; !call.Streaming || call.Executed {
				t.Errorf("got call %+v, want a streaming one that is not executed", call)
			}
		})
	}
}

func or(s, otherwise string) *string {
	if s == "" {
		s = otherwise
	}
	return &s
}

func TestStreamCut(t *testing.T) {
	for name, test := range map[string]struct {
		point  lambdatest.CutPoint
		header bool // whether the SDK gets as far as the stream
		chunks string
		clean  bool // whether the SDK takes the end for one
		reads  int
	}{
		"before the headers": {lambdatest.BeforeHeaders, false, "", false, 0},
		"within the headers": {lambdatest.WithinHeaders, false, "", false, 0},
		"after the headers":  {lambdatest.AfterHeaders, true, "", false, 0},
		"within the body":    {lambdatest.WithinBody, true, "a", false, 1},
		"before complete":    {lambdatest.BeforeComplete, true, "ab", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			reads, closed := 0, false
			server := newServer(t, map[string]any{"f": func() (io.ReadCloser, error) {
				s, _ := scripted(give("a"), give("b"))()
				return closer{
					func(p []byte) (int, error) { reads++; return s.Read(p) },
					func() { closed = true },
				}, nil
			}})
			server.Fail("f", lambdatest.Cut(test.point))
			client := newClient(t, server)
			in := &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")}
			out, err := client.InvokeWithResponseStreamWithContext(t.Context(), in)
			if (err == nil) != test.header {
				t.Fatalf("got error %v", err)
			}
			if err == nil {
				got := drain(t, out)
				if got.payload() != test.chunks || got.complete != nil || (got.err == nil) != test.clean {
					t.Errorf("got %q, %v and error %v, want %q", got.payload(), got.complete, got.err, test.chunks)
				}
			}
			server.Close() // and so wait for the handler
			if reads != test.reads || !closed {
				t.Errorf("got %d reads, closed %t, want %d, true", reads, closed, test.reads)
			}
			if !server.Calls()[0].Executed {
				t.Error("the call is not marked executed")
			}
		})
	}
}

// A closer reads and closes by functions, which JSON cannot encode.
type closer struct {
	ReadFunc  func([]byte) (int, error)
	CloseFunc func()
}

func (c closer) Read(p []byte) (int, error) { return c.ReadFunc(p) }

func (c closer) Close() error { c.CloseFunc(); return nil }

func TestStreamCutWithoutChunks(t *testing.T) {
	for _, point := range []lambdatest.CutPoint{lambdatest.WithinBody, lambdatest.BeforeComplete} {
		server := newServer(t, map[string]any{"f": scripted()})
		server.Fail("f", lambdatest.Cut(point))
		got := drain(t, openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")}))
		if got.chunks != nil || got.complete != nil || (got.err == nil) != (point == lambdatest.BeforeComplete) {
			t.Errorf("cut at %d: got %+v", point, got)
		}
	}
}

// An error that no message can hold is like a cut.
func TestStreamErrorTooLarge(t *testing.T) {
	got := stream(t, func() error { return errors.New(strings.Repeat("x", 17<<20)) })
	if got.complete != nil || got.err == nil {
		t.Errorf("got %v, want an error", got.complete)
	}
}

func TestStreamCallerGoesAway(t *testing.T) {
	chunks := make(chan string, 1)
	sources := make(chan *source, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		s := newSource(ctx, chunks)
		sources <- s
		return s, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	chunks <- "a"
	if got, want := nextChunk(t, out), "a"; got != want {
		t.Errorf("got chunk %q, want %q", got, want)
	}
	s := receive(t, "the reader", sources)
	if err := s.ctx.Err(); err != nil {
		t.Errorf("got %v from the handler's context before the caller has gone", err)
	}
	out.GetStream().Close()
	receive(t, "the end of the handler's context", s.ctx.Done())
	receive(t, "the reader to be closed", s.closed)
}

// A reader that does not heed its context is read no further.
func TestStreamCallerGoesAwayFromEndlessReader(t *testing.T) {
	closed := make(chan struct{})
	server := newServer(t, map[string]any{"f": func() (io.Reader, error) {
		return closer{func(p []byte) (int, error) { return len(p), nil }, func() { close(closed) }}, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	nextChunk(t, out)
	out.GetStream().Close()
	receive(t, "the reader to be closed", closed)
}

func TestStreamCallerGoesAwayBeforeTheReply(t *testing.T) {
	started := make(chan struct{}, 1)
	ended := make(chan error, 1)
	closed := make(chan struct{})
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		ended <- hang(started)(ctx)
		return closer{CloseFunc: func() { close(closed) }}, nil
	}})
	client := newClient(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := client.InvokeWithResponseStreamWithContext(ctx, &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
		answered <- err
	}()
	receive(t, "the execution", started)
	cancel()
	if err := receive(t, "the caller", answered); err == nil {
		t.Error("got an answer, want the caller to go away")
	}
	if err := receive(t, "the handler", ended); err != context.Canceled {
		t.Errorf("got %v from the handler's context, want %v", err, context.Canceled)
	}
	receive(t, "the reader to be closed", closed)
}

func TestCloseDuringStream(t *testing.T) {
	chunks := make(chan string, 1)
	sources := make(chan *source, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		s := newSource(ctx, chunks)
		sources <- s
		return s, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	chunks <- "a"
	nextChunk(t, out)

	server.Close()
	select {
	case <-receive(t, "the reader", sources).closed:
	default:
		t.Error("Close returned before the reader was closed")
	}
	if got := drain(t, out); got.chunks != nil || got.complete != nil || got.err == nil {
		t.Errorf("got %+v, want the stream to break", got)
	}
}

// What is streamed is held by neither side.
func TestStreamMemory(t *testing.T) {
	const size, atMost = 50 << 20, 8 << 20
	server := newServer(t, map[string]any{"f": func() (io.Reader, error) {
		left := size
		return closer{func(p []byte) (int, error) {
			n := min(left, len(p))
			if left -= n; left == 0 {
				return n, io.EOF
			}
			return n, nil
		}, func() {}}, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	before := liveHeap()
	got := 0
	for got < size/2 {
		got += len(nextChunk(t, out))
	}
	if grown := liveHeap() - before; grown > atMost {
		t.Errorf("got %d bytes of live heap more than at the start, want %d at most", grown, atMost)
	}
	for got < size {
		got += len(nextChunk(t, out))
	}
	checkComplete(t, drain(t, out))
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
