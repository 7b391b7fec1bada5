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
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestMaxRetries(t *testing.T) {
	for _, tc := range []struct {
		settings any  // max_retries
		sdk      *int // retries of the SDK
		want     int  // attempts
	}{
		{0.0, nil, 1}, {1.0, nil, 2}, {1, nil, 2}, {5.0, nil, 6}, {-1.0, nil, 4}, {nil, nil, 4},
		{nil, aws.Int(2), 3}, {nil, aws.Int(0), 1}, {1.0, aws.Int(7), 2},
	} {
		s := api(t, `{}`)
		s.Fail("f", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())
		var delays []time.Duration
		settings := map[string]any{"function_name": "f"}
		if tc.settings != nil {
			settings["max_retries"] = tc.settings
		}
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL, delays: &delays, retries: tc.sdk}}).New(Spec{Settings: ns(settings)})
		if _, err := do(t.Context(), b, &Request{}); err == nil {
			t.Fatal("got no error")
		}
		if got := len(s.Calls()); got != tc.want {
			t.Errorf("max_retries %v: got %d attempts, want %d", tc.settings, got, tc.want)
		}
		if len(delays) != tc.want-1 || slices.ContainsFunc(delays, func(d time.Duration) bool { return d <= 0 }) {
			t.Errorf("max_retries %v: got delays %v, want %d", tc.settings, delays, tc.want-1)
		}
	}
}

func TestSecondAttemptSucceeds(t *testing.T) {
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
			response, err := do(t.Context(), b, &Request{})
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
	_, err := do(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || len(s.Calls()) != 2 {
		t.Errorf("cut: got %v after %d attempts, want a 502 after 2", err, len(s.Calls()))
	}

	s.Close() // connections are refused from now on
	_, err = do(t.Context(), b, &Request{})
	if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || e.kind != "RequestError" {
		t.Errorf("refused: got %v, want a 502", err)
	}
}

// If the deadline leaves no time for a retry, the client immediately gets the last error.
func TestRetriesAndTheDeadline(t *testing.T) {
	s := api(t, `{}`)
	s.Fail("f", lambdatest.Throttle(3600).Always())
	var delays []time.Duration
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL, delays: &delays}}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f", "max_retries": 3}),
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := do(ctx, b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusTooManyRequests || e.Headers()["Retry-After"][0] != "3600" {
		t.Errorf("got %v, want a 429 with Retry-After: 3600", err)
	}
	if n := len(s.Calls()); n != 1 || len(delays) != 0 {
		t.Errorf("got %d attempts and delays %v, want 1 and none", n, delays)
	}
}

// misbehaving starts an Invoke API whose first answer is broken. All others are valid.
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

// An invalid answer that is complete is not retried: the function was executed, and would give the
// same answer again.
func TestInvalidAnswersAreNotRetried(t *testing.T) {
	good := gzipped(t, strings.NewReader(`"good"`))
	checksum := bytes.Clone(good)
	checksum[len(checksum)-8]++
	for name, tc := range map[string]struct{ head, body string }{
		"not gzip":                   {"200 OK\r\nContent-Encoding: gzip", `"a reply of some length"`},
		"a wrong checksum":           {"200 OK\r\nContent-Encoding: gzip", string(checksum)},
		"half of a gzip":             {"200 OK\r\nContent-Encoding: gzip", string(good[:len(good)/2])},
		"half of an error":           {"403 Forbidden\r\nX-Amzn-Errortype: AccessDeniedException", `{"message":"half`},
		"an error that is not JSON":  {"404 Not Found", "<html>"},
		"a switch of protocols":      {"101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x", "x"},
		"an invalid status":          {"999 X", ""},
		"a redirect":                 {"307 Temporary Redirect\r\nLocation: /", ""},
		"an answer to another range": {"206 Partial Content\r\nContent-Encoding: br", "x"},
	} {
		url, calls := misbehaving(t, func(_ *net.TCPConn, w *bufio.ReadWriter) {
			fmt.Fprintf(w, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", tc.head, len(tc.body), tc.body)
		})
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		_, err := do(t.Context(), b, &Request{})
		want := int32(1)
		if name == "an invalid status" { // it counts as a server error
			want = 2
		}
		if e, ok := err.(*Error); calls.Load() != want || want == 1 && (!ok || e.StatusCode() != http.StatusBadGateway) {
			t.Errorf("%s: got %v after %d calls, want a 502 after %d", name, err, calls.Load(), want)
		}
	}
}

// After a 101 the connection does not carry HTTP any more, so a deadline could not end a read.
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
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}).New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": stream})})
		if _, err := do(t.Context(), b, &Request{}); err == nil {
			t.Error("got a reply")
		}
	}
	close(release)
}

// A stream that breaks off before its first chunk is retried.
func TestStreamThatEndsBeforeItBegins(t *testing.T) {
	for retries, ok := range map[float64]bool{0: false, 1: true} {
		s := streamAPI(t, func() (typed, error) {
			return typed{bytesOf{strings.NewReader("all of it")}, "text/plain"}, nil
		})
		s.Fail("f", lambdatest.Cut(lambdatest.AfterHeaders))
		b, _ := newBackend(t, s, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "stream": true, "max_retries": retries})
		response, err := do(t.Context(), b, &Request{})
		if (err == nil) != ok || len(s.Calls()) != 1+int(retries) {
			t.Errorf("%v retries: got %v after %d calls", retries, err, len(s.Calls()))
		}
		if err == nil && readAll(t, response) != "all of it" {
			t.Error("got a different stream")
		}
	}
	// A malformed stream is not retried.
	url, calls := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		w.Write(bytes.Repeat([]byte{0xff}, 100))
	})
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}).New(Spec{Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": true})})
	if _, err := do(t.Context(), b, &Request{}); err == nil || *calls != 1 {
		t.Errorf("malformed: got %v after %d calls", err, *calls)
	}
}

// The same holds for a stream of an Invoker.
func TestStreamOfAnInvokerThatEndsBeforeItBegins(t *testing.T) {
	s := streamAPI(t, func() error { return nil })
	s.Fail("f", lambdatest.Cut(lambdatest.AfterHeaders).Always())
	client := lambda.New(session.Must(session.NewSession(&aws.Config{
		Region: aws.String("us-west-2"), Endpoint: aws.String(s.URL), Credentials: credentials.NewStaticCredentials(accessKey, secretKey, ""),
	})))
	b := withInvoker(&recorder{}, client).New(Spec{
		Encoding: "no-op", Settings: ns(map[string]any{"function_name": "f", "stream": true, "max_retries": 2.0}),
	})
	if _, err := do(t.Context(), b, &Request{}); err == nil || len(s.Calls()) != 3 {
		t.Errorf("got %v after %d calls", err, len(s.Calls()))
	}
}
