package sdkv2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// stream makes one attempt of a stream.
func stream(ctx context.Context, i Invoker, limit int64) (*invoke.Response, *invoke.Error) {
	return attempt(ctx, i, &invoke.Request{Function: "f", Stream: true, LogTail: true}, &invoke.Policy{MaxReply: limit})
}

// read reads a stream to its end and closes it.
func read(t *testing.T, events invoke.Events) (got, log string, err error) {
	t.Helper()
	for {
		payload, log, err := events.Next()
		if err != nil {
			if _, _, again := events.Next(); again != err {
				t.Errorf("got %v, and again %v", err, again)
			}
			events.Close()
			return got, log, err
		}
		got += string(payload)
	}
}

func TestStream(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea for two"), nil }})
	for how, i := range map[string]Invoker{"the client": client(s.URL), "one without options": withoutOptions{client(s.URL)}} {
		s.Reset()
		r, failed := attempt(t.Context(), i, &invoke.Request{Function: "f", Qualifier: "live", LogTail: true, Stream: true}, &invoke.Policy{MaxReply: 11})
		if failed != nil {
			t.Fatal(failed)
		}
		got, log, err := read(t, r.Events)
		if got != "tea for two" || err != io.EOF || r.Header.Get("Content-Type") != "application/octet-stream" || r.Status != http.StatusOK || r.RequestID == "" || r.Header.Get("X-Amzn-Requestid") != r.RequestID || log == "" {
			t.Errorf("%s: got %q, %v, %+v", how, got, err, r)
		}
		if call := s.Calls()[0]; !call.Streaming || call.Qualifier != "live" || call.LogType != "Tail" {
			t.Errorf("%s: got the call %+v", how, call)
		}
	}
}

func TestErrorInAStream(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) {
		return io.MultiReader(strings.NewReader("tea"), failing{}), nil
	}})
	r, failed := stream(t.Context(), client(s.URL), 0)
	if failed != nil {
		t.Fatal(failed)
	}
	var e *invoke.Error
	if got, log, err := read(t, r.Events); got != "tea" || log == "" || !errors.As(err, &e) || e.Kind != invoke.KindFunction || e.Code == "" || !strings.Contains(string(e.Payload), "cold") || strings.Contains(err.Error(), "cold") {
		t.Errorf("got %q, %v", got, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cold") }

// The SDK does not report an error for a stream that breaks off between two messages.
func TestStreamThatIsCut(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader(strings.Repeat("tea", 1000)), nil }})
	for cut, want := range map[lambdatest.CutPoint]invoke.Kind{
		lambdatest.BeforeHeaders: invoke.KindConnection, lambdatest.WithinHeaders: invoke.KindConnection,
		lambdatest.AfterHeaders: invoke.KindTruncated, lambdatest.WithinBody: invoke.KindTruncated, lambdatest.BeforeComplete: invoke.KindTruncated,
	} {
		for how, i := range map[string]Invoker{"the client": client(s.URL), "one without options": withoutOptions{client(s.URL)}} {
			s.Reset()
			s.Fail("f", lambdatest.Cut(cut))
			r, err := stream(t.Context(), i, 0)
			if err == nil {
				_, _, failed := read(t, r.Events)
				errors.As(failed, &err)
			}
			if err == nil || err.Kind != want || len(s.Calls()) != 1 {
				t.Errorf("%v, %s: got %#v after %d calls", cut, how, err, len(s.Calls()))
			}
		}
	}
}

func TestRefusedStream(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader(""), nil }})
	s.Fail("f", lambdatest.Throttle(7))
	_, got := stream(t.Context(), client(s.URL), 0)
	if got == nil || got.Kind != invoke.KindAPI || got.Code != "TooManyRequestsException" || got.RetryAfter != "7" || len(s.Calls()) != 1 {
		t.Errorf("got %#v after %d calls", got, len(s.Calls()))
	}
}

