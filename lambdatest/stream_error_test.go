package lambdatest_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

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
	out, err := newClient(t, server).InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	if err == nil {
		t.Errorf("got %v, want an error", out)
	}
}
