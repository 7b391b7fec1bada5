package backend

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// lateReader is a transport that does not read the payload, as if the server had answered early.
type lateReader struct{ bodies []io.ReadCloser }

// RoundTrip implements http.RoundTripper.
func (l *lateReader) RoundTrip(r *http.Request) (*http.Response, error) {
	l.bodies = append(l.bodies, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), ContentLength: 2}, nil
}

// A transport may still read the body of an ended call. It must not see the event of another call.
func TestLateReadsOfEvents(t *testing.T) {
	late := &lateReader{}
	sdk := testSDK{endpoint: "https://lambda.us-west-2.amazonaws.com", transport: late}
	b := NewFactory(Options{Logger: &recorder{}, SDK: sdk}).New(Spec{Method: http.MethodPost, Settings: ns(map[string]any{"function_name": "f", "payload_format": "2.0"})})
	headers := map[string][]string{"Content-Type": {"text/plain"}}
	letters := "abcdefghij"
	for _, letter := range letters {
		body := strings.Repeat(string(letter), 10<<10)
		if err := b.Invoke(t.Context(), &Request{Headers: headers, Body: io.NopCloser(strings.NewReader(body))}, decodeAll); err != nil {
			t.Fatal(err)
		}
	}
	for i, body := range late.bodies {
		event, err := io.ReadAll(body)
		if err != nil || !bytes.Contains(event, bytes.Repeat([]byte{letters[i]}, 10<<10)) {
			t.Errorf("call %d: got %v and %.200s", i, err, event)
		}
		body.Close()
	}
}

func decodeAll(r *http.Response) error {
	_, err := io.Copy(io.Discard, r.Body)
	return err
}

// The read of a stalled body goes on after the call has ended. It must not change the body of another
// call.
func TestLateBodies(t *testing.T) {
	stalled := make([]*io.PipeWriter, 20)
	for i := range stalled {
		var body *io.PipeReader
		body, stalled[i] = io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := readBody(ctx, body, maxPayload); err == nil {
			t.Fatal("got a body, want an error: it has not arrived")
		}
	}
	var calls sync.WaitGroup
	for i, w := range stalled {
		calls.Go(func() {
			io.WriteString(w, "late")
			w.Close()
		})
		calls.Go(func() {
			want := strings.Repeat(string(rune('a'+i)), 1+i*500)
			if got, err := readBody(t.Context(), io.NopCloser(strings.NewReader(want)), maxPayload); err != nil || string(got.Bytes()) != want {
				t.Errorf("got %.20q, %v; want %.20q", got.Bytes(), err, want)
			}
		})
	}
	calls.Wait()
}
