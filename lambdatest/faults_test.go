package lambdatest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestThrottle(t *testing.T) {
	for _, test := range []struct {
		seconds int
		want    string
	}{{7, "7"}, {0, ""}, {-1, ""}} {
		t.Run(fmt.Sprint(test.seconds), func(t *testing.T) {
			server := newServer(t, map[string]any{"echo": echo})
			server.Fail("echo", lambdatest.Throttle(test.seconds))
			_, err := newClient(t, server).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("echo")})
			checkAPIError(t, err, http.StatusTooManyRequests, "TooManyRequestsException")
			var throttled *types.TooManyRequestsException
			if !errors.As(err, &throttled) {
				t.Fatalf("got %T, want %T", err, throttled)
			}
			if got := aws.ToString(throttled.RetryAfterSeconds); got != test.want {
				t.Errorf("got Retry-After %q, want %q", got, test.want)
			}
			if got, want := throttled.Reason, types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded; got != want {
				t.Errorf("got reason %q, want %q", got, want)
			}
			if got, want := aws.ToString(throttled.Message), "Rate Exceeded."; got != want {
				t.Errorf("got message %q, want %q", got, want)
			}
			if server.Calls()[0].Executed {
				t.Error("a throttled call is marked executed")
			}
		})
	}
}

func TestAPIError(t *testing.T) {
	server := newServer(t, nil)
	for _, test := range []struct {
		status    int
		errorType string
		body      string
	}{
		{500, "ServiceException", `{"Message":"100% wrong","Type":"Service"}`},
		{502, "EC2ThrottledException", `{"Message":"100% wrong","Type":"Service"}`},
		{409, "SnapStartNotReadyException", `{"Message":"100% wrong","Type":"User"}`},
		{409, "ResourceConflictException", `{"Type":"User","message":"100% wrong"}`},
		{415, "UnsupportedMediaTypeException", `{"Type":"User","message":"100% wrong"}`},
		{403, "AccessDeniedException", `{"Type":"User","message":"100% wrong"}`},
		{409, "CodeArtifactUserPendingException", `{"Type":"User","message":"100% wrong"}`},
		{418, "MadeUpException", `{"Message":"100% wrong","Type":"User"}`},
	} {
		t.Run(test.errorType, func(t *testing.T) {
			fault := lambdatest.APIError(test.status, test.errorType, "100% wrong")
			server.Fail("absent", fault, fault)

			_, err := newClient(t, server).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("absent")})
			failure := checkAPIError(t, err, test.status, test.errorType)
			if got, want := failure.ErrorMessage(), "100% wrong"; got != want {
				t.Errorf("got message %q, want %q", got, want)
			}

			req := newRequest(t, server, "absent", "")
			sign(t, req, "", "lambda")
			if got := do(t, req); got.body != test.body || got.header.Get("X-Amzn-ErrorType") != test.errorType {
				t.Errorf("got %s %s, want %s", got.header.Get("X-Amzn-ErrorType"), got.body, test.body)
			}
		})
	}
}

