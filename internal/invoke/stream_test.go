package invoke

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// streams returns a step that answers with an event stream.
func streams(stream string, header ...string) step {
	return func(*http.Request) (*http.Response, error) {
		a := answer(200, stream, append([]string{"Content-Type", "text/plain", "X-Amzn-Requestid", "1", "X-Amz-Executed-Version", "7"}, header...)...)
		a.ContentLength = -1
		return a, nil
	}
}

// Events returns the chunks of a stream, and then io.EOF or the reason why it ended.
func TestEvents(t *testing.T) {
	tea, done := encodedChunk(t, "tea"), encodedComplete(t, `{}`)
	for _, tc := range []struct {
		name, stream string
		limit        int64
		chunks, log  string
		kind         Kind
		text         string // of the error; empty for a complete stream
		attempts     int    // if no chunk was returned
	}{
		{name: "whole", stream: tea + tea + done, chunks: "teatea"},
		{name: "empty chunks", stream: encodedChunk(t, "") + tea + encodedChunk(t, "") + done, chunks: "tea"},
		{name: "nothing", stream: done},
		{name: "a log", stream: tea + encodedComplete(t, `{"LogResult":"bG9n"}`), chunks: "tea", log: "bG9n"},
		{name: "at the limit", stream: tea + done, limit: 3, chunks: "tea"},
		{name: "beyond the limit", stream: tea + tea + done, limit: 5, chunks: "tea", kind: KindLimit, text: "it has more than 5 bytes", attempts: 1},
		{
			name: "a function's error", stream: tea + encodedComplete(t, `{"ErrorCode":"Unhandled","ErrorDetails":"{}","LogResult":"bG9n"}`),
			chunks: "tea", log: "bG9n", kind: KindFunction, text: "the function failed: Unhandled", attempts: 1,
		},
		{name: "no end", stream: tea, chunks: "tea", kind: KindTruncated, text: "the stream ended before InvokeComplete", attempts: 2},
		{name: "cut within a message", stream: tea + tea[:20], chunks: "tea", kind: KindTruncated, text: "the stream ended before InvokeComplete", attempts: 2},
		{name: "damage", stream: tea + strings.Repeat("\xff", 100), chunks: "tea", kind: KindMalformed, text: "damaged event stream: wrong checksum of a prelude", attempts: 1},
		{
			name: "an exception that is retried", stream: encoded(t, `{"message":"no"}`, ":message-type", "exception", ":exception-type", "TooManyRequestsException"),
			kind: KindAPI, text: "TooManyRequestsException: no", attempts: 2,
		},
		{
			name: "an unknown exception", stream: encoded(t, `{"message":"no"}`, ":message-type", "exception", ":exception-type", "SomethingNew"),
			kind: KindAPI, text: "SomethingNew: no", attempts: 1,
		},
		{
			name: "an exception without a status", stream: encoded(t, `{"message":"no"}`, ":message-type", "exception", ":exception-type", "ServiceException"),
			kind: KindAPI, text: "ServiceException: no", attempts: 2,
		},
		{name: "an error", stream: encoded(t, "", ":message-type", "error", ":error-code", "InternalError", ":error-message", "later"), kind: KindAPI, text: "InternalError: later", attempts: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(streams(tc.stream))
			p := &Policy{MaxRetries: 1, MaxReply: tc.limit}
			var chunks, log string
			err := w.client(t).Invoke(t.Context(), &Request{Function: "f", Stream: true}, p, func(r *Response) error {
				defer r.Events.Close()
				chunks = ""
				if r.Header.Get("Content-Type") != "text/plain" || r.Status != http.StatusOK || r.RequestID != "1" || r.ExecutedVersion != "7" || r.Payload != nil || r.Rest != nil {
					t.Errorf("got %+v", r)
				}
				for {
					chunk, tail, err := r.Events.Next()
					chunks += string(chunk)
					if err == nil {
						continue
					}
					log = tail
					if _, _, again := r.Events.Next(); again != err {
						t.Errorf("then got %v", again)
					}
					if err == io.EOF {
						return nil
					}
					return err
				}
			})
			if chunks != tc.chunks || log != tc.log {
				t.Errorf("got %q and the log %q, want %q and %q", chunks, log, tc.chunks, tc.log)
			}
			if tc.text == "" {
				if err != nil || len(w.attempts) != 1 {
					t.Errorf("got %v after %d attempts", err, len(w.attempts))
				}
				return
			}
			if e := errorOf(t, err); e.Kind != tc.kind || e.Error() != tc.text || len(w.attempts) != tc.attempts || e.LogResult != "" || e.RequestID != "1" || e.Header == nil {
				t.Errorf("got %+v, %v after %d attempts, want %d", e, e, len(w.attempts), tc.attempts)
			}
		})
	}
}

