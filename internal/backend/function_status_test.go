package backend

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// statuses has a status for each log level, and the status of a timeout.
var statuses = map[string]any{"ValidationError": 422.0, "*NotFound": 404.0, "Busy": 429.0, "Broken": 500.0, "Late": 504.0, "Runtime.*": 599.0, "*": 499.0}

// A function's error gets the status of function_error_status. With a 4xx, the client gets the
// function's message, but never a stack trace. With a 5xx it gets what the default 502 gives.
func TestFunctionErrorStatus(t *testing.T) {
	for _, tc := range []struct {
		name, payload string
		status        int
		level         string
		message       string
		details       string
	}{
		{"a name", `{"errorType":"ValidationError","errorMessage":"no tea","stackTrace":["secret"]}`, 422, "INFO", "ValidationError: no tea", `{"errorType":"ValidationError","errorMessage":"no tea"}`},
		{"a pattern", `{"errorType":"com.shop.OrderNotFound","errorMessage":"7","trace":["secret"]}`, 404, "INFO", "com.shop.OrderNotFound: 7", `{"errorType":"com.shop.OrderNotFound","errorMessage":"7"}`},
		{"a throttle", `{"errorType":"Busy","errorMessage":"later"}`, 429, "WARNING", "Busy: later", `{"errorType":"Busy","errorMessage":"later"}`},
		{"a fault", `{"errorType":"Broken","errorMessage":"no water","stackTrace":["secret"]}`, 500, "ERROR", "lambda: the function failed", `{"errorType":"Broken","errorMessage":"no water"}`},
		{"a timeout", `{"errorType":"Late","errorMessage":"too late"}`, 504, "ERROR", "lambda: the function failed", `{"errorType":"Late","errorMessage":"too late"}`},
		{"any other", `{"errorType":"Oops","errorMessage":"x"}`, 499, "INFO", "Oops: x", `{"errorType":"Oops","errorMessage":"x"}`},
		{"Lambda's own", `{"errorType":"Runtime.HandlerNotFound","errorMessage":"x"}`, 599, "ERROR", "lambda: the function failed", `{"errorType":"Runtime.HandlerNotFound","errorMessage":"x"}`},
		{"no type", `{"errorMessage":"Task timed out"}`, 499, "INFO", "Task timed out", `{"errorType":"","errorMessage":"Task timed out"}`},
		{"no message", `{"errorType":"ValidationError"}`, 422, "INFO", "ValidationError", `{"errorType":"ValidationError","errorMessage":"the function failed"}`},
		{"another report", `{"stack":"secret"}`, 499, "INFO", "lambda: the function failed", `{"errorType":"","errorMessage":"the function failed"}`},
		{"a message that is not a string", `{"errorType":"ValidationError","errorMessage":{"a":"secret"}}`, 422, "INFO", "ValidationError", `{"errorType":"ValidationError","errorMessage":"the function failed"}`},
		{"not JSON", `secret`, 499, "INFO", "lambda: the function failed", `{"errorType":"","errorMessage":"the function failed"}`},
		{"nothing", ``, 499, "INFO", "lambda: the function failed", `{"errorType":"","errorMessage":"the function failed"}`},
		{"lines", `{"errorType":"ValidationError","errorMessage":"a\n\"b\"\\c\u001b"}`, 422, "INFO", "ValidationError: a 'b'/c ", `{"errorType":"ValidationError","errorMessage":"a\n\"b\"\\c\u001b"}`},
	} {
		for _, kind := range []string{"Unhandled", "Handled"} {
			t.Run(tc.name+" "+kind, func(t *testing.T) {
				fails := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
					return &lambda.InvokeOutput{FunctionError: aws.String(kind), Payload: []byte(tc.payload)}, nil
				})
				for _, encoding := range []string{"json", "no-op"} {
					l := &recorder{}
					b := withInvoker(l, fails).New(Spec{Encoding: encoding, Settings: ns(map[string]any{"function_name": "f", "function_error_status": statuses})})
					response, err := do(t.Context(), b, &Request{})
					if lines := slices.Concat(l.level("INFO"), l.level("WARNING"), l.level("ERROR")); len(lines) != 1 || !strings.HasPrefix(lines[0], tc.level+" [BACKEND: ][Lambda] the function failed: function f") {
						t.Errorf("got the log %q, want one line at %s", lines, tc.level)
					}
					if encoding == "no-op" && tc.status < 500 {
						checkResponse(t, response, err, tc.status, tc.details)
						continue
					}
					var e *Error
					if !errors.As(err, &e) || e != err {
						t.Fatalf("got %v, want an *Error", err)
					}
					if e.StatusCode() != tc.status || e.Error() != tc.message || e.Encoding() != "text/plain; charset=utf-8" {
						t.Errorf("got %d %s %q, want %d %q", e.StatusCode(), e.Encoding(), e.Error(), tc.status, tc.message)
					}
					if d := e.WithDetails(); d.Error() != tc.details || d.StatusCode() != tc.status || d.Encoding() != "application/json" {
						t.Errorf("got the details %d %s %s, want %s", d.StatusCode(), d.Encoding(), d.Error(), tc.details)
					}
				}
			})
		}
	}
}

