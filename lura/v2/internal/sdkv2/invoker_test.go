package sdkv2

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// client returns the SDK's client for a server. By itself it makes up to three attempts.
func client(url string) *lambda.Client {
	return lambda.New(lambda.Options{
		Region:           "us-west-2",
		BaseEndpoint:     aws.String(url),
		RetryMaxAttempts: 3,
		Credentials:      sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	})
}

func api(t *testing.T, functions map[string]any) *lambdatest.Server {
	t.Helper()
	s := lambdatest.NewServer(functions)
	t.Cleanup(s.Close)
	return s
}

func TestInvoke(t *testing.T) {
	s := api(t, map[string]any{"f": func(in map[string]string) (map[string]string, error) { return in, nil }})
	r, err := attempt(t.Context(), client(s.URL), &invoke.Request{
		Function: "f", Qualifier: "live", LogTail: true, Payload: invoke.PayloadOf([]byte(`{"a":"b"}`)),
		ClientContext: base64.StdEncoding.EncodeToString([]byte(`{"custom":{"x":"y"}}`)),
	}, &invoke.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Payload) != `{"a":"b"}` || r.RequestID == "" || r.Header.Get("X-Amzn-Requestid") != r.RequestID || r.ExecutedVersion == "" || r.Status != http.StatusOK || r.LogResult == "" {
		t.Errorf("got %+v", r)
	}
	call := s.Calls()[0]
	if call.Qualifier != "live" || call.LogType != "Tail" || call.InvocationType != "RequestResponse" || string(call.ClientContext) != `{"custom":{"x":"y"}}` {
		t.Errorf("got the call %+v", call)
	}
}

func TestInvokeTypes(t *testing.T) {
	s := api(t, map[string]any{"f": func() error { return nil }})
	for _, kind := range []string{"Event", "DryRun"} {
		if r, err := attempt(t.Context(), client(s.URL), &invoke.Request{Function: "f", InvocationType: kind}, &invoke.Policy{}); err != nil || len(r.Payload) != 0 {
			t.Errorf("%s: got %+v, %v", kind, r, err)
		}
	}
	for i, call := range s.Calls() {
		if want := []string{"Event", "DryRun"}[i]; call.InvocationType != want {
			t.Errorf("got %s, want %s", call.InvocationType, want)
		}
	}
}

func TestFunctionError(t *testing.T) {
	s := api(t, map[string]any{"f": func() error { return errors.New("tea is out") }})
	_, err := attempt(t.Context(), client(s.URL), &invoke.Request{Function: "f", LogTail: true}, &invoke.Policy{})
	if err == nil || err.Kind != invoke.KindFunction || err.Status != http.StatusOK || err.Code != "Unhandled" || !bytes.Contains(err.Payload, []byte("tea is out")) ||
		err.LogResult == "" || err.RequestID == "" || err.Header.Get("X-Amzn-Requestid") != err.RequestID {
		t.Errorf("got %#v", err)
	}
}

// withoutOptions is an Invoker that drops options.
type withoutOptions struct{ *lambda.Client }

func (i withoutOptions) Invoke(ctx context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return i.Client.Invoke(ctx, in, func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} })
}

func (i withoutOptions) InvokeWithResponseStream(ctx context.Context, in *lambda.InvokeWithResponseStreamInput, _ ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error) {
	return i.Client.InvokeWithResponseStream(ctx, in, func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} })
}

