package sdkv1

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// streamed is the result of a stream.
type streamed struct {
	chunks string // each one after a bar
	log    string
	err    error
}

// read reads a stream to its end and closes it.
func read(t *testing.T, events invoke.Events) (got streamed) {
	t.Helper()
	for {
		payload, log, err := events.Next()
		if err != nil {
			got.log, got.err = log, err
			if _, _, again := events.Next(); again != err {
				t.Errorf("got %v, and again %v", err, again)
			}
			_ = events.Close() // returns the stream's error again
			return got
		}
		got.chunks += "|" + string(payload)
	}
}

// stream makes one attempt of a stream.
func stream(ctx context.Context, i Invoker, limit int64) (*invoke.Response, *invoke.Error) {
	return attempt(ctx, i, &invoke.Request{Function: "f", Stream: true, LogTail: true, TraceID: "Root=1"}, &invoke.Policy{MaxReply: limit})
}

// withoutOptions is an Invoker that drops options.
type withoutOptions struct{ *lambda.Lambda }

func (i withoutOptions) InvokeWithResponseStreamWithContext(ctx aws.Context, in *lambda.InvokeWithResponseStreamInput, _ ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error) {
	return i.Lambda.InvokeWithResponseStreamWithContext(ctx, in)
}

func TestStream(t *testing.T) {
	var handler func() (io.Reader, error)
	s := lambdatest.NewServer(map[string]any{"f": func() (io.Reader, error) { return handler() }})
	t.Cleanup(s.Close)
	svc := lambda.New(testSession(t, s.URL))
	tea := func() (io.Reader, error) { return iotest.OneByteReader(strings.NewReader("tea")), nil }
	for _, tc := range []struct {
		name    string
		handler func() (io.Reader, error)
		fault   lambdatest.Fault
		limit   int64
		chunks  string
		kind    invoke.Kind // of the error; -1 means no error
		code    string
	}{
		{"chunks", tea, lambdatest.Fault{}, 0, "|t|e|a", -1, ""},
		{"at the limit", tea, lambdatest.Fault{}, 3, "|t|e|a", -1, ""},
		{"one byte more", tea, lambdatest.Fault{}, 2, "|t|e", invoke.KindLimit, ""},
		{"nothing", func() (io.Reader, error) { return strings.NewReader(""), nil }, lambdatest.Fault{}, 0, "", -1, ""},
		{"a function error within", func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader("tea"), iotest.ErrReader(errors.New("spilt"))), nil
		}, lambdatest.Fault{}, 0, "|tea", invoke.KindFunction, "Unhandled"},
		{"cut between messages", tea, lambdatest.Cut(lambdatest.BeforeComplete), 0, "|t|e|a", invoke.KindTruncated, ""},
		{"cut within", tea, lambdatest.Cut(lambdatest.WithinBody), 0, "|t", invoke.KindTruncated, ""},
		{"cut at the start", tea, lambdatest.Cut(lambdatest.AfterHeaders), 0, "", invoke.KindTruncated, ""},
	} {
		for how, i := range map[string]Invoker{"the client": svc, "one without options": withoutOptions{svc}} {
			handler = tc.handler
			s.Reset()
			s.Fail("f", tc.fault)
			response, err := stream(t.Context(), i, tc.limit)
			if err != nil {
				t.Errorf("%s, %s: got %v", tc.name, how, err)
				continue
			}
			got := read(t, response.Events)
			if response.Header.Get("Content-Type") != "application/octet-stream" || response.Status != http.StatusOK || response.Payload != nil || response.Rest != nil {
				t.Errorf("%s, %s: got %+v", tc.name, how, response)
			}
			call := s.Calls()[0]
			if told := how == "the client"; (response.RequestID == call.RequestID) != told || (call.Header.Get("X-Amzn-Trace-Id") == "Root=1") != told || (call.Header.Get("Accept-Encoding") == "identity") != told {
				t.Errorf("%s, %s: got the request id %q and the call %v", tc.name, how, response.RequestID, call.Header)
			}
			var e *invoke.Error
			if isError := errors.As(got.err, &e); got.chunks != tc.chunks || isError != (tc.kind >= 0) || isError && (e.Kind != tc.kind || e.Code != tc.code) || !isError && got.err != io.EOF {
				t.Errorf("%s, %s: got %q, %v, want %q, kind %d", tc.name, how, got.chunks, got.err, tc.chunks, tc.kind)
			}
			if done := tc.kind < 0 || tc.kind == invoke.KindFunction; (got.log != "") != done {
				t.Errorf("%s, %s: got the log %q", tc.name, how, got.log)
			}
			if tc.kind == invoke.KindFunction && string(e.Payload) != `{"errorMessage":"spilt","errorType":"errorString"}` {
				t.Errorf("%s, %s: got %s", tc.name, how, e.Payload)
			}
		}
	}
}

// answering starts an API that gives each call the same answer.
func answering(t *testing.T, h http.HandlerFunc) *lambda.Lambda {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return lambda.New(testSession(t, s.URL))
}

