package sdkv2

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// attempt makes one attempt.
func attempt(ctx context.Context, i Invoker, r *invoke.Request, p *invoke.Policy) (*invoke.Response, *invoke.Error) {
	response, err := NewAttempter(i).Attempt(ctx, r, p)
	if err == nil {
		return response, nil
	}
	return nil, err.(*invoke.Error)
}

// callInvoker makes a call with at most one retry, without delay, and reads its reply.
func callInvoker(t *testing.T, i Invoker, r *invoke.Request, maxReply int64) (string, error) {
	t.Helper()
	c := invoke.NewWith(NewAttempter(i), invoke.Target{MaxRetries: 1, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	var got string
	err := c.Invoke(t.Context(), r, &invoke.Policy{MaxRetries: -1, MaxReply: maxReply}, func(response *invoke.Response) error {
		got = string(response.Payload)
		if response.Events == nil {
			return nil
		}
		defer response.Events.Close()
		var b bytes.Buffer
		for {
			piece, _, err := response.Events.Next()
			if err != nil {
				got = b.String()
				if err == io.EOF {
					return nil
				}
				return err
			}
			b.Write(piece)
		}
	})
	return got, err
}

func TestAttempter(t *testing.T) {
	handlers := map[string]any{
		"f":      func() (string, error) { return "tea", nil },
		"fails":  func() (string, error) { return "", errors.New("cold") },
		"stream": func() (io.Reader, error) { return strings.NewReader("tea for two"), nil },
		"spills": func() (io.Reader, error) { return io.MultiReader(strings.NewReader("tea"), failing{}), nil },
	}
	for _, tc := range []struct {
		name     string
		request  invoke.Request
		fault    lambdatest.Fault
		maxReply int64
		reply    string
		kind     invoke.Kind // of the error; -1 means no error
		code     string
		calls    int
	}{
		{name: "a reply", request: invoke.Request{Function: "f"}, reply: `"tea"`, kind: -1, calls: 1},
		{name: "a function's error", request: invoke.Request{Function: "fails"}, kind: invoke.KindFunction, code: "Unhandled", calls: 1},
		{name: "a throttle", request: invoke.Request{Function: "f"}, fault: lambdatest.Throttle(1), kind: invoke.KindAPI, code: "TooManyRequestsException", calls: 2},
		{name: "access denied", request: invoke.Request{Function: "f"}, fault: lambdatest.APIError(403, "AccessDeniedException", "no"), kind: invoke.KindAPI, code: "AccessDeniedException", calls: 1},
		{name: "no connection", request: invoke.Request{Function: "f"}, fault: lambdatest.Cut(lambdatest.BeforeHeaders), kind: invoke.KindConnection, calls: 2},
		{name: "a reply that is cut", request: invoke.Request{Function: "f"}, fault: lambdatest.Cut(lambdatest.WithinBody), kind: invoke.KindTruncated, calls: 2},
		{name: "a reply that is too large", request: invoke.Request{Function: "f"}, maxReply: 2, kind: invoke.KindLimit, calls: 1},

		{name: "a stream", request: invoke.Request{Function: "stream", Stream: true}, reply: "tea for two", kind: -1, calls: 1},
		{name: "an error in a stream", request: invoke.Request{Function: "spills", Stream: true}, reply: "tea", kind: invoke.KindFunction, calls: 1},
		{name: "a stream that is cut", request: invoke.Request{Function: "stream", Stream: true}, fault: lambdatest.Cut(lambdatest.BeforeComplete), reply: "tea for two", kind: invoke.KindTruncated, calls: 2},
		{name: "a stream that is too large", request: invoke.Request{Function: "stream", Stream: true}, maxReply: 2, kind: invoke.KindLimit, calls: 1},
		{name: "a stream that is refused", request: invoke.Request{Function: "stream", Stream: true}, fault: lambdatest.APIError(404, "ResourceNotFoundException", "no"), kind: invoke.KindAPI, code: "ResourceNotFoundException", calls: 1},
	} {
		s := api(t, handlers)
		if tc.fault != (lambdatest.Fault{}) {
			s.Fail("*", tc.fault.Always())
		}
		got, err := callInvoker(t, client(s.URL), &tc.request, tc.maxReply)
		var e *invoke.Error
		if isError := errors.As(err, &e); got != tc.reply || isError != (tc.kind >= 0) || isError && (e.Kind != tc.kind || tc.code != "" && e.Code != tc.code) {
			t.Errorf("%s: got %q, %+v; want %q and kind %d", tc.name, got, err, tc.reply, tc.kind)
		}
		if n := len(s.Calls()); n != tc.calls {
			t.Errorf("%s: got %d calls, want %d", tc.name, n, tc.calls)
		}
	}
}

func TestAttempterEndsWithItsContext(t *testing.T) {
	s := api(t, map[string]any{"stream": func() (io.Reader, error) { return neverEnding{t.Context()}, nil }})
	ctx, cancel := context.WithCancel(t.Context())
	response, failed := attempt(ctx, client(s.URL), &invoke.Request{Function: "stream", Stream: true}, &invoke.Policy{})
	if failed != nil {
		t.Fatal(failed)
	}
	cancel()
	var e *invoke.Error
	if _, _, err := response.Events.Next(); !errors.As(err, &e) || e.Kind != invoke.KindEnded || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	response.Events.Close()
}

// neverEnding is a reader that blocks until its context ends.
type neverEnding struct{ ctx context.Context }

func (n neverEnding) Read([]byte) (int, error) {
	<-n.ctx.Done()
	return 0, io.EOF
}

// No error of an Invoker's call repeats the session token or the signature.
func TestErrorsOfInvokersRepeatNoSecrets(t *testing.T) {
	for _, name := range []string{"X-Amz-Security-Token", "Authorization"} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, signature, _ := strings.Cut(r.Header.Get(name), "Signature=")
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"message":"got %s"}`, cmp.Or(signature, r.Header.Get(name)))
		})
		i := lambda.New(lambda.Options{
			Region: "us-west-2", BaseEndpoint: &url,
			Credentials: sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", "not-a-session-token"),
		})
		for _, stream := range []bool{false, true} {
			_, err := callInvoker(t, i, &invoke.Request{Function: "f", Stream: stream}, 1000)
			var e *invoke.Error
			if !errors.As(err, &e) || e.Code != "AccessDeniedException" || e.Message != "" || !e.Redacted {
				t.Errorf("%s, stream %t: got %#v", name, stream, err)
			}
		}
	}
}