// One attempt is one call, for any settings of the client.
func TestOneAttempt(t *testing.T) {
	s := api(t, map[string]any{"f": func() error { return nil }})
	for name, tc := range map[string]struct {
		fault lambdatest.Fault
		want  invoke.Error
	}{
		"a throttle":    {lambdatest.Throttle(7), invoke.Error{Code: "TooManyRequestsException", Status: 429, RetryAfter: "7"}},
		"a failure":     {lambdatest.APIError(500, "ServiceException", "broken"), invoke.Error{Code: "ServiceException", Message: "broken", Status: 500}},
		"a new code":    {lambdatest.APIError(502, "TeaException", "cold"), invoke.Error{Code: "TeaException", Message: "cold", Status: 502}},
		"no connection": {lambdatest.Cut(lambdatest.BeforeHeaders), invoke.Error{Kind: invoke.KindConnection}},
		"a cut answer":  {lambdatest.Cut(lambdatest.WithinBody), invoke.Error{Kind: invoke.KindTruncated, Status: 200}},
	} {
		for how, i := range map[string]Invoker{"the client": client(s.URL), "one without options": withoutOptions{client(s.URL)}} {
			s.Reset()
			s.Fail("f", tc.fault)
			_, got := attempt(t.Context(), i, &invoke.Request{Function: "f"}, &invoke.Policy{})
			if got == nil || len(s.Calls()) != 1 {
				t.Errorf("%s, %s: got %v after %d calls", name, how, got, len(s.Calls()))
				continue
			}
			if got.Kind != tc.want.Kind || got.Code != tc.want.Code || tc.want.Message != "" && got.Message != tc.want.Message || got.Status != tc.want.Status || got.RetryAfter != tc.want.RetryAfter ||
				(got.RequestID != "") != (got.Status != 0) || (got.Header != nil) != (got.Status != 0) {
				t.Errorf("%s, %s: got %#v", name, how, got)
			}
			if got.Kind == invoke.KindTruncated && !errors.Is(got.Err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, %s: got the cause %v", name, how, got.Err)
			}
		}
	}
	s.Fail("f", lambdatest.Throttle(7))
	_, err := attempt(t.Context(), client(s.URL), &invoke.Request{Function: "f"}, &invoke.Policy{})
	var throttled *types.TooManyRequestsException
	if !errors.As(err, &throttled) {
		t.Errorf("got %v, want the SDK's error type in it", err)
	}
}

func TestInvokeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if _, err := attempt(ctx, client(url), &invoke.Request{Function: "f"}, &invoke.Policy{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestLimitOfReplies(t *testing.T) {
	reply := strings.Repeat("x", 1000)
	s := api(t, map[string]any{"f": func() (string, error) { return reply, nil }})
	for limit, ok := range map[int64]bool{0: true, 1002: true, 1001: false, 1: false} { // bytes, with the quotes
		r, err := attempt(t.Context(), client(s.URL), &invoke.Request{Function: "f"}, &invoke.Policy{MaxReply: limit})
		if ok != (err == nil) || !ok && err.Kind != invoke.KindLimit || ok && len(r.Payload) != 1002 {
			t.Errorf("%d: got %#v", limit, err)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"a refusal without end": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, strings.Repeat("x", 7<<20))
		},
		"headers without end": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", invoke.MaxHeader))
		},
		"a switch of protocols": func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			switchProtocols(rw)
		},
	} {
		_, err := attempt(t.Context(), client(serve(t, answer)), &invoke.Request{Function: "f"}, &invoke.Policy{})
		if err == nil || err.Kind != invoke.KindLimit {
			t.Errorf("%s: got %#v", name, err)
		}
	}
}

// A page of a load balancer is an answer with a status, for any length.
func TestLongRefusal(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, strings.Repeat("x", 100<<10))
	})
	_, err := attempt(t.Context(), client(url), &invoke.Request{Function: "f"}, &invoke.Policy{})
	if err == nil || err.Kind != invoke.KindAPI || err.Code != "" || err.Message == "" || err.Status != http.StatusServiceUnavailable {
		t.Errorf("got %#v", err)
	}
}

// Headers without a field in the input are sent too, unsigned.
func TestHeadersOfACall(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea"), nil }, "g": func() error { return nil }})
	s.RequireCredentials("AKIDEXAMPLE", "not-a-secret")
	for function, stream := range map[string]bool{"f": true, "g": false} {
		r, err := attempt(t.Context(), client(s.URL), &invoke.Request{Function: function, Stream: stream, TraceID: "Root=1"}, &invoke.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Events != nil {
			r.Events.Close()
		}
	}
	for _, call := range s.Calls() {
		if call.Header.Get("X-Amzn-Trace-Id") != "Root=1" || call.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%s: got the headers %v", call.Function, call.Header)
		}
	}
}

