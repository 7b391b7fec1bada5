package sdkv1

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/aws/aws-sdk-go/service/lambda/lambdaiface"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

var (
	_ Invoker       = (*lambda.Lambda)(nil)
	_ StreamInvoker = (*lambda.Lambda)(nil)
)

// invokerFunc is an Invoker that ignores options.
type invokerFunc func(*lambda.InvokeInput) (*lambda.InvokeOutput, error)

func (f invokerFunc) InvokeWithContext(_ aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	return f(in)
}

// counted is an Invoker that counts calls, and passes them on with their options.
type counted struct {
	*lambda.Lambda
	calls int
}

func (c *counted) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, opts ...request.Option) (*lambda.InvokeOutput, error) {
	c.calls++
	return c.Lambda.InvokeWithContext(ctx, in, opts...)
}

// attempt makes one attempt of a function.
func attempt(ctx context.Context, i Invoker, r *invoke.Request, p *invoke.Policy) (*invoke.Response, *invoke.Error) {
	response, err := NewAttempter(i).Attempt(ctx, r, p)
	if err == nil {
		return response, nil
	}
	return response, err.(*invoke.Error) // all errors have this type
}

// An attempt sends the request, and returns the response.
func TestAttempt(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func(in json.RawMessage) (json.RawMessage, error) {
		return in, nil
	}})
	t.Cleanup(s.Close)
	s.RequireCredentials(accessKey, secretKey)
	payload := []byte(`{"a":"b"}`)
	response, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), &invoke.Request{
		Function: "f", Qualifier: "live", ClientContext: "e30=", LogTail: true, TraceID: "Root=1-2-3", Payload: invoke.PayloadOf(payload),
	}, &invoke.Policy{MaxReply: 100})
	if err != nil {
		t.Fatal(err)
	}
	call := s.Calls()[0]
	if string(response.Payload) != string(payload) || response.Header.Get("X-Amz-Executed-Version") == "" || response.ExecutedVersion != "$LATEST" || response.Status != http.StatusOK ||
		response.RequestID != call.RequestID || response.LogResult == "" || response.Rest != nil || response.Events != nil {
		t.Errorf("got %+v", response)
	}
	if call.Function != "f" || call.Qualifier != "live" || string(call.Payload) != string(payload) || string(call.ClientContext) != "{}" ||
		call.Header.Get("X-Amzn-Trace-Id") != "Root=1-2-3" || call.Header.Get("X-Amz-Log-Type") != "Tail" || call.Header.Get("Accept-Encoding") != "identity" ||
		call.Header.Get("X-Amz-Invocation-Type") != "" {
		t.Errorf("got the call %+v", call)
	}
	if _, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), &invoke.Request{Function: "f", InvocationType: "Event"}, &invoke.Policy{}); err != nil {
		t.Fatal(err)
	}
	if call := s.Calls()[1]; call.InvocationType != "Event" || call.Header.Get("X-Amz-Client-Context") != "" || call.Header.Get("X-Amz-Log-Type") != "" || call.Qualifier != "" {
		t.Errorf("got the call %+v", call)
	}
}

func TestAttemptOfAFunctionThatFails(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return errors.New("spilt") }})
	t.Cleanup(s.Close)
	_, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), &invoke.Request{Function: "f", LogTail: true}, &invoke.Policy{})
	if err == nil || err.Kind != invoke.KindFunction || err.Code != "Unhandled" || err.Status != http.StatusOK || err.LogResult == "" || err.RequestID != s.Calls()[0].RequestID ||
		string(err.Payload) != `{"errorMessage":"spilt","errorType":"errorString"}` || err.Header.Get("X-Amz-Function-Error") != "Unhandled" {
		t.Errorf("got %#v", err)
	}
}

// This module makes the retries: an attempt is one call of the Invoker, and one HTTP request.
func TestAttemptsAreNotRetried(t *testing.T) {
	s := api(t)
	for _, fault := range []lambdatest.Fault{
		lambdatest.APIError(http.StatusInternalServerError, "ServiceException", ""), lambdatest.Throttle(0),
		lambdatest.Cut(lambdatest.BeforeHeaders), lambdatest.Cut(lambdatest.WithinBody),
		lambdatest.APIError(http.StatusForbidden, "ExpiredTokenException", ""),
	} {
		s.Reset()
		s.Fail("f", fault.Always())
		custom := testSession(t, s.URL)
		custom.Config.MaxRetries = aws.Int(5)
		i := &counted{Lambda: lambda.New(custom)}
		if _, err := attempt(t.Context(), i, &invoke.Request{Function: "f"}, &invoke.Policy{}); err == nil || i.calls != 1 || len(s.Calls()) != 1 {
			t.Errorf("%+v: got %v after %d calls of the Invoker and %d of AWS, want 1", fault, err, i.calls, len(s.Calls()))
		}
		if _, ok := i.Retryer.(noRetries); ok || i.MaxRetries() != 5 || MaxRetries(i) != 5 {
			t.Error("the client's own retries have changed")
		}
	}
	if got := MaxRetries(invokerFunc(nil)); got != 3 {
		t.Errorf("got %d retries for an unknown Invoker, want 3", got)
	}
}

