package backend

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// For one code of each class, and for answers without a code: what the client and the log get, and
// how many attempts there are with two retries. TestEveryCode has all codes.
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
		{502, "EC2ThrottledException", 503, tried},
		{502, "ENILimitReachedException", 503, once},
		{502, "KMSAccessDeniedException", 502, once},
		{409, "CodeArtifactUserPendingException", 503, tried},
		{402, "ServiceQuotaExceededException", 502, once},
		{400, "InvalidParameterValueException", 502, once},
		{409, "DurableExecutionAlreadyStartedException", 409, once},
		{404, "", 502, once},
		{413, "", 413, once}, // from a proxy
		{302, "", 502, once},
		{300, "RequestTimeoutException", 502, once}, // an answer, despite its code
	} {
		t.Run(fmt.Sprint(tc.status, tc.code), func(t *testing.T) {
			s := api(t, `{}`)
			const private = "arn:aws:lambda:us-west-2:123456789012:function:private"
			s.Fail("f", lambdatest.APIError(tc.status, tc.code, private).Always())
			b, l := newBackend(t, s, Spec{URLPattern: "/x"}, map[string]any{"function_name": "f", "max_retries": 2})

			_, err := do(t.Context(), b, &Request{})
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
				t.Errorf("the client gets %s", shown)
			}
			var details struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(e.Details(), &details); err != nil || details.ErrorMessage != e.message {
				t.Errorf("got details %s, %v", e.Details(), err)
			}
			if want := cmp.Or(tc.code, "InvocationFailure"); details.ErrorType != want {
				t.Errorf("got errorType %q, want %q", details.ErrorType, want)
			}
			level := "INFO"
			switch {
			case e.StatusCode() >= 500:
				level = "ERROR"
			case e.StatusCode() == http.StatusTooManyRequests:
				level = "WARNING"
			}
			lines := l.level(level)
			if len(lines) != 1 {
				t.Fatalf("got %d error lines, want 1: %q", len(lines), lines)
			}
			for _, want := range []string{"[BACKEND: /x][Lambda] ", tc.code, "failed: function f, ", calls[len(calls)-1].RequestID} {
				if !strings.Contains(lines[0], want) {
					t.Errorf("the log line has no %q: %s", want, lines[0])
				}
			}
			// AWS's message quotes a payload that is not JSON, and the headers of a wrong signature.
			if got, want := strings.Contains(lines[0], private), tc.code != "InvalidRequestContentException" && tc.code != "InvalidSignatureException"; got != want {
				t.Errorf("the log line has AWS's message: %t, want %t: %s", got, want, lines[0])
			}
			if e.Headers() != nil {
				t.Errorf("got headers %v, want none", e.Headers())
			}
			var cause *invoke.Error
			if !errors.As(err, &cause) || cause.Status != tc.status || cause.Attempts != tc.attempts {
				t.Errorf("got the cause %+v, want %d after %d attempts", cause, tc.status, tc.attempts)
			}
		})
	}
}

// If a clock that is off may be the reason of a refusal, the log says so.
func TestDescribeTellsTheSkew(t *testing.T) {
	e := &invoke.Error{Kind: invoke.KindAPI, Status: 403, Code: "InvalidSignatureException", Redacted: true, Skew: "the clock is off"}
	if got, want := describe(e), "code InvalidSignatureException (403): "+invoke.RedactedText+": the clock is off"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Proxies may answer with HTML pages.
func TestErrorPages(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Server", "nginx")
		w.WriteHeader(http.StatusBadGateway)
		io.WriteString(w, "<html><title>502 Bad Gateway</title>private</html>")
	}))
	t.Cleanup(s.Close)
	l := &recorder{}
	b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	_, err := do(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
		t.Errorf("got %v, want a 502", err)
	}
	want := `ERROR [BACKEND: ][Lambda] invocation failed: function f, no error code (502), 4 attempts: 'HTML page: 502 Bad Gateway; Server: nginx'`
	if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

// Other servers may answer with a line of text.
func TestPlainTextErrors(t *testing.T) {
	for _, tc := range []struct{ body, want string }{
		{"404 page not found\n", "no error code (404): '404 page not found'"},
		{strings.Repeat("x", 10_000), "no error code (404): '" + strings.Repeat("x", text.MaxDetail-len("…")) + "…'"},
		{"try http://user:pass@proxy/", "no error code (404): 'try http://xxxxx@proxy/'"},
		{"bad header Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE", "no error code (404): message left out, because it repeats the payload or a secret"},
		{`cannot route {"card":"4111111111111111"}`, "no error code (404): message left out, because it repeats the payload or a secret"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, tc.body)
		}))
		l := &recorder{}
		b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}}).New(Spec{Method: "POST", Settings: ns(map[string]any{"function_name": "f"})})
		_, err := do(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader(`{"card":"4111111111111111"}`))})
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.Error() != "lambda: invocation failed" {
			t.Errorf("%.40s: got %v", tc.body, err)
		}
		want := "ERROR [BACKEND: ][Lambda] invocation failed: function f, " + tc.want
		if lines := l.level("ERROR"); len(lines) != 1 || lines[0] != want {
			t.Errorf("got  %q\nwant %q", lines, want)
		}
	}
}

