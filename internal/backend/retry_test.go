package backend

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/client/metadata"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestMaxRetries(t *testing.T) {
	for _, tc := range []struct {
		settings any // max_retries
		session  int // the session's MaxRetries
		want     int // attempts
	}{
		{0.0, -1, 1}, {1.0, -1, 2}, {1, -1, 2}, {5.0, -1, 6}, {-1.0, -1, 4}, {nil, -1, 4},
		{nil, 2, 3}, {nil, 0, 1}, {1.0, 7, 2},
	} {
		s := api(t, `{}`)
		s.Fail("f", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())
		var delays []time.Duration
		sess := testSession(t, s.URL, &delays)
		sess.Config.MaxRetries = aws.Int(tc.session)
		settings := map[string]any{"function_name": "f"}
		if tc.settings != nil {
			settings["max_retries"] = tc.settings
		}
		b := NewFactory(Options{Logger: &recorder{}, Session: sess}).New(Spec{Settings: ns(settings)})
		if _, err := invoke(t.Context(), b, &Request{}); err == nil {
			t.Fatal("got no error")
		}
		if got := len(s.Calls()); got != tc.want {
			t.Errorf("max_retries %v, session %d: got %d attempts, want %d", tc.settings, tc.session, got, tc.want)
		}
		if len(delays) != tc.want-1 || slices.ContainsFunc(delays, func(d time.Duration) bool { return d <= 0 }) {
			t.Errorf("max_retries %v: got delays %v, want %d", tc.settings, delays, tc.want-1)
		}
	}
}

func TestSecondTrySucceeds(t *testing.T) {
	for name, fault := range map[string]lambdatest.Fault{
		"5xx":            lambdatest.APIError(http.StatusInternalServerError, "ServiceException", ""),
		"throttled":      lambdatest.Throttle(1),
		"before headers": lambdatest.Cut(lambdatest.BeforeHeaders),
		"within headers": lambdatest.Cut(lambdatest.WithinHeaders),
		"after headers":  lambdatest.Cut(lambdatest.AfterHeaders),
		"within body":    lambdatest.Cut(lambdatest.WithinBody),
	} {
		t.Run(name, func(t *testing.T) {
			s := api(t, `{"a":"a reply of some length"}`)
			s.Fail("f", fault)
			b, l := newBackend(t, s, Spec{}, map[string]any{"function_name": "f", "max_retries": 1.0})
			response, err := invoke(t.Context(), b, &Request{})
			if err != nil {
				t.Fatal(err, l.lines)
			}
			if got, want := readAll(t, response), `{"a":"a reply of some length"}`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if n := len(s.Calls()); n != 2 {
				t.Errorf("got %d attempts, want 2", n)
			}
			if lines := l.level("ERROR"); len(lines) != 0 {
				t.Errorf("got %q, want nothing logged", lines)
			}
		})
	}
}

func TestConnectionFailures(t *testing.T) {
	s := api(t, `{}`)
	s.Fail("f", lambdatest.Cut(lambdatest.WithinBody).Always())
	b, _ := newBackend(t, s, Spec{}, map[string]any{"function_name": "f", "max_retries": 1})
	_, err := invoke(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || len(s.Calls()) != 2 {
		t.Errorf("cut: got %v after %d attempts, want a 502 after 2", err, len(s.Calls()))
	}

	s.Close() // connections are refused from now on
	_, err = invoke(t.Context(), b, &Request{})
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || e.kind != request.ErrCodeRequestError {
		t.Errorf("refused: got %v, want a 502", err)
	}
}

// A retry that the deadline leaves no room for is not waited for: the last error
// is the answer, at once.
func TestRetriesAreHeldAgainstTheDeadline(t *testing.T) {
	s := api(t, `{}`)
	s.Fail("f", lambdatest.Throttle(3600).Always())
	var delays []time.Duration
	b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, s.URL, &delays)}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f", "max_retries": 3}),
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := invoke(ctx, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusTooManyRequests || e.Headers()["Retry-After"][0] != "3600" {
		t.Errorf("got %v, want a 429 with Retry-After: 3600", err)
	}
	if n := len(s.Calls()); n != 1 || len(delays) != 0 {
		t.Errorf("got %d attempts and delays %v, want 1 and none", n, delays)
	}
}