// Neither a custom HTTP client nor the SDK's follows redirects.
func TestInvokersFollowNoRedirects(t *testing.T) {
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was called", r.Method, r.URL) })
	url := serve(t, http.RedirectHandler(elsewhere, http.StatusTemporaryRedirect).ServeHTTP)
	custom := new(http.Client)
	for name, tc := range map[string]struct {
		client  aws.HTTPClient
		payload string
	}{"a custom one": {custom, ""}, "a custom one, with a payload": {custom, "1"}, "the SDK's": {nil, "1"}} {
		c := lambda.New(client(url).Options(), func(o *lambda.Options) {
			if tc.client != nil {
				o.HTTPClient = tc.client
			}
		})
		_, err := attempt(t.Context(), c, &invoke.Request{Function: "f", Payload: invoke.PayloadOf([]byte(tc.payload))}, &invoke.Policy{})
		if err == nil || err.Kind != invoke.KindAPI || err.Status != http.StatusTemporaryRedirect {
			t.Errorf("%s: got %#v", name, err)
		}
	}
	if custom.CheckRedirect != nil {
		t.Error("the custom client was changed")
	}
}

// fake is an Invoker without an SDK client.
type fake func(*lambda.InvokeInput) (*lambda.InvokeOutput, error)

func (f fake) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return f(in)
}

func TestFakeInvoker(t *testing.T) {
	request := &invoke.Request{Function: "f", Payload: invoke.PayloadOf([]byte("1"))}
	r, err := attempt(t.Context(), fake(func(in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{StatusCode: 200, Payload: in.Payload}, nil
	}), request, &invoke.Policy{})
	if err != nil || string(r.Payload) != "1" || r.Header != nil || r.RequestID != "" {
		t.Errorf("got %+v, %v", r, err)
	}
	_, err = attempt(t.Context(), fake(func(*lambda.InvokeInput) (*lambda.InvokeOutput, error) { return nil, nil }), request, &invoke.Policy{})
	if err == nil || err.Kind != invoke.KindInternal || err.Message != "the Invoker returned neither an output nor an error" {
		t.Errorf("got %#v", err)
	}
	cause := errors.New("tea is out")
	_, err = attempt(t.Context(), fake(func(*lambda.InvokeInput) (*lambda.InvokeOutput, error) { return nil, cause }), request, &invoke.Policy{})
	if err == nil || err.Kind != invoke.KindConnection || !errors.Is(err, cause) || err.Error() != "tea is out" {
		t.Errorf("got %#v", err)
	}
	_, err = attempt(t.Context(), fake(func(*lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return nil, &types.TooManyRequestsException{Message: aws.String("later"), RetryAfterSeconds: aws.String("7"), Reason: types.ThrottleReasonCallerRateLimitExceeded}
	}), request, &invoke.Policy{})
	if err == nil || err.Kind != invoke.KindAPI || err.Code != "TooManyRequestsException" || err.Message != "later" || err.RetryAfter != "7" || err.Reason != "CallerRateLimitExceeded" {
		t.Errorf("got %#v", err)
	}
}

// Calls share neither inputs nor options, because an Invoker may change both.
func TestConcurrentCalls(t *testing.T) {
	s := api(t, map[string]any{"f": func(in int) (int, error) { return in, nil }})
	c := client(s.URL)
	invoker := invokerFunc(func(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
		in.Qualifier = aws.String("live")
		return c.Invoke(ctx, in, append(options, func(o *lambda.Options) { o.AppID = "tea" })...)
	})
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			payload := fmt.Append(nil, i)
			r, err := attempt(t.Context(), invoker, &invoke.Request{Function: "f", Payload: invoke.PayloadOf(payload)}, &invoke.Policy{MaxReply: 100})
			if err != nil || !bytes.Equal(r.Payload, payload) {
				t.Errorf("%d: got %+v, %v", i, r, err)
			}
		})
	}
	calls.Wait()
}

// A timeout of an Invoker's HTTP client is not retried: Lambda may still execute the function.
func TestTimeoutOfAnInvokersClient(t *testing.T) {
	calls := 0
	impatient := &http.Client{Timeout: time.Millisecond, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		calls++
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	c := lambda.New(client("http://127.0.0.1:1").Options(), func(o *lambda.Options) { o.HTTPClient = impatient })
	caller := invoke.NewWith(NewAttempter(c), invoke.Target{MaxRetries: 3, Sleep: func(context.Context, time.Duration) error { return nil }})
	err := caller.Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{MaxRetries: -1}, func(*invoke.Response) error { return nil })
	if err == nil || calls != 1 {
		t.Errorf("got %v after %d calls, want one call that fails", err, calls)
	}
}