// Streams with errors, and broken streams.
func TestStreamsThatFail(t *testing.T) {
	errorMessage := func() string {
		headers := append(stringHeader(":message-type", "error"), stringHeader(":error-code", "InternalError")...)
		return string(message(append(headers, stringHeader(":error-message", "try later")...), ""))
	}()
	damaged := message(nil, "x")
	damaged[len(damaged)-1]++
	for name, tc := range map[string]struct {
		stream        string
		kind          invoke.Kind
		code, message string
	}{
		"an exception":               {exceptionOf("ServiceException", `{"message":"spilt"}`), invoke.KindAPI, "ServiceException", "spilt"},
		"an unknown exception":       {exceptionOf("NeverSeen", `{"Message":"spilt"}`), invoke.KindAPI, "NeverSeen", "spilt"},
		"an error":                   {errorMessage, invoke.KindAPI, "InternalError", "try later"},
		"a header of unknown type":   {string(message([]byte("\x01a\x63"), "")), invoke.KindMalformed, "", "SerializationError: " + `"` + errFraming.Error() + `"`},
		"a wrong checksum":           {string(damaged), invoke.KindMalformed, "", ""},
		"a message without its type": {string(message(nil, "x")), invoke.KindMalformed, "", ""},
		"nothing more":               {"", invoke.KindTruncated, "", ""},
		"half of a message":          {string(chunk("tea"))[:20], invoke.KindTruncated, "", ""},
	} {
		svc := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Write(chunk(""))
			w.Write(chunk("tea"))
			io.WriteString(w, tc.stream)
		})
		response, err := stream(t.Context(), svc, 0)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := read(t, response.Events)
		var e *invoke.Error
		if !errors.As(got.err, &e) || got.chunks != "|tea" || e.Kind != tc.kind || e.Code != tc.code || tc.kind == invoke.KindAPI && e.Message != tc.message {
			t.Errorf("%s: got %q, %#v", name, got.chunks, got.err)
		}
		if strings.Contains(fmt.Sprint(got.err), "[") { // a dump of bytes
			t.Errorf("%s: got %v", name, got.err)
		}
	}
}

// A refused stream is an ordinary error.
func TestStreamsThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(w http.ResponseWriter)
		kind   invoke.Kind
		want   string
	}{
		"an error of AWS": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, invoke.KindAPI, "TooManyRequestsException"},
		"a function's error": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.WriteString(w, `{"errorType":"Spilt"}`)
		}, invoke.KindFunction, "Unhandled"},
		"a function's error beyond the limit": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.Copy(w, io.LimitReader(endless{}, 7<<20))
		}, invoke.KindLimit, ""},
	} {
		svc := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Requestid", "id")
			tc.answer(w)
		})
		_, err := stream(t.Context(), svc, 0)
		if err == nil || err.Kind != tc.kind || err.Code != tc.want || err.RequestID != "id" || err.Header == nil {
			t.Errorf("%s: got %#v", name, err)
			continue
		}
		if name == "a function's error" && string(err.Payload) != `{"errorType":"Spilt"}` {
			t.Errorf("got the payload %s", err.Payload)
		}
		if err.Kind == invoke.KindAPI && err.RetryAfter != "7" {
			t.Errorf("got Retry-After %q", err.RetryAfter)
		}
	}
}

// Streams arrive unchanged: they are not decompressed.
func TestStreamIsNotUnzipped(t *testing.T) {
	svc := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("got Accept-Encoding %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write(chunk("tea"))
		z.Close()
	})
	response, err := stream(t.Context(), svc, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, response.Events); got.chunks != "" || got.err == io.EOF {
		t.Errorf("got %q, %v", got.chunks, got.err)
	}
}

// A stream ends when its context ends, or when its reader closes it.
func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(cancel context.CancelFunc, events invoke.Events){
		"context": func(cancel context.CancelFunc, _ invoke.Events) { cancel() },
		"reader":  func(_ context.CancelFunc, events invoke.Events) { events.Close() },
	} {
		gone := make(chan struct{})
		svc := answering(t, func(w http.ResponseWriter, r *http.Request) {
			w.Write(chunk("tea"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			close(gone)
		})
		ctx, cancel := context.WithCancel(t.Context())
		response, err := stream(ctx, svc, 0)
		if err != nil {
			t.Fatal(err)
		}
		if payload, _, err := response.Events.Next(); string(payload) != "tea" || err != nil {
			t.Errorf("%s: got %q, %v", name, payload, err)
		}
		end(cancel, response.Events)
		<-gone
		_, _, after := response.Events.Next()
		var e *invoke.Error
		if !errors.As(after, &e) || name == "context" && (e.Kind != invoke.KindEnded || !errors.Is(after, context.Canceled)) {
			t.Errorf("%s: got %#v", name, after)
		}
		response.Events.Close()
		cancel()
	}
}
