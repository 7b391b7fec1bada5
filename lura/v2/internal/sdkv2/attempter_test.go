package sdkv2

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// attempt makes a call with one retry, for which it does not wait, and reads its reply.
func attempt(t *testing.T, i Invoker, r *invoke.Request, maxReply int64) (string, error) {
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
		kind     invoke.Kind // of the error; -1 for none
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
		got, err := attempt(t, client(s.URL), &tc.request, tc.maxReply)
		var e *invoke.Error
		if isError := errors.As(err, &e); got != tc.reply || isError != (tc.kind >= 0) || isError && (e.Kind != tc.kind || tc.code != "" && e.Code != tc.code) {
			t.Errorf("%s: got %q, %+v; want %q and kind %d", tc.name, got, err, tc.reply, tc.kind)
		}
		if n := len(s.Calls()); n != tc.calls {
			t.Errorf("%s: got %d calls, want %d", tc.name, n, tc.calls)
		}
	}
}

func TestAttempterOfFakes(t *testing.T) {
	broken := errors.New("a fake's own error")
	for name, tc := range map[string]struct {
		fake invokerFunc
		kind invoke.Kind
	}{
		"nothing": {func(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
			return nil, nil
		}, invoke.KindInternal},
		"an error": {func(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
			return nil, broken
		}, invoke.KindConnection},
	} {
		_, err := attempt(t, tc.fake, &invoke.Request{Function: "f"}, 0)
		var e *invoke.Error
		if !errors.As(err, &e) || e.Kind != tc.kind || tc.kind == invoke.KindConnection && !errors.Is(err, broken) {
			t.Errorf("%s: got %+v", name, err)
		}
	}
}

func TestAttempterEndsWithItsContext(t *testing.T) {
	s := api(t, map[string]any{"stream": func() (io.Reader, error) { return neverEnding{t.Context()}, nil }})
	ctx, cancel := context.WithCancel(t.Context())
	response, err := NewAttempter(client(s.URL)).Attempt(ctx, &invoke.Request{Function: "stream", Stream: true}, &invoke.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	var e *invoke.Error
	if _, _, err := response.Events.Next(); !errors.As(err, &e) || e.Kind != invoke.KindEnded || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	response.Events.Close()
}

// neverEnding is a reader without a byte until its context ends.
type neverEnding struct{ ctx context.Context }

func (n neverEnding) Read([]byte) (int, error) {
	<-n.ctx.Done()
	return 0, io.EOF
}

// Calls go where the settings say, signed with what the config has, and backends with the same
// settings share a client.
func TestSDK(t *testing.T) {
	environment(t, nil, "", "")
	s := api(t, map[string]any{"f": func() (string, error) { return "tea", nil }})
	s.RequireCredentials("AKIDEXAMPLE", "not-a-secret")
	sdk := NewSDK(givenConfig(), silent{}, false)
	settings := invoke.Settings{Region: "eu-west-1", Endpoint: s.URL}
	first, found, err := sdk.Client(settings)
	if err != nil || found.Region != "eu-west-1" || found.Endpoint != s.URL || found.Warnings != nil {
		t.Fatalf("got %+v, %v", found, err)
	}
	if second, _, _ := sdk.Client(settings); second != first {
		t.Error("the same settings have two clients")
	}
	if other, _, _ := sdk.Client(invoke.Settings{Region: "eu-west-2", Endpoint: s.URL}); other == first {
		t.Error("two regions have one client")
	}
	if err := first.Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{}, func(*invoke.Response) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if call := s.Calls()[0]; call.Region != "eu-west-1" {
		t.Errorf("got %+v", call)
	}
	if _, _, err := sdk.Client(invoke.Settings{Profile: "absent"}); err == nil {
		t.Error("got a client for a profile that does not exist")
	}
	if got := safeText(&http.MaxBytesError{Limit: 1}); !strings.Contains(got, "too large") {
		t.Errorf("got %s", got)
	}
}

type silent struct{}

func (silent) Debug(...any)   {}
func (silent) Info(...any)    {}
func (silent) Warning(...any) {}
func (silent) Error(...any)   {}