// An Invoker may make a call twice concurrently, with the same options, and use the first result.
func TestInvokersThatHedge(t *testing.T) {
	s := api(t, map[string]any{"f": func(in int) (int, error) { return in, nil }})
	c := client(s.URL)
	var calls sync.WaitGroup
	invoker := invokerFunc(func(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
		outputs := make(chan *lambda.InvokeOutput, 2)
		for range 2 {
			calls.Go(func() {
				out, err := c.Invoke(ctx, in, options...)
				if err != nil {
					t.Error(err)
				}
				outputs <- out
			})
		}
		return <-outputs, nil
	})
	for range 20 {
		if r, err := attempt(t.Context(), invoker, &invoke.Request{Function: "f", Payload: invoke.PayloadOf([]byte("1"))}, &invoke.Policy{MaxReply: 100}); err != nil || string(r.Payload) != "1" {
			t.Errorf("got %+v, %v", r, err)
		}
	}
	calls.Wait()
}

type invokerFunc func(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)

func (f invokerFunc) Invoke(ctx context.Context, in *lambda.InvokeInput, o ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return f(ctx, in, o...)
}

// counter is an Invoker with its own number of retries.
type counter struct {
	withoutOptions // its client has another number
	n              int
}

func (c counter) MaxRetries() int { return c.n }

func TestMaxRetriesOfInvokers(t *testing.T) {
	seven := lambda.New(lambda.Options{RetryMaxAttempts: 7})
	for name, tc := range map[string]struct {
		invoker Invoker
		want    int
	}{
		"a client":             {seven, 6},
		"one without retries":  {lambda.New(lambda.Options{Retryer: aws.NopRetryer{}}), 0},
		"one that embeds it":   {withoutOptions{seven}, 6},
		"one that wraps it":    {invokerFunc(seven.Invoke), 2},
		"a RetryCounter":       {counter{withoutOptions{seven}, 4}, 4},
		"a fake":               {fake(nil), 2},
		"a client without one": {optionless{}, 2},
	} {
		if got := MaxRetries(tc.invoker); got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
}

// optionless has Options without a Retryer.
type optionless struct{ fake }

func (optionless) Options() lambda.Options { return lambda.Options{} }

// If AWS treats credentials as expired early, the next attempt uses others.
func TestExpiredCredentialsOfAClient(t *testing.T) {
	for name, tc := range map[string]struct {
		credentials aws.CredentialsProvider
		code        string
		stream      bool
		want        []string // access keys of the calls
	}{
		"a cache":         {aws.NewCredentialsCache(new(numbered)), "ExpiredTokenException", false, []string{"AKID1", "AKID2", "AKID2"}},
		"of streams":      {aws.NewCredentialsCache(new(numbered)), "ExpiredTokenException", true, []string{"AKID1", "AKID2", "AKID2"}},
		"without a cache": {new(numbered), "ExpiredTokenException", false, []string{"AKID1", "AKID2", "AKID3"}},
		"static ones":     {sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "s", ""), "ExpiredTokenException", false, []string{"AKIDEXAMPLE", "AKIDEXAMPLE", "AKIDEXAMPLE"}},
		"another code":    {aws.NewCredentialsCache(new(numbered)), "AccessDeniedException", false, []string{"AKID1", "AKID1", "AKID1"}},
	} {
		s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea"), nil }})
		s.Fail("f", lambdatest.APIError(http.StatusForbidden, tc.code, ""))
		c := lambda.New(client(s.URL).Options(), func(o *lambda.Options) { o.Credentials = tc.credentials })
		for len(s.Calls()) < 3 {
			if _, err := callInvoker(t, c, &invoke.Request{Function: "f", Stream: tc.stream}, 0); err != nil && len(s.Calls()) != 1 {
				t.Errorf("%s: got %v after %d calls", name, err, len(s.Calls()))
			}
		}
		var got []string
		for _, call := range s.Calls() {
			got = append(got, call.AccessKeyID)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got calls signed by %q, want %q", name, got, tc.want)
		}
	}
}
