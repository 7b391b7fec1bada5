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

// readStream reads a stream to its end.
func readStream(s *Stream) (string, error) {
	var b strings.Builder
	for {
		piece, err := s.Next()
		if err != nil {
			return b.String(), err
		}
		b.Write(piece)
	}
}

func TestStream(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea for two"), nil }})
	r, err := InvokeStream(t.Context(), client(s.URL), &Call{Function: "f", Qualifier: "live", LogTail: true, MaxReply: 11})
	if err != nil {
		t.Fatal(err)
	}
	got, err := readStream(r.Stream)
	if got != "tea for two" || err != io.EOF || r.Status != http.StatusOK || r.ContentType != "application/octet-stream" || r.RequestID == "" || r.Header == nil || r.FunctionError != "" || r.Stream.LogResult() == "" {
		t.Errorf("got %q, %v, %+v", got, err, r)
	}
	if _, err := r.Stream.Next(); err != io.EOF {
		t.Errorf("got %v after the end", err)
	}
	if err := r.Stream.Close(); err != nil {
		t.Error(err)
	}
	if call := s.Calls()[0]; !call.Streaming || call.Qualifier != "live" || call.LogType != "Tail" {
		t.Errorf("got the call %+v", call)
	}
}

func TestErrorInAStream(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) {
		return io.MultiReader(strings.NewReader("tea"), failing{}), nil
	}})
	r, err := InvokeStream(t.Context(), client(s.URL), &Call{Function: "f"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stream.Close()
	var failure *StreamError
	if got, err := readStream(r.Stream); got != "tea" || !errors.As(err, &failure) || failure.Code == "" || strings.Contains(err.Error(), "cold") {
		t.Errorf("got %q, %v", got, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cold") }

// The SDK reports no error for a stream that was cut between two messages.
func TestStreamThatIsCut(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader(strings.Repeat("tea", 1000)), nil }})
	for _, cut := range []lambdatest.CutPoint{lambdatest.BeforeHeaders, lambdatest.WithinHeaders, lambdatest.AfterHeaders, lambdatest.WithinBody, lambdatest.BeforeComplete} {
		before := len(s.Calls())
		s.Fail("f", lambdatest.Cut(cut))
		r, err := InvokeStream(t.Context(), client(s.URL), &Call{Function: "f"})
		if err == nil {
			_, err = readStream(r.Stream)
			r.Stream.Close()
		}
		var failed *CallError
		if err == nil || err == io.EOF || !errors.Is(err, ErrCutOff) && !errors.As(err, &failed) || len(s.Calls())-before != 1 {
			t.Errorf("%v: got %v after %d calls", cut, err, len(s.Calls())-before)
		}
	}
}

func TestRefusedStream(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader(""), nil }})
	s.Fail("f", lambdatest.Throttle(7))
	_, err := InvokeStream(t.Context(), client(s.URL), &Call{Function: "f"})
	var got *CallError
	if !errors.As(err, &got) || got.Code != "TooManyRequestsException" || got.RetryAfter != "7" || len(s.Calls()) != 1 {
		t.Errorf("got %+v after %d calls", got, len(s.Calls()))
	}
}

// A function that fails before its stream reports its error as it does without one.
func TestFunctionErrorOfAStream(t *testing.T) {
	report := `{"errorType":"Tea"}`
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		w.Header().Set("X-Amzn-Requestid", "id")
		io.WriteString(w, report)
	})
	_, err := NewAttempter(client(url)).Attempt(t.Context(), &invoke.Request{Function: "f", Stream: true}, &invoke.Policy{MaxReply: 1})
	var e *invoke.Error
	if !errors.As(err, &e) || e.Kind != invoke.KindFunction || e.Code != "Unhandled" || string(e.Payload) != report || e.RequestID != "id" || e.Status != http.StatusOK {
		t.Errorf("got %#v", err)
	}
	// The SDK is not let go on with one that is cut.
	url = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, report)
	})
	if _, err = NewAttempter(client(url)).Attempt(t.Context(), &invoke.Request{Function: "f", Stream: true}, &invoke.Policy{}); !errors.As(err, &e) || e.Kind == invoke.KindFunction {
		t.Errorf("got %#v of half a report", err)
	}
}

// A damaged stream would be damaged again: it is not one that was cut.
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
		"no more than its prelude": {damaged[:12], invoke.KindTruncated},
		"nothing":                  {nil, invoke.KindTruncated},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(tc.content) })
		r, err := NewAttempter(client(url)).Attempt(t.Context(), &invoke.Request{Function: "f", Stream: true}, &invoke.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = r.Events.Next()
		r.Events.Close()
		var e *invoke.Error
		if !errors.As(err, &e) || e.Kind != tc.want {
			t.Errorf("%s: got %#v, want kind %d", name, err, tc.want)
		}
	}
}

func TestExceptionInAStream(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write(exception(t, "TeaException", `{"message":"cold"}`))
	})
	r, err := InvokeStream(t.Context(), client(url), &Call{Function: "f"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stream.Close()
	var got *CallError
	if _, err := readStream(r.Stream); !errors.As(err, &got) || got.Code != "TeaException" {
		t.Errorf("got %v", err)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(message(t, "PayloadChunk", "tea"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	r, err := InvokeStream(ctx, client(url), &Call{Function: "f"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stream.Close()
	if piece, err := r.Stream.Next(); string(piece) != "tea" || err != nil {
		t.Errorf("got %q, %v", piece, err)
	}
	cancel()
	if _, err := r.Stream.Next(); err == nil || err == io.EOF {
		t.Errorf("got %v", err)
	}
}

// Streams of one client at a time, in this version of the SDK: later ones share a decoder.
func TestConcurrentStreams(t *testing.T) {
	s := api(t, map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea"), nil }})
	c := client(s.URL)
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() {
			r, err := InvokeStream(t.Context(), c, &Call{Function: "f"})
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Stream.Close()
			if got, err := readStream(r.Stream); got != "tea" || err != io.EOF {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	calls.Wait()
}

// A fake has no stream to hand out.
type fakeStream struct{ fake }

func (fakeStream) InvokeWithResponseStream(context.Context, *lambda.InvokeWithResponseStreamInput, ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error) {
	return new(lambda.InvokeWithResponseStreamOutput), nil
}

func TestFakeStream(t *testing.T) {
	if _, err := InvokeStream(t.Context(), fakeStream{}, &Call{Function: "f"}); err == nil {
		t.Error("got a stream of a fake")
	}
}
