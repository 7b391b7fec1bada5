package backend

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// race is a transport for two concurrent calls. The second one ends when it is canceled, with a reply
// or an error.
type race struct {
	calls   atomic.Int32
	replies bool // the second call
}

// RoundTrip implements http.RoundTripper.
func (r *race) RoundTrip(request *http.Request) (*http.Response, error) {
	id, body := "first", "{}"
	if r.calls.Add(1) == 1 {
		synctest.Wait() // until the second call is running
	} else {
		<-request.Context().Done()
		if !r.replies {
			return nil, request.Context().Err()
		}
		id, body = "second", `{"a":1}`
	}
	header := http.Header{"X-Amzn-Requestid": {id}, "X-Amz-Executed-Version": {id}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}, nil
}

// For concurrent calls, observers get the call whose reply the client gets, and the number of all
// calls. The other calls are canceled, which is not a failure.
func TestObserversOfConcurrentCalls(t *testing.T) {
	for name, replies := range map[string]bool{"the other one replies": true, "the other one fails": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &observed{}
				f := NewFactory(Options{
					Logger: &recorder{}, SDK: testSDK{endpoint: "http://127.0.0.1:1", transport: &race{replies: replies}}, Observer: o, OnInvocation: o.tell,
				})
				b := f.New(Spec{ConcurrentCalls: 2, Settings: ns(map[string]any{"function_name": "f"})})
				err := b.Invoke(t.Context(), &Request{}, func(*http.Response) error {
					synctest.Wait() // until the second call has ended
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := o.last; got.RequestID != "first" || got.ExecutedVersion != "first" || got.ReplySize != 2 || got.APIStatus != 200 || got.Attempts != 2 {
					t.Errorf("got %+v", got)
				}
				if got, want := strings.Join(o.events, "; "), "start f: in us-west-2, listed true, stream false; end"; got != want {
					t.Errorf("got the events %s, want %s", got, want)
				}
			})
		})
	}
}

// A panic of an observer is logged. The client gets its reply, and the process goes on, even if
// nothing reads the reply.
func TestObserversThatPanic(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return strings.Repeat("x", 200<<10), nil }})
	t.Cleanup(s.Close)
	for name, encoding := range map[string]string{"a reply": "string", "an unread reply": "no-op"} {
		log := errorLog{&recorder{}, make(chan string, 1)}
		f := NewFactory(Options{Logger: log, SDK: testSDK{endpoint: s.URL}, OnInvocation: func(context.Context, Invocation) { panic("oh") }})
		ctx, cancel := context.WithCancel(t.Context())
		response, err := do(ctx, f.New(Spec{Encoding: encoding, Settings: ns(map[string]any{"function_name": "f"})}), &Request{})
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: got %v, %v", name, response, err)
		}
		cancel()
		if got := <-log.errors; !strings.HasPrefix(got, "panic: 'oh', at ") {
			t.Errorf("%s: got the line %s", name, got)
		}
	}
}

// errorLog sends error lines to a channel.
type errorLog struct {
	*recorder
	errors chan string
}

func (l errorLog) Error(v ...any) { l.errors <- v[len(v)-1].(string) }

// A failed attempt has the code that the call would have without further attempts.
func TestAttemptCode(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	overdue, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	broken := errors.New("reset")
	for name, tc := range map[string]struct {
		err    invoke.Error
		ctx    context.Context
		stream bool
		want   string
	}{
		"a code of AWS":        {invoke.Error{Kind: invoke.KindAPI, Code: "ServiceException", Status: 500}, t.Context(), false, "ServiceException"},
		"the same, too late":   {invoke.Error{Kind: invoke.KindAPI, Code: "ServiceException", Status: 500}, overdue, false, "ServiceException"},
		"no code":              {invoke.Error{Kind: invoke.KindAPI, Code: "<b>no code</b>", Status: 503}, t.Context(), false, "InvocationFailure"},
		"an error type":        {invoke.Error{Kind: invoke.KindFunction, Code: "Unhandled", Payload: []byte(`{"errorType":"OutOfStock"}`)}, t.Context(), false, "OutOfStock"},
		"no error type":        {invoke.Error{Kind: invoke.KindFunction, Code: "Unhandled"}, t.Context(), false, "Unhandled"},
		"a connection":         {invoke.Error{Kind: invoke.KindConnection, Err: broken}, t.Context(), false, "RequestError"},
		"a reply cut off":      {invoke.Error{Kind: invoke.KindTruncated, Err: broken}, t.Context(), false, "RequestError"},
		"a stream cut off":     {invoke.Error{Kind: invoke.KindTruncated, Err: broken}, t.Context(), true, "IncompleteReply"},
		"a reply too long":     {invoke.Error{Kind: invoke.KindLimit, Err: broken}, cancelled, false, "UndecodableReply"},
		"a malformed stream":   {invoke.Error{Kind: invoke.KindMalformed, Err: broken}, t.Context(), true, "UndecodableReply"},
		"no credentials":       {invoke.Error{Kind: invoke.KindCredentials, Err: broken}, t.Context(), false, "NoCredentials"},
		"a fault":              {invoke.Error{Kind: invoke.KindInternal, Err: broken}, t.Context(), false, "InternalError"},
		"the deadline":         {invoke.Error{Kind: invoke.KindConnection, Err: broken}, overdue, false, "DeadlineExceeded"},
		"a client that left":   {invoke.Error{Kind: invoke.KindConnection, Err: broken}, cancelled, false, "ClientGone"},
		"the end of a context": {invoke.Error{Kind: invoke.KindEnded, Err: context.DeadlineExceeded}, t.Context(), false, "DeadlineExceeded"},
	} {
		b := &Backend{cfg: config.Config{Stream: tc.stream}}
		if got := b.attemptCode(tc.ctx, &invocation{}, &tc.err); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

// An Observer needs no OnInvocation beside it.
func TestObserverAlone(t *testing.T) {
	s := api(t, `{}`)
	o := &observed{}
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL}, Observer: o}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	if _, err := do(t.Context(), b, &Request{}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(o.events, "; "), "start f: in us-west-2, listed true, stream false; end"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// An error without a request id leaves that of the last attempt.
func TestRequestIDOfAFailedInvocation(t *testing.T) {
	i := Invocation{RequestID: "1"}
	if i.failed(ended(context.DeadlineExceeded, "")); i.RequestID != "1" {
		t.Errorf("got %q, want that of the attempt", i.RequestID)
	}
	if i.failed(internal(errPanic).withInvocation(config.Function{Name: "f"}, "2")); i.RequestID != "2" {
		t.Errorf("got %q, want that of the error", i.RequestID)
	}
}