// If AWS treats credentials as expired, the next attempt uses others.
func TestExpiredCredentialsOfAClient(t *testing.T) {
	s := api(t)
	custom := testSession(t, s.URL)
	custom.Config.Credentials = credentials.NewCredentials(&counting{})
	client := invoke.NewWith(NewAttempter(lambda.New(custom)), invoke.Target{})
	s.Fail("f", lambdatest.APIError(http.StatusForbidden, "ExpiredTokenException", ""))
	if err := call(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if err := call(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, call := range s.Calls() {
		got = append(got, call.AccessKeyID)
	}
	if want := []string{"key1", "key2", "key2"}; !slices.Equal(got, want) {
		t.Errorf("got calls signed by %q, want %q", got, want)
	}
}

// The HTTP of an answer decides on the kind of the error.
func TestAttemptsThatFail(t *testing.T) {
	page := "<html>" + strings.Repeat("x", 1000)
	for name, tc := range map[string]struct {
		answer string // HTTP; empty for a closed connection
		kind   invoke.Kind
		status int
		code   string
	}{
		"nothing":                   {"", invoke.KindConnection, 0, ""},
		"half of a reply":           {"200 OK\r\nContent-Length: 9\r\n\r\n{", invoke.KindTruncated, 0, ""},
		"half of a chunk":           {"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", invoke.KindTruncated, 0, ""},
		"half of an error":          {"404 Not Found\r\nContent-Length: 100\r\n\r\n{", invoke.KindTruncated, 0, ""},
		"a reply beyond the limit":  {"200 OK\r\nContent-Length: 11\r\n\r\n", invoke.KindLimit, 0, ""},
		"the same, not announced":   {"200 OK\r\nConnection: close\r\n\r\n" + page, invoke.KindLimit, 0, ""},
		"an error beyond the limit": {"500 X\r\nContent-Length: 7000000\r\n\r\n", invoke.KindLimit, 0, ""},
		"headers beyond the limit":  {"200 OK\r\nX: " + strings.Repeat("x", invoke.MaxHeader) + "\r\nContent-Length: 2\r\n\r\n{}", invoke.KindLimit, 0, ""},
		"a switch of protocols":     {"101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", invoke.KindLimit, 0, ""},
		"a page of an error":        {fmt.Sprintf("502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s", len(page), page), invoke.KindAPI, 502, ""},
		"a page of a refusal":       {fmt.Sprintf("403 Forbidden\r\nContent-Length: %d\r\n\r\n%s", len(page), page), invoke.KindAPI, 403, ""},
		"an error in the header":    {"500 X\r\nX-Amzn-Errortype: ServiceException:http://x\r\nContent-Length: 2\r\n\r\n{}", invoke.KindAPI, 500, "ServiceException"},
		"an error that is not JSON": {"403 X\r\nContent-Length: 39\r\n\r\n{\"__type\":\"AccessDeniedException\",\"a\":1", invoke.KindAPI, 403, ""},
		"an error in the body":      {"403 X\r\nContent-Length: 34\r\n\r\n{\"__type\":\"AccessDeniedException\"}", invoke.KindAPI, 403, "AccessDeniedException"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.(*net.TCPConn).Close()
			if tc.answer != "" {
				io.WriteString(rw, "HTTP/1.1 "+tc.answer)
			}
			rw.Flush()
		}))
		_, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), &invoke.Request{Function: "f"}, &invoke.Policy{MaxReply: 10})
		s.Close()
		if err == nil || err.Kind != tc.kind || tc.kind == invoke.KindAPI && (err.Status != tc.status || err.Code != tc.code) {
			t.Errorf("%s: got %#v, want kind %d, status %d, code %q", name, err, tc.kind, tc.status, tc.code)
		}
	}
}

// An attempt ends with its context.
func TestAttemptEndsWithItsContext(t *testing.T) {
	arrived := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	var e *invoke.Error
	if err := call(ctx, invoke.NewWith(NewAttempter(lambda.New(testSession(t, s.URL))), invoke.Target{MaxRetries: 3})); !errors.As(err, &e) || e.Kind != invoke.KindEnded || !errors.Is(err, context.Canceled) {
		t.Errorf("got %#v", err)
	}
}

