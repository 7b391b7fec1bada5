package backend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/sdkv1"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// noInvoker is an Invoker whose calls all fail.
type noInvoker struct{}

func (noInvoker) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	return nil, errors.New("must not be called")
}

// invokerFunc is a function as an Invoker.
type invokerFunc func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error)

func (f invokerFunc) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	return f(ctx, in)
}

// api starts an Invoke API with a function f that returns the bytes of reply. It ends with the test.
func api(t *testing.T, reply string) *lambdatest.Server {
	t.Helper()
	s := lambdatest.NewServer(map[string]any{
		"f": func() (json.RawMessage, error) { return json.RawMessage(reply), nil },
	})
	s.RequireCredentials(accessKey, secretKey)
	t.Cleanup(s.Close)
	return s
}

// newBackend makes a backend that calls s, and fails the test if its configuration is bad. nil
// settings stand for the function f.
func newBackend(t *testing.T, s *lambdatest.Server, spec Spec, settings map[string]any) (*Backend, *recorder) {
	t.Helper()
	if settings == nil {
		settings = map[string]any{"function_name": "f"}
	}
	spec.Settings = ns(settings)
	l := &recorder{}
	b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}}).New(spec)
	if b.broken != nil {
		t.Fatal(b.broken.detail)
	}
	return b, l
}

func readAll(t *testing.T, r *http.Response) string {
	t.Helper()
	p, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

func TestInvoke(t *testing.T) {
	s := api(t, `{"n":12345678901234567890}`)
	b, l := newBackend(t, s, Spec{URLPattern: "/x", Method: "POST"}, map[string]any{"function_name": "f:7", "region": "eu-west-1"})

	response, err := do(t.Context(), b, &Request{
		Headers: map[string][]string{"x-amzn-trace-id": {"Root=1-2-3"}, "X-AMZN-TRACE-ID": nil, "Authorization": {"Bearer secret"}},
		Body:    io.NopCloser(strings.NewReader(`{"a":1}`)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := readAll(t, response), `{"n":12345678901234567890}`; got != want || response.StatusCode != http.StatusOK {
		t.Errorf("got %d %s, want 200 %s", response.StatusCode, got, want)
	}

	calls := s.Calls()
	if len(calls) != 1 {
		t.Fatalf("got %d calls, want 1", len(calls))
	}
	c := calls[0]
	got := fmt.Sprintln(c.Function, c.Qualifier, c.Region, c.AccessKeyID, string(c.Payload), c.LogType, c.Executed, c.Header.Get("X-Amzn-Trace-Id"))
	if want := fmt.Sprintln("f", "7", "eu-west-1", accessKey, `{"a":1}`, "None", true, "Root=1-2-3"); got != want {
		t.Errorf("got call %swant      %s", got, want)
	}
	if strings.Contains(c.Header.Get("Authorization"), "secret") {
		t.Error("Lambda got the client's Authorization header")
	}
	if got, want := response.Header, (http.Header{"X-Amz-Executed-Version": {"7"}, "X-Amzn-Requestid": {c.RequestID}}); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got header %v, want %v", got, want)
	}
	if got, want := l.lines, []string{
		"DEBUG [BACKEND: /x][Lambda] Component enabled: function f:7, region eu-west-1, endpoint " + s.URL,
	}; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("got log %q, want %q", got, want)
	}
}

func TestInvokeReplies(t *testing.T) {
	for _, tc := range []struct {
		name, encoding, reply string
		want                  string
		nothing               bool // http.NoBody
	}{
		{"null and more", "json", "null null", "", true}, // a decoder reads the first value
		{"spaces", "json", " \r\n\t", "", true},
		{"spaces as a string", "string", " ", " ", false},
		{"an object", "json", ` {"a":[1,2.50,null]} `, ` {"a":[1,2.50,null]} `, false},
		{"null as json", "json", "null", "", true},
		{"null by default", "", " null\n", "", true},
		{"null as xml", "xml", "null", "", true},
		{"null as safejson", "SafeJSON", "null", "", true},
		{"null as a string", "string", "null", "null", false},
		{"null as a string, uppercase", "STRING", "null", "null", false},
		{"null with no-op", "no-op", "null", "null", false},
		{"a null inside", "json", `{"a":null}`, `{"a":null}`, false},
		{"an empty reply as json", "json", "", "", true},
		{"an empty reply as a string", "string", "", "", true},
		{"an empty reply with no-op", "no-op", "", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				return &lambda.InvokeOutput{Payload: []byte(tc.reply)}, nil
			})).New(Spec{Settings: ns(map[string]any{"function_name": "f"}), Encoding: tc.encoding})
			response, err := do(t.Context(), b, &Request{})
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, response); got != tc.want || response.ContentLength != int64(len(tc.want)) {
				t.Errorf("got %q of %d bytes, want %q", got, response.ContentLength, tc.want)
			}
			if got := response.Body == http.NoBody; got != tc.nothing {
				t.Errorf("NoBody: got %t, want %t", got, tc.nothing)
			}
		})
	}
}

func TestNoOpHeaders(t *testing.T) {
	s := api(t, `[1]`)
	b, _ := newBackend(t, s, Spec{Encoding: "no-op"}, nil)
	response, err := do(t.Context(), b, &Request{})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Content-Type":           {"application/json"},
		"X-Amz-Executed-Version": {"$LATEST"},
		"X-Amzn-Requestid":       {s.Calls()[0].RequestID},
	}
	if got := response.Header; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Without max_retries, an Invoker that is an SDK client, or that passes its options to one, uses that