func TestErrorCodes(t *testing.T) {
	codes := lambdatest.ErrorCodes()
	if got, want := len(codes), 43; got != want {
		t.Errorf("got %d codes, want %d", got, want)
	}
	server := newServer(t, nil)
	for code, status := range codes {
		server.Fail("f", lambdatest.APIError(0, code, "failed"))
		got := call(t, server, "f", "", "", nil)
		if got.status != status || got.header.Get("X-Amzn-ErrorType") != code {
			t.Errorf("got %d %s, want %d %s", got.status, got.header.Get("X-Amzn-ErrorType"), status, code)
		}
	}
	clear(codes)
	if len(lambdatest.ErrorCodes()) == 0 {
		t.Error("the map is not the caller's")
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	for _, status := range []int{1, 200, 299, 600} {
		checkPanics(t, fmt.Sprintf("APIError(%d)", status), func() { lambdatest.APIError(status, "ServiceException", "") })
	}
	checkPanics(t, "APIError(0)", func() { lambdatest.APIError(0, "TeapotException", "") })
	for _, p := range []lambdatest.CutPoint{0, -1, lambdatest.BeforeComplete + 1} {
		checkPanics(t, fmt.Sprintf("Cut(%d)", p), func() { lambdatest.Cut(p) })
	}
}

func TestFaultQueues(t *testing.T) {
	teapot := func(n int) lambdatest.Fault { return lambdatest.APIError(400+n, "TeapotException", "") }
	for name, test := range map[string]struct {
		fail func(*lambdatest.Server)
		want []int // status of each call of f
	}{
		"in order, then none": {
			func(s *lambdatest.Server) { s.Fail("f", teapot(1), teapot(2)); s.Fail("f", teapot(3)) },
			[]int{401, 402, 403, 200, 200},
		},
		"another function's": {
			func(s *lambdatest.Server) { s.Fail("g", teapot(1)) },
			[]int{200},
		},
		"any function's, after its own": {
			func(s *lambdatest.Server) { s.Fail("*", teapot(1)); s.Fail("f", teapot(2)) },
			[]int{402, 401, 200},
		},
		"always": {
			func(s *lambdatest.Server) { s.Fail("f", teapot(1), teapot(2).Always(), teapot(3)) },
			[]int{401, 402, 402, 402},
		},
		"always, for any function": {
			func(s *lambdatest.Server) { s.Fail("*", teapot(1).Always()) },
			[]int{401, 401},
		},
		"zero": {
			func(s *lambdatest.Server) { s.Fail("f", lambdatest.Fault{}, teapot(1)) },
			[]int{200, 401, 200},
		},
		"none": {
			func(s *lambdatest.Server) { s.Fail("f") },
			[]int{200},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": echo})
			test.fail(server)
			for i, want := range test.want {
				req := newRequest(t, server, "f:1", "")
				sign(t, req, "", "lambda")
				if got := do(t, req).status; got != want {
					t.Errorf("call %d: got status %d, want %d", i, got, want)
				}
			}
		})
	}
}

func TestRefusedCallsTakeNoFault(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	server.Fail("echo", lambdatest.Throttle(0))
	if got, want := do(t, newRequest(t, server, "echo", "")).status, http.StatusForbidden; got != want {
		t.Errorf("unsigned: got status %d, want %d", got, want)
	}
	_, err := newClient(t, server).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("echo")})
	checkAPIError(t, err, http.StatusTooManyRequests, "TooManyRequestsException")
}

func TestDelay(t *testing.T) {
	const delay = 20 * time.Millisecond
	server := newServer(t, map[string]any{"echo": echo})
	server.Fail("echo", lambdatest.Delay(delay), lambdatest.Delay(-1))
	client := newClient(t, server)
	for _, atLeast := range []time.Duration{delay, 0} {
		started := time.Now()
		out := mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte("1")})
		if got := time.Since(started); got < atLeast {
			t.Errorf("answered after %v, want %v at least", got, atLeast)
		}
		if got, want := string(out.Payload), "1"; got != want {
			t.Errorf("got payload %s, want %s", got, want)
		}
	}
}

func TestDelayEndsWithItsCaller(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	server.Fail("echo", lambdatest.Delay(time.Hour))
	client := newClient(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("echo")})
		answered <- err
	}()
	waitFor(t, "the call", func() bool { return len(server.Calls()) == 1 })
	cancel()
	receive(t, "the caller", answered)
	waitFor(t, "the end of the delay", func() bool {
		return !strings.Contains(strings.Join(serverGoroutines(), ""), "(*Server).invoke(")
	})
	if server.Calls()[0].Executed {
		t.Error("the function is executed after a delay that did not end")
	}
}