// sdkRequest is a request as the SDK shows it to a retryer after an attempt.
func sdkRequest(ctx context.Context, status int, err error) *request.Request {
	r := request.New(aws.Config{Credentials: credentials.NewStaticCredentials("a", "b", "")}, metadata.ClientInfo{}, request.Handlers{}, nil, &request.Operation{}, nil, nil)
	r.SetContext(ctx)
	r.HTTPResponse = &http.Response{StatusCode: status, Header: http.Header{}}
	r.Error = err
	return r
}

func TestRetryerAndTheDeadline(t *testing.T) {
	start := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), start.Add(time.Hour))
	defer cancel()
	failure := awserr.NewRequestFailure(awserr.New("ServiceException", "", nil), 500, "")

	// The SDK's first delay after a 500 is 30 to 60 ms.
	for _, tc := range []struct {
		left time.Duration
		want bool
	}{{time.Hour, true}, {61 * time.Millisecond, true}, {30 * time.Millisecond, false}, {0, false}, {-time.Second, false}} {
		rt := retryer{max: 1, now: func() time.Time { return start.Add(time.Hour - tc.left) }}
		r := sdkRequest(ctx, 500, failure)
		if got := rt.ShouldRetry(r); got != tc.want {
			t.Errorf("%v left: got %t, want %t", tc.left, got, tc.want)
		}
		if d := rt.RetryRules(r); tc.want && (d < 30*time.Millisecond || d > 60*time.Millisecond) {
			t.Errorf("%v left: got the delay %v, want 30 to 60 ms", tc.left, d)
		}
	}

	rt := retryer{max: 1, now: time.Now}
	if !rt.ShouldRetry(sdkRequest(t.Context(), 500, failure)) {
		t.Error("without a deadline: got false, want true")
	}
	cancel()
	if rt.ShouldRetry(sdkRequest(ctx, 500, failure)) {
		t.Error("after the context's end: got true, want false")
	}
}

// rotating are credentials whose first value has expired without their knowing.
type rotating struct{ retrieved int }

func (r *rotating) Retrieve() (credentials.Value, error) {
	r.retrieved++
	return credentials.Value{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: string(rune('0' + r.retrieved))}, nil
}

func (r *rotating) IsExpired() bool { return false }

func TestExpiredCredentialsAreRefreshedOnce(t *testing.T) {
	expired := lambdatest.APIError(http.StatusForbidden, "ExpiredTokenException", "The security token included in the request is expired")
	for _, tc := range []struct {
		name       string
		maxRetries int
		faults     []lambdatest.Fault
		ok         bool
		tokens     []string
	}{
		{"they had expired", 0, []lambdatest.Fault{expired}, true, []string{"1", "2"}},
		{"the new ones have expired too", 3, []lambdatest.Fault{expired.Always()}, false, []string{"1", "2"}},
		{"it is no retry", 1, []lambdatest.Fault{expired, lambdatest.APIError(500, "ServiceException", "")}, true, []string{"1", "2", "2"}},
		{"nor is it one later", 1, []lambdatest.Fault{lambdatest.APIError(500, "ServiceException", ""), expired}, true, []string{"1", "1", "2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := api(t, `{}`)
			s.Fail("f", tc.faults...)
			sess := testSession(t, s.URL, nil)
			sess.Config.Credentials = credentials.NewCredentials(&rotating{})
			b := NewFactory(Options{Logger: &recorder{}, Session: sess}).New(Spec{
				Settings: ns(map[string]any{"function_name": "f", "max_retries": tc.maxRetries}),
			})
			_, err := invoke(t.Context(), b, &Request{})
			var e *Error
			if tc.ok != (err == nil) || err != nil && (!errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway) {
				t.Errorf("got %v, want ok %t or a 502", err, tc.ok)
			}
			var tokens []string
			for _, c := range s.Calls() {
				tokens = append(tokens, c.Header.Get("X-Amz-Security-Token"))
			}
			if !slices.Equal(tokens, tc.tokens) {
				t.Errorf("got calls with the tokens %q, want %q", tokens, tc.tokens)
			}
		})
	}
}

