package lambdatest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const streamingInvocations = "/2021-11-15/functions/%s/response-streaming-invocations"

// openStream begins a streaming invocation and closes it at the end of the test.
func openStream(t *testing.T, client *lambda.Client, in *lambda.InvokeWithResponseStreamInput) *lambda.InvokeWithResponseStreamOutput {
	t.Helper()
	out, err := client.InvokeWithResponseStream(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.GetStream().Close() })
	return out
}

// A streamed is a stream that was read to its end.
type streamed struct {
	chunks   []string
	complete *types.InvokeWithResponseStreamCompleteEvent // nil if it was not there
	err      error
}

func (s streamed) payload() string { return strings.Join(s.chunks, "") }

// nextEvent returns nil at the end of the stream.
func nextEvent(t *testing.T, out *lambda.InvokeWithResponseStreamOutput) types.InvokeWithResponseStreamResponseEvent {
	t.Helper()
	return receive(t, "an event", out.GetStream().Events())
}

func nextChunk(t *testing.T, out *lambda.InvokeWithResponseStreamOutput) string {
	t.Helper()
	event := nextEvent(t, out)
	chunk, ok := event.(*types.InvokeWithResponseStreamResponseEventMemberPayloadChunk)
	if !ok {
		t.Fatalf("got %T, want a chunk (%v)", event, out.GetStream().Err())
	}
	return string(chunk.Value.Payload)
}

// drain reads a stream to its end, and fails if something comes after
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
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			s.chunks = append(s.chunks, string(event.Value.Payload))
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			s.complete = &event.Value
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

// checkComplete checks that a stream has ended without an error.
func checkComplete(t *testing.T, got streamed) {
	t.Helper()
	if got.err != nil {
		t.Errorf("got error %v, want none", got.err)
	}
	if got.complete == nil {
		t.Fatal("got no InvokeComplete")
	}
	if got.complete.ErrorCode != nil || got.complete.ErrorDetails != nil || got.complete.LogResult != nil {
		t.Errorf("got %v, want an empty one", got.complete)
	}
}

// checkFailed checks the function error at the end of a stream except its stack trace, which it
// returns.
func checkFailed(t *testing.T, got streamed, want messages.InvokeResponse_Error) []*messages.InvokeResponse_Error_StackFrame {
	t.Helper()
	if got.err != nil {
		t.Errorf("got error %v, want none", got.err)
	}
	if got.complete == nil {
		t.Fatal("got no InvokeComplete")
	}
	if got, want := aws.ToString(got.complete.ErrorCode), "Unhandled"; got != want {
		t.Errorf("got error code %q, want %q", got, want)
	}
	var details messages.InvokeResponse_Error
	if err := json.Unmarshal([]byte(aws.ToString(got.complete.ErrorDetails)), &details); err != nil {
		t.Fatalf("%v in %v", err, got.complete)
	}
	if details.Type != want.Type || details.Message != want.Message {
		t.Errorf("got %s: %s, want %s: %s", details.Type, details.Message, want.Type, want.Message)
	}
	return details.StackTrace
}

// A source is a reader that returns what comes over a channel, ends with the
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

// A script is a reader that does one step for each Read.
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
	if got, want := out.StatusCode, int32(200); got != want {
		t.Errorf("got status %d, want %d", got, want)
	}
	if got, want := aws.ToString(out.ExecutedVersion), "7"; got != want {
		t.Errorf("got executed version %q, want %q", got, want)
	}
	if got, want := aws.ToString(out.ResponseStreamContentType), "application/octet-stream"; got != want {
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

	decoder, messages := eventstream.NewDecoder(), strings.NewReader(got.body)
	for _, want := range []struct{ eventType, contentType, payload string }{
		{"PayloadChunk", "application/octet-stream", "a"},
		{"InvokeComplete", "application/json", "{}"},
	} {
		msg, err := decoder.Decode(messages, nil)
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
	if _, err := decoder.Decode(messages, nil); err != io.EOF {
		t.Errorf("got %v after InvokeComplete, want %v", err, io.EOF)
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
	for _, logType := range []types.LogType{types.LogTypeTail, types.LogTypeNone} {
		t.Run(string(logType), func(t *testing.T) {
			server.Reset()
			got := drain(t, openStream(t, client, &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f"), LogType: logType}))
			checkFailed(t, got, messages.InvokeResponse_Error{Type: "errorString", Message: "unexpected EOF"})
			log, err := base64.StdEncoding.DecodeString(aws.ToString(got.complete.LogResult))
			if err != nil {
				t.Fatal(err)
			}
			if logType == types.LogTypeNone {
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
	if got.chunks != nil || !strings.Contains(aws.ToString(got.complete.ErrorDetails), "failed to unmarshal client context json: ") {
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
		InvocationType: types.ResponseStreamingInvocationTypeDryRun,
	})
	if got, want := out.StatusCode, int32(204); got != want {
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
		invocationType types.InvocationType
		payload        string
		keyID          string
		fault          lambdatest.Fault
		status         int
		code           string
	}{
		"no such function": {function: "g", status: 404, code: "ResourceNotFoundException"},
		"event":            {invocationType: types.InvocationTypeEvent, status: 400, code: "InvalidParameterValueException"},
		"payload":          {payload: "x", status: 400, code: "InvalidRequestContentException"},
		"too large":        {payload: `"` + strings.Repeat("x", 6<<20) + `"`, status: 413, code: "RequestTooLargeException"},
		"access key":       {keyID: "AKIDOTHER", status: 403, code: "UnrecognizedClientException"},
		"throttle":         {fault: lambdatest.Throttle(1), status: 429, code: "TooManyRequestsException"},
		"API error":        {fault: lambdatest.APIError(502, "EC2ThrottledException", ""), status: 502, code: "EC2ThrottledException"},
		"after a delay":    {fault: lambdatest.Delay(time.Nanosecond), function: "g", status: 404, code: "ResourceNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": func() { t.Error("executed") }})
			server.RequireCredentials(aws.ToString(or(test.keyID, keyID)), secret)
			server.Fail("*", test.fault)
			_, err := newClient(t, server).InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{
				FunctionName:   or(test.function, "f"),
				InvocationType: types.ResponseStreamingInvocationType(test.invocationType),
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