// client's number of retries.
func TestMaxRetriesOfAnInvoker(t *testing.T) {
	for _, tc := range []struct {
		settings map[string]any
		want     int
	}{
		{map[string]any{"function_name": "f"}, 1},
		{map[string]any{"function_name": "f", "max_retries": 2}, 3},
	} {
		s := api(t, `{}`)
		s.Fail("f", lambdatest.APIError(500, "ServiceException", "").Always())
		client := lambda.New(session.Must(session.NewSession(&aws.Config{
			Region: aws.String("us-west-2"), Endpoint: aws.String(s.URL), Credentials: credentials.NewStaticCredentials(accessKey, secretKey, ""), MaxRetries: aws.Int(0),
		})))
		b := withInvoker(&recorder{}, client).New(Spec{Settings: ns(tc.settings)})
		if _, err := do(t.Context(), b, &Request{}); err == nil {
			t.Error("got no error")
		}
		if n := len(s.Calls()); n != tc.want {
			t.Errorf("%v: got %d executions, want %d", tc.settings, n, tc.want)
		}
	}
}

func TestLogNamesTheQualifier(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return errors.New("x") }})
	t.Cleanup(s.Close)
	b, l := newBackend(t, s, Spec{}, map[string]any{"function_name": "f:live"})
	if _, err := do(t.Context(), b, &Request{}); err == nil {
		t.Error("got no error")
	}
	if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "the function failed: function f:live, ") {
		t.Errorf("got log %q", lines)
	}
}

func TestOddInvokers(t *testing.T) {
	for _, tc := range []struct {
		name string
		out  *lambda.InvokeOutput
		err  error
		want int
	}{
		{"neither output nor error", nil, nil, http.StatusInternalServerError},
		{"an error that is not AWS's", nil, errors.New("x"), http.StatusBadGateway},
		{"an empty output", &lambda.InvokeOutput{}, nil, http.StatusOK},
		{"an empty function error", &lambda.InvokeOutput{FunctionError: aws.String("")}, nil, http.StatusOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &recorder{}
			b := withInvoker(l, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				return tc.out, tc.err
			})).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
			response, err := do(t.Context(), b, &Request{})
			got := http.StatusOK
			var e *Error
			if errors.As(err, &e) {
				got = e.StatusCode()
			} else if response.Body != http.NoBody {
				t.Error("got a body")
			}
			if got != tc.want {
				t.Errorf("got %d %v, want %d", got, err, tc.want)
			}
		})
	}
}

func TestPanics(t *testing.T) {
	boom := errors.New("boom") // clients must not see it
	ok := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{}, nil
	})
	for name, tc := range map[string]struct {
		invoker sdkv1.Invoker
		decode  func(*http.Response) error
	}{
		"in the invoker": {invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) { panic(boom) }), nil},
		"in the decoder": {ok, func(*http.Response) error { panic(boom) }},
	} {
		l := &recorder{}
		b := withInvoker(l, tc.invoker).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		err := b.Invoke(t.Context(), &Request{}, tc.decode)
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusInternalServerError || e.Error() != "lambda: internal error" {
			t.Fatalf("%s: got %v, want a 500", name, err)
		}
		if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "panic: 'boom', at ") || !strings.Contains(lines[0], "TestPanics") {
			t.Errorf("%s: got log %q, want the panic and its stack", name, lines)
		}
		if got := string(e.Details()); strings.Contains(got, "boom") {
			t.Errorf("%s: got details %s", name, got)
		}
	}
}

// An Invoker may panic with an error of the SDK that repeats secrets.
func TestPanicWithSecrets(t *testing.T) {
	for _, message := range []string{
		`failed to refresh cached credentials, process provider error: parse failed of process output: {"SecretAccessKey":"hunter2"}`,
		"InvalidSignatureException: The Canonical String should have been 'x-amz-security-token:" + strings.Repeat("hunter2", 200) + "' The String-to-Sign should have been 'AWS4-HMAC-SHA256",
	} {
		l := &recorder{}
		b := withInvoker(l, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) { panic(errors.New(message)) })).
			New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		if _, err := do(t.Context(), b, &Request{}); err == nil || err.Error() != "lambda: internal error" {
			t.Errorf("got %v, want a 500", err)
		}
		if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "panic: message left out, because it repeats the payload or a secret, at ") {
			t.Errorf("got log %q, want the panic without its message", l.lines)
		}
	}
}

func TestUndecodable(t *testing.T) {
	s := api(t, `{"private":1}`)
	b, l := newBackend(t, s, Spec{}, nil)
	err := b.Invoke(t.Context(), &Request{}, func(*http.Response) error { return io.ErrUnexpectedEOF })
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || !errors.Is(err, io.ErrUnexpectedEOF) || e.Encoding() != "text/plain; charset=utf-8" {
		t.Errorf("got %v, want a 502", err)
	}
	want := fmt.Sprintf("ERROR [BACKEND: ][Lambda] the reply cannot be decoded: function f, request id %s: 'unexpected EOF'", s.Calls()[0].RequestID)
	if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
		t.Errorf("got log %q, want %q", lines, want)
	}
}

// Concurrent requests share clients, and each gets its own reply.
func TestConcurrentRequests(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"Echo": func(event map[string]string) (map[string]string, error) { return event, nil }})
	t.Cleanup(s.Close)
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda"})

	headers := map[string][]string{"X-Amzn-Trace-Id": {"Root=1"}} // shared, like the headers of KrakenD's copies of a request
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 8 {
				id := fmt.Sprint(i, "-", j)
				response, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": "echo", "Id": id}, Headers: headers})
				if err != nil {
					t.Error(err)
					return
				}
				var got map[string]string
				if err := json.NewDecoder(response.Body).Decode(&got); err != nil || got["id"] != id {
					t.Errorf("got %v, %v; want id %s", got, err, id)
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.Calls()); n != 64*8 {
		t.Errorf("got %d calls, want %d", n, 64*8)
	}
}