// Expired credentials that the deadline leaves no room to refresh are fresh for the
// next request.
func TestExpiredCredentialsHealWithoutRoom(t *testing.T) {
	provider := &rotating{}
	creds := credentials.NewCredentials(provider)
	if _, err := creds.Get(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	r := sdkRequest(ctx, 403, awserr.NewRequestFailure(awserr.New("ExpiredTokenException", "", nil), 403, ""))
	r.Config.Credentials = creds

	rt := retryer{now: func() time.Time { return time.Now().Add(2 * time.Hour) }}
	if rt.ShouldRetry(r) {
		t.Error("got true beyond the deadline")
	}
	if !creds.IsExpired() {
		t.Error("the credentials have stayed")
	}

	// With room, the SDK expires them before its retry: once is enough.
	if _, err := creds.Get(); err != nil {
		t.Fatal(err)
	}
	rt = retryer{now: time.Now}
	if !rt.ShouldRetry(r) || creds.IsExpired() {
		t.Error("got false, or the credentials expired here already")
	}

	// Another failure is not theirs.
	other := sdkRequest(ctx, 500, awserr.NewRequestFailure(awserr.New("ServiceException", "", nil), 500, ""))
	other.Config.Credentials = creds
	rt = retryer{now: func() time.Time { return time.Now().Add(2 * time.Hour) }}
	if rt.ShouldRetry(other) || creds.IsExpired() {
		t.Error("got true beyond the deadline, or good credentials expired")
	}
}

// A Retry-After that is below zero, or overflows, is no reason to hurry.
func TestAbsurdRetryAfter(t *testing.T) {
	for _, header := range []string{"-5", "9300000000"} {
		r := sdkRequest(t.Context(), 429, awserr.NewRequestFailure(awserr.New("TooManyRequestsException", "", nil), 429, ""))
		r.HTTPResponse.Header.Set("Retry-After", header)
		rt := retryer{max: 3, now: time.Now}
		if rt.ShouldRetry(r) {
			t.Errorf("%s: got a retry after %v", header, r.RetryDelay)
		}
	}
}

func TestRetryableWithoutAnAnswer(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{awserr.New(request.ErrCodeRequestError, "send request failed", errors.New("connection reset by peer")), true},
		{awserr.New(request.ErrCodeRequestError, "send request failed", &url.Error{Op: "Post", Err: &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}}), true},
		{awserr.New(request.ErrCodeRequestError, "send request failed", &net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}), true},
		{awserr.New(request.ErrCodeRequestError, "", awserr.New("x", "", io.ErrUnexpectedEOF)), true},
		{awserr.New(request.CanceledErrorCode, "request context canceled", nil), false},
		{awserr.New("InvalidParameter", "", errors.New("net/http: request canceled")), false},
	} {
		r := sdkRequest(t.Context(), 0, tc.err)
		if got := new(retryer).retryable(r); got != tc.want {
			t.Errorf("%v: got %t, want %t", tc.err, got, tc.want)
		}
		r.HTTPResponse = nil // of a handler that the session has added
		if got := new(retryer).retryable(r); got != tc.want {
			t.Errorf("%v, without a response: got %t, want %t", tc.err, got, tc.want)
		}
	}
}

// misbehaving starts an Invoke API whose first answer is not one of HTTP's. The others are
// good.
func misbehaving(t *testing.T, first func(conn *net.TCPConn, w *bufio.ReadWriter)) (url string, calls *atomic.Int32) {
	t.Helper()
	calls = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if calls.Add(1) > 1 {
			io.WriteString(w, `"good"`)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		first(conn.(*net.TCPConn), rw)
		rw.Flush()
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// What breaks off is tried again, whatever it was to become.
func TestCutAnswersAreTriedAgain(t *testing.T) {
	for name, first := range map[string]func(*net.TCPConn, *bufio.ReadWriter){
		"reset before an answer": func(conn *net.TCPConn, _ *bufio.ReadWriter) { conn.SetLinger(0) },
		"reset within an answer": func(conn *net.TCPConn, w *bufio.ReadWriter) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
			w.Flush()
			conn.SetLinger(0)
		},
		"cut within an answer": func(_ *net.TCPConn, w *bufio.ReadWriter) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
		},
		"cut within an error": func(_ *net.TCPConn, w *bufio.ReadWriter) {
			io.WriteString(w, "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{")
		},
		"cut within a chunk": func(_ *net.TCPConn, w *bufio.ReadWriter) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{")
		},
	} {
		url, calls := misbehaving(t, first)
		b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, url, nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "max_retries": 1.0})})
		response, err := invoke(t.Context(), b, &Request{})
		if err != nil {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if got := readAll(t, response); got != `"good"` || calls.Load() != 2 {
			t.Errorf("%s: got %s after %d calls", name, got, calls.Load())
		}
	}
}