// A stream with X-Amz-Function-Error is a function's error, without events.
func TestStreamOfAFunctionError(t *testing.T) {
	w := newWorld(streams(`{"errorType":"T"}`, "X-Amz-Function-Error", "Unhandled"))
	err := w.client(t).Invoke(t.Context(), &Request{Function: "f", Stream: true}, all(), func(*Response) error {
		t.Error("got a reply")
		return nil
	})
	if e := errorOf(t, err); e.Kind != KindFunction || e.Code != "Unhandled" || string(e.Payload) != `{"errorType":"T"}` {
		t.Errorf("got %+v", e)
	}
}

// The end of the context ends an unread stream. Close can be called twice.
func TestStreamEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, wr := io.Pipe()
	w := newWorld(func(*http.Request) (*http.Response, error) {
		a := answer(200, "")
		a.ContentLength, a.Body = -1, r
		return a, nil
	})
	var events Events
	err := w.client(t).Invoke(ctx, &Request{Function: "f", Stream: true}, all(), func(r *Response) error {
		events = r.Events
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.WriteString(wr, encodedChunk(t, "tea")); err != io.ErrClosedPipe {
		t.Errorf("got %v, want a closed stream", err)
	}
	_, _, err = events.Next()
	if e := errorOf(t, err); e.Kind != KindEnded || !errors.Is(err, context.Canceled) || e.Progress != "while the function wrote its reply" {
		t.Errorf("got %+v", e)
	}
	if err := errors.Join(events.Close(), events.Close()); err != nil {
		t.Error(err)
	}
}

// The connection of a complete stream can be reused. If the answer does not end there, Close does not
// wait for long.
func TestStreamIsReadToItsEnd(t *testing.T) {
	for tail, want := range map[string]int{"": 0, "xx": 2} {
		source := &countedBody{Reader: strings.NewReader(encodedComplete(t, "{}") + tail)}
		before := source.Reader.(*strings.Reader).Len() - len(tail)
		e := newEvents(t.Context(), &Body{body: source}, 0)
		if _, _, err := e.Next(); err != io.EOF || source.read-before != want || !source.closed {
			t.Errorf("%q: got %v after %d more bytes, closed: %t", tail, err, source.read-before, source.closed)
		}
		e.Close()
	}
}

// The client treats errors and responses of an Attempter like its own.
func TestAttempter(t *testing.T) {
	bad := errors.New("bad")
	for _, tc := range []struct {
		name  string
		err   error
		kind  Kind
		calls int
	}{
		{"an *Error", &Error{Kind: KindAPI, Status: 403, Code: "AccessDeniedException"}, KindAPI, 1},
		{"a throttle", &Error{Kind: KindAPI, Status: 429}, KindAPI, 3},
		{"another error", bad, KindConnection, 3},
		{"nothing was sent", &Error{Kind: KindInternal, Message: "no stream"}, KindInternal, 1},
	} {
		n := 0
		c := NewWith(attempterFunc(func(_ context.Context, r *Request, p *Policy) (*Response, error) {
			n++
			if r.Function != "f" || p.MaxReply != maxReply {
				t.Errorf("got %+v, %+v", r, p)
			}
			return nil, tc.err
		}), Target{MaxRetries: 2, Sleep: func(context.Context, time.Duration) error { return nil }})
		_, err := invoke(t.Context(), c, all())
		if e := errorOf(t, err); e.Kind != tc.kind || n != tc.calls || e.Attempts != n {
			t.Errorf("%s: got %+v after %d calls", tc.name, e, n)
		}
	}
	c := NewWith(attempterFunc(func(context.Context, *Request, *Policy) (*Response, error) {
		return &Response{Payload: []byte("tea")}, nil
	}), Target{})
	if reply, err := invoke(t.Context(), c, all()); reply != "tea" || err != nil {
		t.Errorf("got %q, %v", reply, err)
	}
}

type attempterFunc func(context.Context, *Request, *Policy) (*Response, error)

// Attempt implements Attempter.
func (f attempterFunc) Attempt(ctx context.Context, r *Request, p *Policy) (*Response, error) {
	return f(ctx, r, p)
}