// A timeout of an Invoker's HTTP client, before or within an answer, is not retried: Lambda may still
// execute the function.
func TestTimeoutOfAnInvokersClient(t *testing.T) {
	for _, begun := range []bool{false, true} {
		custom := testSession(t, "http://127.0.0.1:1")
		calls := 0
		custom.Config.HTTPClient = &http.Client{Timeout: time.Millisecond, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			calls++
			if begun {
				return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: silentBody{r.Context()}}, nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		client := invoke.NewWith(NewAttempter(lambda.New(custom)), invoke.Target{MaxRetries: 3, Sleep: noSleep})
		err := client.Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{MaxRetries: -1}, func(*invoke.Response) error { return nil })
		if err == nil || calls != 1 {
			t.Errorf("begun: %t: got %v after %d calls, want one call that fails", begun, err, calls)
		}
	}
}

// silentBody is a body that blocks until its context ends.
type silentBody struct{ context.Context }

func (s silentBody) Read([]byte) (int, error) {
	<-s.Done()
	return 0, s.Err()
}

func (silentBody) Close() error { return nil }

// fake is an Invoker as users' tests have it: the interface of all operations, with one of them
// implemented.
type fake struct {
	lambdaiface.LambdaAPI
	invokerFunc
}

func (f fake) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, opts ...request.Option) (*lambda.InvokeOutput, error) {
	return f.invokerFunc.InvokeWithContext(ctx, in, opts...)
}