// A function that fails before its stream has the same error as without a stream.
func TestFunctionErrorOfAStream(t *testing.T) {
	report := `{"errorType":"Tea"}`
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		w.Header().Set("X-Amz-Log-Result", "bG9n")
		w.Header().Set("X-Amzn-Requestid", "id")
		io.WriteString(w, report)
	})
	_, e := stream(t.Context(), client(url), 1)
	if e == nil || e.Kind != invoke.KindFunction || e.Code != "Unhandled" || string(e.Payload) != report || e.RequestID != "id" || e.Status != http.StatusOK || e.LogResult != "bG9n" || e.Header == nil {
		t.Errorf("got %#v", e)
	}
	// An incomplete report is an error.
	url = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, report)
	})
	if _, e = stream(t.Context(), client(url), 0); e == nil || e.Kind != invoke.KindTruncated {
		t.Errorf("got %#v for half a report", e)
	}
}

// A damaged stream is not retried like one that breaks off.
func TestDamagedStreams(t *testing.T) {
	damaged := message(t, "PayloadChunk", "tea")
	damaged[len(damaged)-1]++
	for name, tc := range map[string]struct {
		content []byte
		want    invoke.Kind
	}{
		"a wrong checksum":         {damaged, invoke.KindMalformed},
		"a message without a type": {encode(t, nil, "tea"), invoke.KindMalformed},
		"half of a message":        {damaged[:20], invoke.KindTruncated},
		"only the prelude":         {damaged[:12], invoke.KindTruncated},
		"nothing":                  {nil, invoke.KindTruncated},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(tc.content) })
		r, failed := stream(t.Context(), client(url), 0)
		if failed != nil {
			t.Fatal(failed)
		}
		_, _, err := read(t, r.Events)
		var e *invoke.Error
		if !errors.As(err, &e) || e.Kind != tc.want {
			t.Errorf("%s: got %#v, want kind %d", name, err, tc.want)
		}
	}
}

// An exception ends a stream with AWS's code and message, even if the SDK does not know its type.
func TestExceptionInAStream(t *testing.T) {
	for name, tc := range map[string]struct {
		frame         []byte
		code, message string
	}{
		"a new type":       {exception(t, "TeaException", `{"message":"cold"}`), "TeaException", "cold"},
		"a known type":     {exception(t, "ServiceException", `{"Message":"cold"}`), "ServiceException", "cold"},
		"an error message": {encode(t, map[string]string{":message-type": "error", ":error-code": "InternalError", ":error-message": "try later"}, ""), "InternalError", "try later"},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Write(message(t, "PayloadChunk", "tea"))
			w.Write(tc.frame)
		})
		r, failed := stream(t.Context(), client(url), 0)
		if failed != nil {
			t.Fatal(failed)
		}
		var e *invoke.Error
		if got, _, err := read(t, r.Events); got != "tea" || !errors.As(err, &e) || e.Kind != invoke.KindAPI || e.Code != tc.code || e.Message != tc.message {
			t.Errorf("%s: got %q, %#v", name, got, err)
		}
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(message(t, "PayloadChunk", "tea"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	r, failed := stream(ctx, client(url), 0)
	if failed != nil {
		t.Fatal(failed)
	}
	if piece, _, err := r.Events.Next(); string(piece) != "tea" || err != nil {
		t.Errorf("got %q, %v", piece, err)
	}
	cancel()
	var e *invoke.Error
	if _, _, err := read(t, r.Events); !errors.As(err, &e) || e.Kind != invoke.KindEnded {
		t.Errorf("got %v", err)
	}
}

// Concurrent streams of one client do not mix.
func TestConcurrentStreams(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea"), nil }})
	c := client(s.URL)
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() {
			r, failed := stream(t.Context(), c, 0)
			if failed != nil {
				t.Error(failed)
				return
			}
			if got, _, err := read(t, r.Events); got != "tea" || err != io.EOF {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	calls.Wait()
}

// fakeStream is a fake that returns no stream.
type fakeStream struct{ fake }

func (fakeStream) InvokeWithResponseStream(context.Context, *lambda.InvokeWithResponseStreamInput, ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error) {
	return new(lambda.InvokeWithResponseStreamOutput), nil
}

func TestInvokersThatCannotStream(t *testing.T) {
	for want, i := range map[string]Invoker{
		"the Invoker cannot stream":                          fake(nil),
		"the Invoker returned neither a stream nor an error": fakeStream{},
	} {
		if _, err := stream(t.Context(), i, 0); err == nil || err.Kind != invoke.KindInternal || err.Message != want {
			t.Errorf("got %#v, want %s", err, want)
		}
	}
}