// With a 5xx, clients get what the default 502 gives, for every report.
func TestFunctionErrorStatusOfAFault(t *testing.T) {
	for _, payload := range []string{
		`{"errorType":"Oops","errorMessage":"x"}`, `{"errorMessage":"Task timed out"}`, `{"stack":"secret"}`, `secret`, ``,
	} {
		fails := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(payload)}, nil
		})
		for _, encoding := range []string{"json", "no-op"} {
			var got [2]*Error
			for i, settings := range []map[string]any{{"function_name": "f"}, {"function_name": "f", "function_error_status": map[string]any{"*": 500.0}}} {
				_, err := do(t.Context(), withInvoker(nil, fails).New(Spec{Encoding: encoding, Settings: ns(settings)}), &Request{})
				if !errors.As(err, &got[i]) {
					t.Fatalf("%s: got %v, want an *Error", payload, err)
				}
			}
			want, fault := got[0], got[1]
			if fault.StatusCode() != 500 || fault.Error() != want.Error() || fault.WithDetails().Error() != want.WithDetails().Error() {
				t.Errorf("%s: got %d %s %s, want 500 %s %s", payload, fault.StatusCode(), fault, fault.WithDetails(), want, want.WithDetails())
			}
		}
	}
}

// A function's own error may have the name of AWS's error for a missing function.
func TestFunctionErrorLikeAMissingFunction(t *testing.T) {
	fails := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(`{"errorType":"ResourceNotFoundException","errorMessage":"no table"}`)}, nil
	})
	l := &recorder{}
	b := withInvoker(l, fails).New(Spec{Settings: ns(map[string]any{"function_param_name": "Lambda"})})
	do(t.Context(), b, &Request{Params: map[string]string{"Lambda": "echo"}})
	if lines := l.level("ERROR"); len(lines) != 1 || strings.Contains(lines[0], "upper case") || !strings.Contains(lines[0], "no table") {
		t.Errorf("got the log %q, want one line without a word on the name", lines)
	}
}

// checkResponse checks the response of a no-op backend to a function's error.
func checkResponse(t *testing.T, got *http.Response, err error, status int, body string) {
	t.Helper()
	if err != nil || got == nil {
		t.Errorf("got %v, %v, want a response", got, err)
		return
	}
	if b := readAll(t, got); got.StatusCode != status || b != body || got.Header.Get("Content-Type") != "application/json" || got.ContentLength != int64(len(body)) {
		t.Errorf("got %d %v %s, want %d %s", got.StatusCode, got.Header, b, status, body)
	}
}

// raises is a function's error with this errorType.
func raises(errorType string) error {
	return messages.InvokeResponse_Error{Type: errorType, Message: "no tea", StackTrace: []*messages.InvokeResponse_Error_StackFrame{{Path: "secret"}}}
}

