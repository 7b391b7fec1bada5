package lambdatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	golambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// nothing does not encode to JSON, and its reads return no bytes.
type nothing struct{ strings.Reader }

func (nothing) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

// A both is a reader and encodes to JSON: the runtime sends the JSON.
type both struct{ Name string }

func (both) Read([]byte) (int, error) { panic("read") }

func (both) Close() error { panic("closed") }

// A wide encodes to JSON with characters that are special in HTML.
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

// A typed reader declares a type, and may panic when asked for it.
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
			if got := aws.ToString(out.ResponseStreamContentType); got != test.want {
				t.Errorf("got content type %q, want %q", got, test.want)
			}
			drain(t, out)
		})
	}
}