// An answer that makes no sense has come whole: the function has been executed, and would
// say the same again.
func TestAnswersWithoutSenseAreNotTriedAgain(t *testing.T) {
	good := gzipped(t, strings.NewReader(`"good"`))
	checksum := bytes.Clone(good)
	checksum[len(checksum)-8]++
	for name, tc := range map[string]struct{ head, body string }{
		"no gzip":                    {"200 OK\r\nContent-Encoding: gzip", `"a reply of some length"`},
		"a wrong checksum":           {"200 OK\r\nContent-Encoding: gzip", string(checksum)},
		"half of a gzip":             {"200 OK\r\nContent-Encoding: gzip", string(good[:len(good)/2])},
		"half of an error":           {"403 Forbidden\r\nX-Amzn-Errortype: AccessDeniedException", `{"message":"half`},
		"an error that is no JSON":   {"404 Not Found", "<html>"},
		"a switch of protocols":      {"101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x", "x"},
		"a status that is none":      {"999 X", ""},
		"a redirect":                 {"307 Temporary Redirect\r\nLocation: /", ""},
		"an answer to another range": {"206 Partial Content\r\nContent-Encoding: br", "x"},
	} {
		url, calls := misbehaving(t, func(_ *net.TCPConn, w *bufio.ReadWriter) {
			fmt.Fprintf(w, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", tc.head, len(tc.body), tc.body)
		})
		b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, url, nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		_, err := invoke(t.Context(), b, &Request{})
		want := int32(1)
		if name == "a status that is none" { // it is one of a server's errors
			want = 2
		}
		if e, ok := err.(*Error); calls.Load() != want || want == 1 && (!ok || e.StatusCode() != http.StatusBadGateway) {
			t.Errorf("%s: got %v after %d calls, want a 502 after %d", name, err, calls.Load(), want)
		}
	}
}

// Behind a 101 the connection is not HTTP's any more, and no deadline ends what reads it.
func TestSwitchOfProtocolsDoesNotHang(t *testing.T) {
	release := make(chan struct{})
	url, _ := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		rw.Flush()
		<-release
	})
	for _, stream := range []bool{false, true} {
		b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, url, nil)}).New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": stream})})
		if _, err := invoke(t.Context(), b, &Request{}); err == nil {
			t.Error("got a reply")
		}
	}
	close(release)
}

// Of a stream nobody has seen anything before its first chunk.
func TestStreamThatEndsBeforeItBegins(t *testing.T) {
	for retries, ok := range map[float64]bool{0: false, 1: true} {
		s := streamAPI(t, func() (typed, error) {
			return typed{bytesOf{strings.NewReader("all of it")}, "text/plain"}, nil
		})
		s.Fail("f", lambdatest.Cut(lambdatest.AfterHeaders))
		b, _ := newBackend(t, s, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true, "max_retries": retries})
		b.sleep = func(context.Context, time.Duration) error { return nil }
		response, err := invoke(t.Context(), b, &Request{})
		if (err == nil) != ok || len(s.Calls()) != 1+int(retries) {
			t.Errorf("%v retries: got %v after %d calls", retries, err, len(s.Calls()))
		}
		if err == nil && readAll(t, response) != "all of it" {
			t.Error("got another stream")
		}
	}
	// What is malformed is not cut.
	url, calls := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		w.Write(bytes.Repeat([]byte{0xff}, 100))
	})
	b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, url, nil)}).New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": true})})
	if _, err := invoke(t.Context(), b, &Request{}); err == nil || *calls != 1 {
		t.Errorf("malformed: got %v after %d calls", err, *calls)
	}
}

// Retries behind an Invoker that is none of the SDK's are its own.
func TestStreamOfAnInvokerThatEndsBeforeItBegins(t *testing.T) {
	s := streamAPI(t, func() error { return nil })
	s.Fail("f", lambdatest.Cut(lambdatest.AfterHeaders).Always())
	b := NewFactory(Options{Logger: &recorder{}, Invoker: withoutOptions{lambda.New(testSession(t, s.URL, nil))}}).New(Spec{
		Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": true, "max_retries": 2.0}),
	})
	if _, err := invoke(t.Context(), b, &Request{}); err == nil || len(s.Calls()) != 1 {
		t.Errorf("got %v after %d calls", err, len(s.Calls()))
	}
}

// withoutOptions is an Invoker that does not hand on what the backend asks of the SDK.
type withoutOptions struct{ *lambda.Lambda }

func (i withoutOptions) InvokeWithResponseStreamWithContext(ctx aws.Context, in *lambda.InvokeWithResponseStreamInput, _ ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error) {
	return i.Lambda.InvokeWithResponseStreamWithContext(ctx, in)
}