// The line of a connection that failed has the endpoint: not all errors say where the call went.
func TestConnectionErrorsHaveTheEndpoint(t *testing.T) {
	for _, where := range []lambdatest.Fault{lambdatest.Cut(lambdatest.BeforeHeaders), lambdatest.Cut(lambdatest.WithinBody)} {
		s := lambdatest.NewServer(map[string]any{"f": func() string { return "a reply" }})
		s.Fail("f", where)
		b, l := newBackend(t, s, Spec{}, map[string]any{"function_name": "f", "max_retries": 0})
		_, err := do(t.Context(), b, &Request{})
		s.Close()
		want := ", endpoint " + s.URL + ": '"
		if lines := l.level("ERROR"); err == nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "ERROR [BACKEND: ][Lambda] invocation failed: function f, code RequestError, ") || !strings.Contains(lines[0], want) {
			t.Errorf("got %v, %q, want %s", err, lines, want)
		}
	}
}

// The error of a connection may have the URL of a proxy, with its password.
func TestConnectionErrorsWithUserinfo(t *testing.T) {
	l := &recorder{}
	b := withInvoker(l, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return nil, errors.New("proxy http://user:hunter2@proxy.example.com is away")
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "max_retries": 0.0})})
	_, err := do(t.Context(), b, &Request{})
	if lines := l.level("ERROR"); err == nil || len(lines) != 1 || !strings.HasSuffix(lines[0], "'proxy http://xxxxx@proxy.example.com is away'") {
		t.Errorf("got %v, log %q", err, l.lines)
	}
}

func TestNotFoundByChoiceOfTheClient(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda"})
	_, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": "missing"}})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
		t.Errorf("got %v, want a 404", err)
	}
	if calls := s.Calls(); len(calls) != 1 || calls[0].Function != "Missing" {
		t.Errorf("got calls %+v, want one of Missing", calls)
	}
}

func TestRefusedNamesMakeNoCall(t *testing.T) {
	s := api(t, `{}`)
	b, l := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda"})
	for _, name := range []string{"", "a/b", "123456789012:function:f", "arn:aws:lambda:us-west-2:123456789012:function:f"} {
		_, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": name}})
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
			t.Errorf("%q: got %v, want a 404", name, err)
		}
	}
	if n := len(s.Calls()); n != 0 {
		t.Errorf("got %d calls, want none", n)
	}
	if n := len(l.level("INFO")); n != 4 {
		t.Errorf("got %d lines at INFO, want 4: %q", n, l.lines)
	}
}

func TestRetryAfter(t *testing.T) {
	l := &recorder{}
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
		b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f", "max_retries": 0}),
		})
		_, err := do(t.Context(), b, &Request{})
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusTooManyRequests {
			t.Fatalf("got %v, want a 429", err)
		}
		if got := strings.Join(e.Headers()["Retry-After"], ","); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.header, got, tc.want)
		}
	}
	want := "WARNING [BACKEND: ][Lambda] invocation failed: function f, code TooManyRequestsException (429), reason ReservedFunctionConcurrentInvocationLimitExceeded: 'Rate Exceeded.'"
	if lines := l.level("WARNING"); len(lines) == 0 || lines[0] != want {
		t.Errorf("got %q, want %s", lines, want)
	}
}

// With an Invoker there are no headers, but the SDK's typed error has the delay.
func TestRetryAfterOfAnInvoker(t *testing.T) {
	throttled := &lambda.TooManyRequestsException{RetryAfterSeconds: aws.String("7")}
	b := withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return nil, fmt.Errorf("wrapped: %w", throttled)
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	_, err := do(t.Context(), b, &Request{})
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
		_, err := do(t.Context(), b, &Request{})
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || e.Error() != "lambda: the function failed" {
			t.Fatalf("got %v, want a 502", err)
		}
		want := fmt.Sprintf(`{"errorType":%q,"errorMessage":%q}`, tc.kind, tc.message)
		if got := string(e.Details()); got != want {
			t.Errorf("got details %s, want %s", got, want)
		}
		lines := l.level("ERROR")
		if len(lines) != 1 || strings.ContainsRune(lines[0], '\n') || !strings.Contains(lines[0], "the function failed: function "+tc.function+", code "+tc.kind+", request id ") {
			t.Errorf("got log %q", lines)
		}
	}
	if n := len(s.Calls()); n != 2 {
		t.Errorf("got %d executions, want 2, because a function's error is not retried", n)
	}
}

func TestFunctionErrorPayloads(t *testing.T) {
	long := strings.Repeat("é", text.MaxDetail)
	for _, tc := range []struct{ name, payload, kind, message string }{
		{"from a runtime", `{"errorMessage":"m","errorType":"T","stackTrace":["secret"]}`, "T", "m"},
		{"without a type", `{"errorMessage":"Task timed out after 3.00 seconds"}`, "", "Task timed out after 3.00 seconds"},
		{"another object", `{"a":1}`, "", `{"a":1}`},
		{"not JSON", "<oops>", "", "<oops>"},
		{"nothing", "", "", "the function failed"},
		{"long", `{"errorMessage":"` + long + `","errorType":"` + long + `"}`, text.Cut(long), text.Cut(long)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := functionError("Unhandled", []byte(tc.payload), nil)
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

// Foreign codes and messages become one line of limited length.
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
		b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		_, err := do(t.Context(), b, &Request{})
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

func TestWithDetails(t *testing.T) {
	e := functionError("Unhandled", []byte(`{"errorMessage":"m","errorType":"T"}`), nil)
	e.retryAfter = "3"
	d := e.WithDetails()
	if got, want := d.Error(), `{"errorType":"T","errorMessage":"m"}`; got != want || d.Encoding() != "application/json" {
		t.Errorf("got %s, %s; want %s", d.Encoding(), got, want)
	}
	if d.StatusCode() != e.StatusCode() || d.Headers()["Retry-After"][0] != "3" || e.Error() != "lambda: the function failed" {
		t.Errorf("got %+v of %+v", d, e)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if timeout := ended(ctx.Err(), ""); timeout.WithDetails() != timeout {
		t.Error("got details of a timeout")
	}
}