func TestCutBytes(t *testing.T) {
	const payload = `"0123456789"`
	for name, test := range map[string]struct {
		point          lambdatest.CutPoint
		function       string
		invocationType types.InvocationType
		executed       bool
		check          func(t *testing.T, got string)
	}{
		"before the headers": {point: lambdatest.BeforeHeaders, function: "echo", executed: true, check: func(t *testing.T, got string) {
			if got != "" {
				t.Errorf("got %q, want nothing", got)
			}
		}},
		"within the headers": {point: lambdatest.WithinHeaders, function: "echo", executed: true, check: halfHeader("HTTP/1.1 200 OK\r\n")},
		"after the headers":  {point: lambdatest.AfterHeaders, function: "echo", executed: true, check: headersAnd("", len(payload))},
		"within the body":    {point: lambdatest.WithinBody, function: "echo", executed: true, check: headersAnd(payload[:len(payload)/2], len(payload))},
		"no InvokeComplete":  {point: lambdatest.BeforeComplete, function: "echo", executed: true, check: headersAnd(payload[:len(payload)/2], len(payload))},
		"event": {
			point: lambdatest.AfterHeaders, function: "echo", invocationType: types.InvocationTypeEvent,
			executed: true, check: halfHeader("HTTP/1.1 202 Accepted\r\n"),
		},
		"dry run": {
			point: lambdatest.WithinBody, function: "echo", invocationType: types.InvocationTypeDryRun,
			check: halfHeader("HTTP/1.1 204 No Content\r\n"),
		},
		"no such function": {point: lambdatest.WithinHeaders, function: "absent", check: halfHeader("HTTP/1.1 404 Not Found\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"echo": echo})
			server.Fail(test.function, lambdatest.Cut(test.point))
			req := newRequest(t, server, test.function, payload)
			if test.invocationType != "" {
				req.Header.Set("X-Amz-Invocation-Type", string(test.invocationType))
			}
			sign(t, req, payload, "lambda")
			test.check(t, exchange(t, server, req))
			if got := server.Calls()[0].Executed; got != test.executed {
				t.Errorf("got executed %t, want %t", got, test.executed)
			}
		})
	}
}

// halfHeader checks for a status line and the beginning of a header's line.
func halfHeader(statusLine string) func(*testing.T, string) {
	return func(t *testing.T, got string) {
		rest, ok := strings.CutPrefix(got, statusLine)
		if !ok || rest == "" || strings.Contains(rest, "\n") {
			t.Errorf("got %q, want %q and half a line", got, statusLine)
		}
	}
}

// headersAnd checks for a whole header that announces a body of so many bytes, of
// which these have come.
func headersAnd(body string, length int) func(*testing.T, string) {
	return func(t *testing.T, got string) {
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
		if err != nil {
			t.Fatalf("%v in %q", err, got)
		}
		if got, want := res.ContentLength, int64(length); got != want {
			t.Errorf("got content length %d, want %d", got, want)
		}
		if got, want := res.Header.Get("X-Amz-Executed-Version"), "$LATEST"; got != want {
			t.Errorf("got executed version %q, want %q", got, want)
		}
		rest, err := io.ReadAll(res.Body)
		if got := string(rest); got != body || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got body %q and error %v, want %q cut", got, err, body)
		}
	}
}

func TestCutAsTheSDKSeesIt(t *testing.T) {
	for name, point := range map[string]lambdatest.CutPoint{
		"before the headers": lambdatest.BeforeHeaders,
		"within the headers": lambdatest.WithinHeaders,
		"after the headers":  lambdatest.AfterHeaders,
		"within the body":    lambdatest.WithinBody,
	} {
		t.Run(name, func(t *testing.T) {
			executions := 0
			server := newServer(t, map[string]any{"f": func() (string, error) { executions++; return "0123456789", nil }})
			server.Fail("f", lambdatest.Cut(point))
			client := newClient(t, server)
			if out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}); err == nil {
				t.Errorf("got %v, want an error", out)
			}
			out := mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f")})
			if got, want := string(out.Payload), `"0123456789"`; got != want {
				t.Errorf("got payload %s in the call after, want %s", got, want)
			}
			if got, want := executions, 2; got != want {
				t.Errorf("got %d executions, want %d", got, want)
			}
		})
	}
}