// For an Invoker that ignores options, only its result is known.
func TestInvokersThatIgnoreOptions(t *testing.T) {
	throttled := &lambda.TooManyRequestsException{RetryAfterSeconds: aws.String("7"), Reason: aws.String("CallerRateLimitExceeded")}
	cause := errors.New("spilt")
	for name, tc := range map[string]struct {
		output *lambda.InvokeOutput
		err    error
		want   invoke.Error
	}{
		"a reply":            {&lambda.InvokeOutput{Payload: []byte("{}"), ExecutedVersion: aws.String("7"), LogResult: aws.String("bG9n")}, nil, invoke.Error{}},
		"nothing":            {nil, nil, invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker returned neither an output nor an error"}},
		"a function error":   {&lambda.InvokeOutput{Payload: []byte("{}"), FunctionError: aws.String("Handled"), StatusCode: aws.Int64(200)}, nil, invoke.Error{Kind: invoke.KindFunction, Code: "Handled", Status: 200}},
		"an error":           {nil, cause, invoke.Error{Kind: invoke.KindConnection}},
		"a typed error":      {nil, throttled, invoke.Error{Kind: invoke.KindAPI, Code: "TooManyRequestsException", RetryAfter: "7", Reason: "CallerRateLimitExceeded"}},
		"a wrapped error":    {nil, fmt.Errorf("wrapped: %w", throttled), invoke.Error{Kind: invoke.KindAPI, Code: "TooManyRequestsException", RetryAfter: "7", Reason: "CallerRateLimitExceeded"}},
		"a generic error":    {nil, awserr.NewRequestFailure(awserr.New("Never", "seen", nil), 418, "id"), invoke.Error{Kind: invoke.KindAPI, Code: "Never", Message: "seen", Status: 418, RequestID: "id"}},
		"a validation error": {nil, awserr.New("InvalidParameter", "1 validation error(s) found.", nil), invoke.Error{Kind: invoke.KindAPI, Code: "InvalidParameter", Message: "1 validation error(s) found."}},
		"a connection":       {nil, awserr.New(request.ErrCodeRequestError, "send request failed", cause), invoke.Error{Kind: invoke.KindConnection}},
		"a context":          {nil, awserr.New(request.CanceledErrorCode, "request context canceled", context.Canceled), invoke.Error{Kind: invoke.KindConnection}},
		"a cut reply":        {nil, awserr.New(request.ErrCodeSerialization, "failed", io.ErrUnexpectedEOF), invoke.Error{Kind: invoke.KindTruncated, Code: "SerializationError", Message: "failed: unexpected EOF"}},
		"an *invoke.Error":   {nil, &invoke.Error{Kind: invoke.KindLimit}, invoke.Error{Kind: invoke.KindConnection}},
	} {
		calls := 0
		i := invokerFunc(func(*lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			calls++
			return tc.output, tc.err
		})
		for _, i := range []Invoker{i, fake{invokerFunc: i}} {
			response, err := attempt(t.Context(), i, &invoke.Request{Function: "f"}, &invoke.Policy{})
			if err == nil {
				if name != "a reply" || string(response.Payload) != "{}" || response.ExecutedVersion != "7" || response.LogResult != "bG9n" || response.Header != nil {
					t.Errorf("%s: got %+v", name, response)
				}
				continue
			}
			if got, want := *err, tc.want; got.Kind != want.Kind || got.Code != want.Code || got.Message != want.Message || got.Status != want.Status || got.RetryAfter != want.RetryAfter || got.Reason != want.Reason || got.RequestID != want.RequestID {
				t.Errorf("%s: got %#v, want %#v", name, got, want)
			}
			if tc.err != nil && tc.want.Kind == invoke.KindAPI && !errors.Is(err, tc.err) || errors.Is(tc.err, throttled) && !errors.Is(err, throttled) {
				t.Errorf("%s: %#v does not wrap the Invoker's error", name, err)
			}
		}
		if calls != 2 {
			t.Errorf("%s: got %d calls in two attempts", name, calls)
		}
	}
	if _, err := attempt(t.Context(), invokerFunc(nil), &invoke.Request{Function: "f", Stream: true}, &invoke.Policy{}); err == nil || err.Kind != invoke.KindInternal || err.Message != "the Invoker cannot stream" {
		t.Errorf("a stream: got %#v", err)
	}
}

// Concurrent calls share neither inputs nor options.
func TestAttemptsConcurrently(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func(in json.RawMessage) (json.RawMessage, error) { return in, nil }})
	t.Cleanup(s.Close)
	svc := lambda.New(testSession(t, s.URL))
	var mu sync.Mutex
	inputs := make(map[*lambda.InvokeInput]bool)
	a := NewAttempter(optionsFunc(func(ctx aws.Context, in *lambda.InvokeInput, opts ...request.Option) (*lambda.InvokeOutput, error) {
		mu.Lock()
		if len(opts) != 1 || inputs[in] {
			t.Errorf("got %d options, input seen before: %t", len(opts), inputs[in])
		}
		inputs[in] = true
		mu.Unlock()
		*in.FunctionName += ":live" // an Invoker may change it
		return svc.InvokeWithContext(ctx, in, opts...)
	}))
	const n = 40
	requestIDs := make(chan string, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			payload := fmt.Appendf(nil, `{"n":%d}`, i)
			r := &invoke.Request{Function: "f", TraceID: fmt.Sprint("Root=", i), Payload: invoke.PayloadOf(payload)}
			response, err := a.Attempt(t.Context(), r, &invoke.Policy{MaxReply: 100})
			if err != nil || !bytes.Equal(response.Payload, payload) || r.Function != "f" {
				t.Errorf("%d: got %+v, %v, function %s", i, response, err, r.Function)
				return
			}
			requestIDs <- response.RequestID
		})
	}
	calls.Wait()
	close(requestIDs)
	seen := make(map[string]bool)
	for id := range requestIDs {
		seen[id] = true
	}
	for _, call := range s.Calls() {
		if want := strings.TrimPrefix(call.Header.Get("X-Amzn-Trace-Id"), "Root="); string(call.Payload) != `{"n":`+want+`}` {
			t.Errorf("got the trace id of %s with %s", want, call.Payload)
		}
	}
	if len(seen) != n {
		t.Errorf("got %d request ids of %d calls", len(seen), n)
	}
}

// An Invoker may make a call twice concurrently, with the same options, and use the first result.
func TestInvokersThatHedge(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func(in json.RawMessage) (json.RawMessage, error) { return in, nil }})
	t.Cleanup(s.Close)
	svc := lambda.New(testSession(t, s.URL))
	var calls sync.WaitGroup
	a := NewAttempter(optionsFunc(func(ctx aws.Context, in *lambda.InvokeInput, opts ...request.Option) (*lambda.InvokeOutput, error) {
		outputs := make(chan *lambda.InvokeOutput, 2)
		for range 2 {
			calls.Go(func() {
				output, err := svc.InvokeWithContext(ctx, in, opts...)
				if err != nil {
					t.Error(err)
				}
				outputs <- output
			})
		}
		return <-outputs, nil
	}))
	for range 20 {
		response, err := a.Attempt(t.Context(), &invoke.Request{Function: "f", Payload: invoke.PayloadOf([]byte("1"))}, &invoke.Policy{MaxReply: 100})
		if err != nil || string(response.Payload) != "1" || response.RequestID == "" {
			t.Errorf("got %+v, %v", response, err)
		}
	}
	calls.Wait()
}

type optionsFunc func(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)

func (f optionsFunc) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, opts ...request.Option) (*lambda.InvokeOutput, error) {
	return f(ctx, in, opts...)
}