// The status also applies with retries, streams and concurrent calls.
func TestFunctionErrorStatusOfCalls(t *testing.T) {
	const details = `{"errorType":"ValidationError","errorMessage":"no tea"}`
	for _, tc := range []struct {
		name     string
		settings map[string]any
		spec     Spec
		calls    int
	}{
		{"one", nil, Spec{}, 1},
		{"retries", map[string]any{"retry_function_errors": true, "max_retries": 2.0}, Spec{}, 3},
		{"a stream", map[string]any{"stream": true}, Spec{}, 1},
		{"a stream with retries", map[string]any{"stream": true, "retry_function_errors": true, "max_retries": 1.0}, Spec{}, 2},
		{"concurrent calls", nil, Spec{ConcurrentCalls: 3}, 3},
		{"HTTP responses", map[string]any{"payload_format": "2.0"}, Spec{}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return "", raises("ValidationError") }})
			t.Cleanup(s.Close)
			settings := map[string]any{"function_name": "f", "function_error_status": statuses}
			maps.Copy(settings, tc.settings)
			tc.spec.Encoding = "no-op"
			b, l := newBackend(t, s, tc.spec, settings)
			response, err := do(t.Context(), b, &Request{})
			checkResponse(t, response, err, 422, details)
			calls := s.Calls()
			if len(calls) != tc.calls {
				t.Errorf("got %d calls, want %d", len(calls), tc.calls)
			}
			if id := response.Header.Get("X-Amzn-Requestid"); !slices.ContainsFunc(calls, func(c lambdatest.Call) bool { return c.RequestID == id }) {
				t.Errorf("got the request id %q, which no call has", id)
			}
			if lines := l.level("INFO"); len(lines) != 1 || len(l.level("ERROR")) > 0 {
				t.Errorf("got the log %q", l.lines)
			}
		})
	}
}

// An error before the first byte of a stream's body gets the status. After the first byte, the status
// is already sent, and the reply breaks off.
func TestFunctionErrorStatusOfStreams(t *testing.T) {
	complete := `{"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"ValidationError\",\"errorMessage\":\"no tea\",\"trace\":[\"secret\"]}"}`
	for _, tc := range []struct {
		name   string
		chunks []string
		begun  bool
	}{
		{"at once", nil, false},
		{"within a prelude", []string{`{"statusCode":200}`, "\x00\x00"}, false},
		{"after the first byte", []string{"tea"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var events strings.Builder
			for _, c := range tc.chunks {
				events.Write(event("PayloadChunk", c))
			}
			events.Write(event("InvokeComplete", complete))
			contentType := "application/octet-stream"
			if tc.name == "within a prelude" {
				contentType = integrationResponse
			}
			transport := transportFunc(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(events.String())), Request: r}, nil
			})
			l := &recorder{}
			b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: "http://localhost", transport: transport}}).New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": true, "function_error_status": statuses})})
			response, err := do(t.Context(), b, &Request{})
			if !tc.begun {
				checkResponse(t, response, err, 422, `{"errorType":"ValidationError","errorMessage":"no tea"}`)
				if len(l.level("INFO")) != 1 || len(l.level("ERROR")) > 0 {
					t.Errorf("got the log %q", l.lines)
				}
				return
			}
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("got %v, %v", response, err)
			}
			if _, err := io.ReadAll(response.Body); err == nil || len(l.level("ERROR")) != 1 {
				t.Errorf("got %v, log %q", err, l.lines)
			}
		})
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Other errors keep their status.
func TestFunctionErrorStatusOfOtherErrors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func(http.Header) (status int, body string)
		want   int
	}{
		{"AWS's", func(h http.Header) (int, string) {
			h.Set("X-Amzn-Errortype", "AccessDeniedException")
			return 403, `{}`
		}, 502},
		{"a report that cannot be decompressed", func(h http.Header) (int, string) {
			h.Set("X-Amz-Function-Error", "Unhandled")
			h.Set("Content-Encoding", "br")
			return 200, `{}`
		}, 502},
		{"a reply that cannot be decoded", func(http.Header) (int, string) { return 200, `{"statusCode":"x"}` }, 502},
	} {
		for _, encoding := range []string{"json", "no-op"} {
			t.Run(fmt.Sprint(tc.name, encoding), func(t *testing.T) {
				transport := transportFunc(func(r *http.Request) (*http.Response, error) {
					h := make(http.Header)
					status, body := tc.answer(h)
					return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
				})
				l := &recorder{}
				b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: "http://localhost", transport: transport}}).New(Spec{Encoding: encoding, Settings: ns(map[string]any{"function_name": "f", "response_format": "proxy", "function_error_status": statuses})})
				_, err := do(t.Context(), b, &Request{})
				var e *Error
				if !errors.As(err, &e) || e.StatusCode() != tc.want || len(l.level("ERROR")) != 1 {
					t.Errorf("got %v, log %q", err, l.lines)
				}
			})
		}
	}
}
