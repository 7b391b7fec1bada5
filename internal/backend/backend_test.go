package backend

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/text"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// noInvoker fails every call that reaches it.
type noInvoker struct{}

func (noInvoker) InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error) {
	return nil, errors.New("must not be called")
}

// invokerFunc makes an Invoker of a function.
type invokerFunc func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error)

func (f invokerFunc) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	return f(ctx, in)
}

// api starts an Invoke API with a function f that returns reply, byte for byte,
// and stops it with the test.
func api(t *testing.T, reply string) *lambdatest.Server {
	t.Helper()
	s := lambdatest.NewServer(map[string]any{
		"f": func() (json.RawMessage, error) { return json.RawMessage(reply), nil },
	})
	s.RequireCredentials(accessKey, secretKey)
	t.Cleanup(s.Close)
	return s
}

// newBackend makes a backend that calls s and checks that its configuration is
// good. settings may be nil for the function f.
func newBackend(t *testing.T, s *lambdatest.Server, spec Spec, settings map[string]any) (*Backend, *recorder) {
	t.Helper()
	if settings == nil {
		settings = map[string]any{"function_name": "f"}
	}
	spec.Settings = ns(settings)
	l := &recorder{}
	b := NewFactory(Options{Logger: l, Session: testSession(t, s.URL, nil)}).New(spec)
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

	response, err := invoke(t.Context(), b, &Request{
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
		t.Error("the client's Authorization header went to Lambda")
	}
	if got, want := response.Header, (http.Header{"X-Amz-Executed-Version": {"7"}, "X-Amzn-Requestid": {c.RequestID}}); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got header %v, want %v", got, want)
	}
	lookedFor(b)
	if got, want := l.lines, []string{
		"DEBUG [BACKEND: /x][Lambda] Component enabled: function f:7, region eu-west-1, endpoint " + s.URL,
		"DEBUG [Lambda] found AWS credentials in the session that the build has set: those of StaticProvider",
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
		{"nothing as json", "json", "", "", true},
		{"nothing as a string", "string", "", "", true},
		{"nothing with no-op", "no-op", "", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				return &lambda.InvokeOutput{Payload: []byte(tc.reply)}, nil
			})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"}), Encoding: tc.encoding})
			response, err := invoke(t.Context(), b, &Request{})
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
	response, err := invoke(t.Context(), b, &Request{})
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

// The SDK's error table as design and README state it: what the Invoke API
// answers, what the client gets, and how often the call is made where two retries
// are allowed.
func TestInvokeErrors(t *testing.T) {
	const tried, once = 3, 1
	for _, tc := range []struct {
		status   int
		code     string
		want     int
		attempts int
	}{
		{413, "RequestTooLargeException", 413, once},
		{400, "InvalidRequestContentException", 400, once},
		{415, "UnsupportedMediaTypeException", 415, once},
		{429, "TooManyRequestsException", 429, tried},
		{400, "ThrottlingException", 429, tried},
		{429, "SomethingNew", 429, tried},
		{404, "ResourceNotFoundException", 502, once},
		{403, "AccessDeniedException", 502, once},
		{403, "UnrecognizedClientException", 502, once},
		{403, "InvalidSignatureException", 502, once},
		{403, "MissingAuthenticationTokenException", 502, once},
		{500, "ServiceException", 502, tried},
		{500, "SomethingNew", 502, tried},
		{502, "", 502, tried},
		{503, "ServiceUnavailable", 502, tried},
		{504, "", 502, tried},
		{502, "EC2UnexpectedException", 502, tried},
		{502, "EC2ThrottledException", 503, tried},
		{502, "ResourceNotReadyException", 503, tried},
		{409, "SnapStartNotReadyException", 503, tried},
		{502, "ENILimitReachedException", 503, once},
		{502, "SubnetIPAddressLimitReachedException", 503, once},
		{409, "ResourceConflictException", 503, once},
		{502, "EC2AccessDeniedException", 502, once},
		{502, "InvalidZipFileException", 502, once},
		{502, "InvalidRuntimeException", 502, once},
		{502, "InvalidSubnetIDException", 502, once},
		{502, "InvalidSecurityGroupIDException", 502, once},
		{502, "KMSAccessDeniedException", 502, once},
		{502, "KMSDisabledException", 502, once},
		{502, "KMSInvalidStateException", 502, once},
		{502, "KMSNotFoundException", 502, once},
		{410, "EFSIOException", 502, once},
		{408, "EFSMountConnectivityException", 502, once},
		{403, "EFSMountFailureException", 502, once},
		{408, "EFSMountTimeoutException", 502, once},
		{400, "SnapStartException", 502, once},
		{408, "SnapStartTimeoutException", 502, once},
		{400, "RecursiveInvocationException", 502, once},
		{400, "InvalidParameterValueException", 502, once},
		{404, "", 502, once},
		{413, "", 413, once}, // a proxy's in between
		{302, "", 502, once},
		{300, "RequestTimeoutException", 502, once}, // an answer, whatever it calls itself
	} {
		t.Run(fmt.Sprint(tc.status, tc.code), func(t *testing.T) {
			s := api(t, `{}`)
			const private = "arn:aws:lambda:us-west-2:123456789012:function:private"
			s.Fail("f", lambdatest.APIError(tc.status, tc.code, private).Always())
			b, l := newBackend(t, s, Spec{URLPattern: "/x"}, map[string]any{"function_name": "f", "max_retries": 2})

			_, err := invoke(t.Context(), b, &Request{})
			var e *Error
			if !errors.As(err, &e) || e != err {
				t.Fatalf("got %v, want an *Error, unwrapped", err)
			}
			if e.StatusCode() != tc.want {
				t.Errorf("got status %d, want %d", e.StatusCode(), tc.want)
			}
			calls := s.Calls()
			if len(calls) != tc.attempts {
				t.Errorf("got %d attempts, want %d", len(calls), tc.attempts)
			}
			if shown := e.Error() + string(e.Details()); strings.Contains(shown, "123456789012") || strings.Contains(shown, "private") {
				t.Errorf("the client is told %s", shown)
			}
			var details struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(e.Details(), &details); err != nil || details.ErrorMessage != e.message {
				t.Errorf("got details %s, %v", e.Details(), err)
			}
			if want := cmp.Or(tc.code, "InvocationFailure"); details.ErrorType != want {
				t.Errorf("got errorType %q, want %q", details.ErrorType, want)
			}
			lines := l.level("ERROR")
			if len(lines) != 1 {
				t.Fatalf("got %d error lines, want 1: %q", len(lines), lines)
			}
			for _, want := range []string{"[BACKEND: /x][Lambda] ", tc.code, `function "f"`, calls[len(calls)-1].RequestID} {
				if !strings.Contains(lines[0], want) {
					t.Errorf("the log line has no %q: %s", want, lines[0])
				}
			}
			// Of a payload that is no JSON, AWS's message has the beginning, and of a wrong
			// signature it has the headers.
			if got, want := strings.Contains(lines[0], private), tc.code != "InvalidRequestContentException" && tc.code != "InvalidSignatureException"; got != want {
				t.Errorf("AWS's message is in the log line: %t, want %t: %s", got, want, lines[0])
			}
			if e.Headers() != nil {
				t.Errorf("got headers %v, want none", e.Headers())
			}
			if got := statusOf(e); got != tc.status {
				t.Errorf("the cause's status: got %d, want %d", got, tc.status)
			}
		})
	}
}

// What stands in between may answer with a page of its own.
func TestErrorPages(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		io.WriteString(w, "<html>private</html>")
	}))
	t.Cleanup(s.Close)
	l := &recorder{}
	b := NewFactory(Options{Logger: l, Session: testSession(t, s.URL, nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	_, err := invoke(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v, want a 502", err)
	}
	want := `ERROR [BACKEND: ][Lambda] invocation failed: SerializationError (502): "failed to unmarshal response error: invalid character '<' looking for beginning of value"; function "f", request id ""`
	if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

func TestNotFoundByChoiceOfTheClient(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda"})
	_, err := invoke(t.Context(), b, &Request{Params: map[string]string{"Lambda": "missing"}})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
		t.Errorf("got %v, want a 404", err)
	}
	if calls := s.Calls(); len(calls) != 1 || calls[0].Function != "Missing" {
		t.Errorf("got calls %+v, want one of Missing", calls)
	}
}

func TestRefusedNamesReachNobody(t *testing.T) {
	s := api(t, `{}`)
	b, l := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda"})
	for _, name := range []string{"", "a/b", "123456789012:function:f", "arn:aws:lambda:us-west-2:123456789012:function:f"} {
		_, err := invoke(t.Context(), b, &Request{Params: map[string]string{"Lambda": name}})
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
			t.Errorf("%q: got %v, want a 404", name, err)
		}
	}
	if n := len(s.Calls()); n != 0 {
		t.Errorf("got %d calls, want none", n)
	}
	if n := len(l.level("ERROR")); n != 4 {
		t.Errorf("got %d error lines, want 4: %q", n, l.lines)
	}
}

func TestRetryAfter(t *testing.T) {
	for _, tc := range []struct{ header, want string }{
		{"10", "10"},
		{"", ""},
		{"Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"},
		{"-1", ""},
		{"soon", ""},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.Header().Set("Retry-After", tc.header)
			w.WriteHeader(http.StatusTooManyRequests)
			io.WriteString(w, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`)
		}))
		b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, s.URL, nil)}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f", "max_retries": 0}),
		})
		_, err := invoke(t.Context(), b, &Request{})
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusTooManyRequests {
			t.Fatalf("got %v, want a 429", err)
		}
		if got := strings.Join(e.Headers()["Retry-After"], ","); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.header, got, tc.want)
		}
	}
}

// An Invoker shows no headers, but the SDK's typed error has the delay too.
func TestRetryAfterOfAnInvoker(t *testing.T) {
	throttled := &lambda.TooManyRequestsException{RetryAfterSeconds: aws.String("7")}
	b := NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return nil, fmt.Errorf("wrapped: %w", throttled)
	})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	_, err := invoke(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusTooManyRequests || strings.Join(e.Headers()["Retry-After"], ",") != "7" {
		t.Errorf("got %v %v, want a 429 with Retry-After: 7", err, e.Headers())
	}
}

func TestFunctionErrors(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{
		"fails":  func() error { return fmt.Errorf("no order %d", 7) },
		"panics": func() error { panic("at the\ndisco") },
	})
	t.Cleanup(s.Close)
	for _, tc := range []struct{ function, kind, message string }{
		{"fails", "errorString", "no order 7"}, // fmt.Errorf without %w
		{"panics", "string", "at the\ndisco"},
	} {
		b, l := newBackend(t, s, Spec{}, map[string]any{"function_name": tc.function})
		_, err := invoke(t.Context(), b, &Request{})
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || e.Error() != "lambda: the function failed" {
			t.Fatalf("got %v, want a 502", err)
		}
		want := fmt.Sprintf(`{"errorType":%q,"errorMessage":%q}`, tc.kind, tc.message)
		if got := string(e.Details()); got != want {
			t.Errorf("got details %s, want %s", got, want)
		}
		lines := l.level("ERROR")
		if len(lines) != 1 || strings.ContainsRune(lines[0], '\n') || !strings.Contains(lines[0], fmt.Sprintf("the function failed (%q): %q %q; function %q", "Unhandled", tc.kind, tc.message, tc.function)) {
			t.Errorf("got log %q", lines)
		}
	}
	if n := len(s.Calls()); n != 2 {
		t.Errorf("got %d executions, want 2: a function's error is not tried again", n)
	}
}

func TestFunctionErrorPayloads(t *testing.T) {
	long := strings.Repeat("é", text.MaxDetail)
	for _, tc := range []struct{ name, payload, kind, message string }{
		{"a runtime's", `{"errorMessage":"m","errorType":"T","stackTrace":["secret"]}`, "T", "m"},
		{"without a type", `{"errorMessage":"Task timed out after 3.00 seconds"}`, "", "Task timed out after 3.00 seconds"},
		{"another object", `{"a":1}`, "", `{"a":1}`},
		{"no JSON", "<oops>", "", "<oops>"},
		{"nothing", "", "", "the function failed"},
		{"long", `{"errorMessage":"` + long + `","errorType":"` + long + `"}`, text.Cut(long), text.Cut(long)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := functionError("Unhandled", []byte(tc.payload))
			var got struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(e.Details(), &got); err != nil {
				t.Fatal(err)
			}
			if got.ErrorType != tc.kind || got.ErrorMessage != tc.message {
				t.Errorf("got %.100q %.100q, want %.100q %.100q", got.ErrorType, got.ErrorMessage, tc.kind, tc.message)
			}
			if len(e.detail) > 8*text.MaxDetail || strings.Contains(e.detail+string(e.Details()), "secret") {
				t.Errorf("got detail %q", e.detail)
			}
		})
	}
}

// An error's code and message are somebody else's text: one line, and not too long.
func TestHostileErrorCodes(t *testing.T) {
	for _, body := range []string{
		`{"__type":"a\nERROR [BACKEND: /other] b","message":"c\nd"}`,
		`{"code":"` + strings.Repeat("x", 100_000) + `"}`,
		`{"__type":"<script>"}`,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, body)
		}))
		l := &recorder{}
		b := NewFactory(Options{Logger: l, Session: testSession(t, s.URL, nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		_, err := invoke(t.Context(), b, &Request{})
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || !strings.Contains(string(e.Details()), `"InvocationFailure"`) {
			t.Errorf("%.40s: got %v, %s", body, err, e.Details())
		}
		if lines := l.level("ERROR"); len(lines) != 1 || strings.ContainsRune(lines[0], '\n') || len(lines[0]) > 3*text.MaxDetail {
			t.Errorf("%.40s: got log %.300q", body, lines)
		}
	}
}

// An answer that the context cuts short is the context's end, whatever its status
// line said.
func TestContextEndsWithinAnErrorsBody(t *testing.T) {
	reading := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, `{"Type":"Service",`)
		w.(http.Flusher).Flush()
		reading <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, s.URL, nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reading
		cancel()
	}()
	if _, err := invoke(ctx, b, &Request{}); err != context.Canceled {
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}

	deadline := &endedByHand{t.Context(), make(chan struct{})}
	go func() {
		<-reading
		close(deadline.done)
	}()
	_, err := invoke(deadline, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a 504 that is %v", err, context.DeadlineExceeded)
	}
}

// A complete answer stays one, also where the context ends right behind it, and an
// Invoker's own cancellation is not the client's.
func TestErrorsBesideTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		cancel()
		return nil, awserr.NewRequestFailure(awserr.New("AccessDeniedException", "", nil), 403, "")
	})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	_, err := invoke(ctx, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v, want a 502", err)
	}

	b = NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return nil, fmt.Errorf("its own: %w", context.Canceled)
	})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	if _, err = invoke(t.Context(), b, &Request{}); !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v, want a 502", err)
	}

	called := false
	b = NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		called = true
		return &lambda.InvokeOutput{}, nil
	})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	if _, err = invoke(ctx, b, &Request{}); err != context.Canceled || called {
		t.Errorf("got %v, called: %t; want %v without a call", err, called, context.Canceled)
	}
}

// The log tells what a deadline has cut short.
func TestProgressInTheLog(t *testing.T) {
	var c call
	c.option(sdkRequest(t.Context(), 0, nil))
	for _, tc := range []struct {
		call call
		want string
	}{
		{call{}, "before the function answered"}, // an Invoker's
		{call{sdk: true}, "before there were credentials to sign the call with"},
		{call{sdk: true, retryer: retryer{sent: 1}}, "before the function answered"},
		{
			call{sdk: true, retryer: retryer{sent: 2, last: awserr.NewRequestFailure(awserr.New("ServiceException", "oh\nno", nil), 500, "")}},
			`in attempt 2; the one before failed: ServiceException (500): "oh\nno"`,
		},
	} {
		if got := tc.call.progress(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
	if !c.sdk || c.sent != 0 {
		t.Errorf("got %+v", c)
	}

	ctx := &endedByHand{t.Context(), make(chan struct{})}
	s := lambdatest.NewServer(map[string]any{"f": func(execution context.Context) {
		close(ctx.done)
		<-execution.Done()
	}})
	t.Cleanup(s.Close)
	s.Fail("f", lambdatest.APIError(500, "ServiceException", "first"))
	b, l := newBackend(t, s, Spec{}, nil)
	if _, err := invoke(ctx, b, &Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	want := `ERROR [BACKEND: ][Lambda] the deadline passed in attempt 2; the one before failed: ServiceException (500): "first"; function "f", request id ` + strconv.Quote(s.Calls()[0].RequestID)
	if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

// endedByHand is a context whose deadline passes when done is closed.
type endedByHand struct {
	context.Context
	done chan struct{}
}

func (c *endedByHand) Done() <-chan struct{} { return c.done }

func (c *endedByHand) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// A client that an Invoker is, or hands its options on to, keeps its own number of
// retries where the configuration has none.
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
		sess := testSession(t, s.URL, nil)
		sess.Config.MaxRetries = aws.Int(0)
		b := NewFactory(Options{Logger: &recorder{}, Invoker: lambda.New(sess)}).New(Spec{Settings: ns(tc.settings)})
		if _, err := invoke(t.Context(), b, &Request{}); err == nil {
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
	if _, err := invoke(t.Context(), b, &Request{}); err == nil {
		t.Error("got no error")
	}
	if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], `function "f:live"`) {
		t.Errorf("got log %q", lines)
	}
}

func TestSpecString(t *testing.T) {
	for _, tc := range []struct {
		spec Spec
		want string
	}{
		{Spec{}, "this GET backend"},
		{Spec{Method: "put", Settings: ns(42)}, "this PUT backend"},
		{Spec{Settings: ns(map[string]any{"function_name": "a\nb"})}, `this GET backend (function_name "a\nb")`},
		{Spec{Settings: ns(map[string]any{"function_name": 1, "function_param_name": "Lambda"})}, `this GET backend (function_param_name "Lambda")`},
		{Spec{Settings: ns(map[string]any{"function_name": "", "function_param_name": "Lambda"})}, `this GET backend (function_param_name "Lambda")`},
		{Spec{EndpointMethod: "GET", Endpoint: "/x/:y", Settings: ns(map[string]any{"function_name": "f"})}, "GET /x/:y"},
	} {
		if got := tc.spec.String(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
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
			b := NewFactory(Options{Logger: l, Invoker: invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				return tc.out, tc.err
			})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
			response, err := invoke(t.Context(), b, &Request{})
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

func TestBadConfigurationFailsClosed(t *testing.T) {
	l := &recorder{}
	b := NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{
		URLPattern: "/orders", Method: "POST", ConcurrentCalls: 3, SharedBody: true,
		Settings: ns(map[string]any{"max_retries": "many", "max_retry": 1.0}),
	})
	want := []string{
		`WARNING [BACKEND: /orders][Lambda] unknown key "max_retry" is ignored; did you mean "max_retries"?`,
		`ERROR [BACKEND: /orders][Lambda] bad configuration: max_retries: must be an integer, is the string "many"; ` +
			`function_name, function_param_name: one of them must be there; ` +
			`concurrent_calls: must be 1 for POST, is 3: the calls would share one body; each request to this POST backend gets a 500`,
	}
	if !slices.Equal(l.lines, want) {
		t.Errorf("got log\n%s\nwant\n%s", strings.Join(l.lines, "\n"), strings.Join(want, "\n"))
	}
	for range 2 {
		_, err := invoke(t.Context(), b, &Request{})
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusInternalServerError || e.Error() != "lambda: bad configuration" {
			t.Errorf("got %v, want a 500", err)
		}
	}
	if len(l.lines) != len(want) {
		t.Errorf("requests have added to the log: %q", l.lines[len(want):])
	}
}

func TestSettings(t *testing.T) {
	extra := map[string]any{"a": 1, "b": map[string]any{"function_name": "f"}, "c": nil}
	for _, tc := range []struct {
		namespaces []string
		want       []Setting
	}{
		{[]string{"x"}, nil},
		{[]string{"b"}, []Setting{{"b", extra["b"]}}},
		{[]string{"x", "c"}, []Setting{{"c", nil}}},
		{[]string{"b", "a"}, []Setting{{"b", extra["b"]}, {"a", 1}}},
	} {
		if got := Settings(extra, tc.namespaces...); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q: got %v, want %v", tc.namespaces, got, tc.want)
		}
	}
}

func TestTwoNamespacesAndTheEndpoint(t *testing.T) {
	l := &recorder{}
	NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{
		URLPattern: "/", EndpointMethod: "POST", Endpoint: "/orders/:id",
		Settings: []Setting{{"z", map[string]any{"function_name": "f"}}, {"a", map[string]any{"function_name": "f"}}},
	})
	want := []string{"ERROR [BACKEND: /][Lambda] bad configuration: one of a and z may be there, not both; each request to POST /orders/:id gets a 500"}
	if !slices.Equal(l.lines, want) {
		t.Errorf("got %q, want %q", l.lines, want)
	}
}

func TestDetailed(t *testing.T) {
	e := functionError("Unhandled", []byte(`{"errorMessage":"m","errorType":"T"}`))
	e.retryAfter = "3"
	d := e.Detailed()
	if got, want := d.Error(), `{"errorType":"T","errorMessage":"m"}`; got != want || d.Encoding() != "application/json" {
		t.Errorf("got %s, %s; want %s", d.Encoding(), got, want)
	}
	if d.StatusCode() != e.StatusCode() || d.Headers()["Retry-After"][0] != "3" || e.Error() != "lambda: the function failed" {
		t.Errorf("got %+v of %+v", d, e)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if timeout := ended(ctx, ""); timeout.Detailed() != timeout {
		t.Error("a timeout has details")
	}
}

// Only the status of a reply that is an HTTP response is for KrakenD to judge, and not
// where the reply goes to the client as it is.
func TestHasStatus(t *testing.T) {
	for _, tc := range []struct {
		encoding, format string
		want             bool
	}{
		{"json", "plain", false}, {"json", "proxy", true}, {"string", "proxy", true}, {"no-op", "plain", false}, {"no-op", "proxy", false},
	} {
		b := NewFactory(Options{Logger: &recorder{}, Invoker: noInvoker{}}).New(Spec{
			Encoding: tc.encoding, Settings: ns(map[string]any{"function_name": "f", "response_format": tc.format}),
		})
		if got := b.HasStatus(); got != tc.want {
			t.Errorf("%s, %s: got %t, want %t", tc.encoding, tc.format, got, tc.want)
		}
	}
}

func TestConcurrentCalls(t *testing.T) {
	for _, tc := range []struct {
		method     string
		calls      int
		sharedBody bool
		ok         bool
		warnings   int
	}{
		{"GET", 1, true, true, 0},
		{"GET", 2, true, true, 1},
		{"POST", 1, true, true, 0},
		{"POST", 0, true, true, 0},
		{"POST", 2, false, true, 1},
		{"POST", 2, true, false, 0},
	} {
		l := &recorder{}
		b := NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f"}), Method: tc.method, ConcurrentCalls: tc.calls, SharedBody: tc.sharedBody,
		})
		if got := b.broken == nil; got != tc.ok || len(l.level("WARNING")) != tc.warnings {
			t.Errorf("%+v: got %t, %q", tc, got, l.lines)
		}
	}
}

func TestWarningOnParamThatIsNoPlaceholder(t *testing.T) {
	for param, want := range map[string]int{"Lambda": 0, "lambda": 1, "_lambda": 0, "9": 0} {
		l := &recorder{}
		NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{Settings: ns(map[string]any{"function_param_name": param, "allowed_functions": []any{"*"}})})
		if got := l.level("WARNING"); len(got) != want {
			t.Errorf("%s: got %q, want %d lines", param, got, want)
		}
	}
}

// Where the endpoint is known, a param that it has no placeholder for is another
// component's, and its value is taken as it is: KrakenD's documentation has a Lua
// script that sets Function_name.
func TestParamThatIsNoPlaceholder(t *testing.T) {
	const (
		reach = "INFO [BACKEND: /x][Lambda] function_param_name: without allowed_functions, "
		none  = ", so another component, such as a Lua script, must set it"
	)
	for _, tc := range []struct {
		endpoint string
		settings map[string]any
		want     string
		log      string // a part of the only line at INFO or WARNING
	}{
		{"/x/:lambda", map[string]any{"function_param_name": "Lambda"}, "My-f", reach},
		{"/x/:lambda", map[string]any{"function_param_name": "Function_name"}, "my-f", none},
		{"/x/:lambda", map[string]any{"function_param_name": "Function_name", "function_name_case": "capitalized"}, "My-f", none},
		{"/x", map[string]any{"function_param_name": "Lamda"}, "my-f", none},
		{"", map[string]any{"function_param_name": "Function_name"}, "My-f", reach}, // KrakenD 1.x
		{"", map[string]any{"function_param_name": "Function_name", "function_name_case": "verbatim"}, "my-f", reach},
	} {
		var got string
		l := &recorder{}
		b := NewFactory(Options{Logger: l, Invoker: invokerFunc(func(_ aws.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			got = *in.FunctionName
			return &lambda.InvokeOutput{}, nil
		})}).New(Spec{Settings: ns(tc.settings), Endpoint: tc.endpoint, EndpointMethod: "GET", URLPattern: "/x"})
		params := map[string]string{tc.settings["function_param_name"].(string): "my-f"}
		_, err := invoke(t.Context(), b, &Request{Params: params})
		lines := append(l.level("INFO"), l.level("WARNING")...)
		if err != nil || got != tc.want || len(lines) != 1 || !strings.Contains(lines[0], tc.log) {
			t.Errorf("%+v: got %s, %v, log %q", tc, got, err, l.lines)
		}
	}
}

// A check looks for nothing: no credentials are anybody's to keep.
func TestCheckOnlyKeepsNoCredentials(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	for _, checkOnly := range []bool{false, true} {
		b := NewFactory(Options{Logger: &recorder{}, CheckOnly: checkOnly}).New(Spec{Settings: ns(map[string]any{
			"function_name": "f", "region": "eu-west-1",
		})})
		if (b.keeper == nil) != checkOnly || (b.broken != nil) != checkOnly {
			t.Errorf("check only %t: got the keeper %v and the error %v", checkOnly, b.keeper, b.broken)
		}
		if !checkOnly {
			lookedFor(b)
		}
	}
}

// Lines at start tell which backend they are about, where their prefix does not.
func TestLinesAtStartTellTheBackend(t *testing.T) {
	for pattern, want := range map[string]string{"": " (GET /x)", "/": " (GET /x)", "/y": ""} {
		l := &recorder{}
		NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{
			Settings: ns(map[string]any{"function_param_name": "p", "typo": 1}), Endpoint: "/x", EndpointMethod: "GET", URLPattern: pattern,
		})
		where := "WARNING [BACKEND: " + pattern + "][Lambda] "
		lines := []string{
			where + `unknown key "typo" is ignored` + want,
			where + `function_param_name: the endpoint has no placeholder for "p", so another component, such as a Lua script, must set it` + want,
		}
		if got := l.level("WARNING"); !slices.Equal(got, lines) {
			t.Errorf("%q: got %q, want %q", pattern, got, lines)
		}
	}
}

func TestContextIsDoneBeforeTheCall(t *testing.T) {
	l := &recorder{}
	b := NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})

	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := invoke(ctx, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a 504 that is %v", err, context.DeadlineExceeded)
	}
	if e.Details() != nil {
		t.Errorf("got details %s, want none", e.Details())
	}
	if n := len(l.level("ERROR")); n != 1 {
		t.Errorf("got %d error lines, want 1", n)
	}

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err = invoke(ctx, b, &Request{}); err != context.Canceled {
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}
	if n := len(l.level("ERROR")); n != 1 {
		t.Errorf("got %d error lines, want 1: the client's leaving is none", n)
	}
}

func TestContextEndsDuringTheCall(t *testing.T) {
	started := make(chan struct{}, 1)
	s := lambdatest.NewServer(map[string]any{
		"hangs": func(ctx context.Context) error {
			started <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		},
	})
	t.Cleanup(s.Close)
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_name": "hangs"})

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	if _, err := invoke(ctx, b, &Request{}); err != context.Canceled {
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}

	deadline := &endedByHand{t.Context(), make(chan struct{})}
	go func() {
		<-started
		close(deadline.done)
	}()
	_, err := invoke(deadline, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusGatewayTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a 504 that is %v", err, context.DeadlineExceeded)
	}
	if n := len(s.Calls()); n != 2 {
		t.Errorf("got %d calls, want 2: the end of the context is not tried again", n)
	}
}

func TestPanics(t *testing.T) {
	boom := errors.New("boom") // what is panicked with is not what clients may see
	ok := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{}, nil
	})
	for name, tc := range map[string]struct {
		invoker Invoker
		decode  func(*http.Response) error
	}{
		"in the invoker": {invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) { panic(boom) }), nil},
		"in the decoder": {ok, func(*http.Response) error { panic(boom) }},
	} {
		l := &recorder{}
		b := NewFactory(Options{Logger: l, Invoker: tc.invoker}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		err := b.Invoke(t.Context(), &Request{}, tc.decode)
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusInternalServerError || e.Error() != "lambda: internal error" {
			t.Fatalf("%s: got %v, want a 500", name, err)
		}
		if lines := l.level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "panic: boom") || !strings.Contains(lines[0], "TestPanics") {
			t.Errorf("%s: got log %q, want the panic and its stack", name, lines)
		}
		if got := string(e.Details()); strings.Contains(got, "boom") {
			t.Errorf("%s: got details %s", name, got)
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
	want := fmt.Sprintf(`ERROR [BACKEND: ][Lambda] the reply cannot be decoded: "unexpected EOF"; function "f", request id %q`, s.Calls()[0].RequestID)
	if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
		t.Errorf("got log %q, want %q", lines, want)
	}
}

func TestStderrLogger(t *testing.T) {
	var out strings.Builder
	l := newStderrLogger()
	l.SetOutput(&out)
	l.SetFlags(0)
	l.Debug("no")
	l.Info("no")
	l.Warning("[x]", "w", 1)
	l.Error("[x]", "e")
	if got, want := out.String(), "WARNING: [x] w 1\nERROR: [x] e\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// Importing a KrakenD logger points the standard logger at io.Discard.
	if l.Logger == log.Default() {
		t.Error("the standard logger is used")
	}
	if _, ok := NewFactory(Options{}).logger.(stderrLogger); !ok {
		t.Error("it is not the default")
	}
}

// Each request gets its own reply, and clients are shared, under load.
func TestConcurrentRequests(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"Echo": func(event map[string]string) (map[string]string, error) { return event, nil }})
	t.Cleanup(s.Close)
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda"})

	headers := map[string][]string{"X-Amzn-Trace-Id": {"Root=1"}} // shared, as KrakenD's copies of a request share it
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 8 {
				id := fmt.Sprint(i, "-", j)
				response, err := invoke(t.Context(), b, &Request{Params: map[string]string{"Lambda": "echo", "Id": id}, Headers: headers})
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
