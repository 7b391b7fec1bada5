package invoke

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// countedBody counts the bytes that are read from it.
type countedBody struct {
	io.Reader
	read   int
	closed bool
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *countedBody) Close() error { b.closed = true; return nil }

// A body returns at most limit bytes, reads at most one byte more, and then fails for good.
func TestBody(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 9: true, 10: true, 11: false, 100: false} {
		for _, buffer := range []int{1, 4, 10, 11, 64} {
			source := &countedBody{Reader: strings.NewReader(strings.Repeat("x", size))}
			b := &Body{body: source, limit: 10}
			var got bytes.Buffer
			_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{b}, make([]byte, buffer))
			failure := b.Failure()
			if got.Len() != min(size, 10) || source.read > 11 || (err == nil) != ok || source.closed == ok {
				t.Errorf("%d bytes in steps of %d: got %d of %d read, %v, closed: %t", size, buffer, got.Len(), source.read, err, source.closed)
			}
			if (failure == nil) != ok || !ok && (failure.Kind != KindLimit || failure.Err != err || err.Error() != "it has more than 10 bytes") {
				t.Errorf("%d bytes in steps of %d: got %+v", size, buffer, failure)
			}
			if n, again := b.Read(make([]byte, buffer)); !ok && (n != 0 || again != err) {
				t.Errorf("%d bytes in steps of %d: then got %d, %v", size, buffer, n, again)
			}
		}
	}
	b := &Body{body: &countedBody{Reader: io.LimitReader(spaces{}, 1<<20)}}
	if n, err := io.Copy(io.Discard, b); n != 1<<20 || err != nil || b.Failure() != nil {
		t.Errorf("without a limit: got %d bytes, %v", n, err)
	}
	b = &Body{body: io.NopCloser(&brokenBody{"some", func() {}, errReset}), limit: 10}
	if got, err := io.ReadAll(b); string(got) != "some" || err != errReset || b.Failure().Kind != KindTruncated || b.Failure().Err != errReset {
		t.Errorf("broken: got %q, %v, %+v", got, err, b.Failure())
	}
}

// Errors and reports of a function have Lambda's limit, for any limit of replies. Streams are limited
// elsewhere.
func TestLimits(t *testing.T) {
	const endless = -1
	many := make([]string, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprint("X-", i), strings.Repeat("x", 1000))
	}
	for _, tc := range []struct {
		name   string
		status int
		size   int // of the body, in bytes
		said   int // Content-Length; -1 means none
		header []string
		stream bool
		want   Kind   // of the error
		text   string // of the error; empty means a reply
	}{
		{name: "at the limit", status: 200, size: 10, said: 10},
		{name: "at the limit, unannounced", status: 200, size: 10, said: -1},
		{name: "one byte more", status: 200, size: 11, said: 11, want: KindLimit, text: "it has more than 10 bytes"},
		{name: "one more, unannounced", status: 200, size: 11, said: -1, want: KindLimit, text: "it has more than 10 bytes"},
		{name: "no end", status: 200, size: endless, said: -1, want: KindLimit, text: "it has more than 10 bytes"},
		{name: "an announced length above the limit", status: 200, size: 1, said: 1 << 40, want: KindLimit, text: "it has more than 10 bytes"},
		{name: "a long error", status: 403, size: 1000, said: 1000, want: KindAPI, text: "call failed"},
		{name: "an error without an end", status: 500, size: endless, said: -1, want: KindLimit, text: "it has more than 6291556 bytes"},
		{name: "a redirect without an end", status: 300, size: endless, said: -1, want: KindLimit, text: "it has more than 6291556 bytes"},
		{name: "a long report", status: 200, size: 1000, said: 1000, header: []string{"X-Amz-Function-Error", "Unhandled"}, want: KindFunction, text: "the function failed: Unhandled"},
		{name: "a report without an end", status: 200, size: endless, said: -1, header: []string{"X-Amz-Function-Error", "Unhandled"}, want: KindLimit, text: "it has more than 6291556 bytes"},
		{name: "an accepted call without an end", status: 202, size: endless, said: -1, want: KindLimit, text: "it has more than 10 bytes"},
		{name: "a stream's error without an end", status: 403, size: endless, said: -1, stream: true, want: KindLimit, text: "it has more than 6291556 bytes"},
		{name: "large headers", status: 200, size: 1, said: 1, header: many, want: KindLimit, text: "its headers have 103639 bytes; the limit is 65536"},
		{name: "large headers of a stream", status: 200, size: 1, said: 1, header: many, stream: true, want: KindLimit, text: "its headers have 103639 bytes; the limit is 65536"},
		{name: "another protocol", status: 101, size: endless, said: -1, want: KindLimit, text: "it switches to another protocol"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			source := &countedBody{Reader: io.LimitReader(spaces{}, int64(tc.size))}
			if tc.size == endless {
				source.Reader = spaces{}
			}
			w := newWorld(func(*http.Request) (*http.Response, error) {
				a := answer(tc.status, "", append(tc.header, "X-Amzn-Requestid", "1")...)
				a.ContentLength, a.Body = int64(tc.said), source
				return a, nil
			})
			p := all()
			p.MaxReply = 10
			reply, err := send(t.Context(), w.client(t), p, &Request{Function: "f", Stream: tc.stream})
			if !source.closed || len(w.attempts) != 1 || source.read > maxReply+1 {
				t.Errorf("closed: %t after %d bytes and %d attempts", source.closed, source.read, len(w.attempts))
			}
			if tc.text == "" {
				if err != nil || len(reply) != tc.size {
					t.Errorf("got %d bytes, %v", len(reply), err)
				}
				return
			}
			if e := errorOf(t, err); e.Kind != tc.want || e.Error() != tc.text || e.Status != tc.status || e.RequestID != "1" || e.Header == nil {
				t.Errorf("got %+v, %v", e, e)
			}
		})
	}
}

// A custom transport may return a nil body, or a nil response and no error.
func TestOddTransports(t *testing.T) {
	w := newWorld(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: make(http.Header)}, nil
	})
	if reply, err := invoke(t.Context(), w.client(t), all()); reply != "" || err != nil {
		t.Errorf("got %q, %v", reply, err)
	}
	w = newWorld(func(*http.Request) (*http.Response, error) { return nil, nil })
	_, err := invoke(t.Context(), w.client(t), all())
	if e := errorOf(t, err); e.Kind != KindConnection || e.Error() != "the transport returned neither a response nor an error" {
		t.Errorf("got %+v", e)
	}
}

// A call reads as much of a reply as the policy says. Rest has the remaining part.
func TestPeek(t *testing.T) {
	for _, tc := range []struct {
		name    string
		size    int
		peek    int
		decodes bool
		header  []string
		said    bool // Content-Length
		prefix  int
		rest    bool
	}{
		{name: "all of it", size: 10_000, prefix: 10_000},
		{name: "shorter", size: 99, peek: 100, prefix: 99},
		{name: "as long", size: 100, peek: 100, prefix: 100, rest: true}, // more bytes may follow
		{name: "as long, announced", size: 100, peek: 100, said: true, prefix: 100},
		{name: "longer", size: 101, peek: 100, prefix: 100, rest: true},
		{name: "longer, announced", size: 101, peek: 100, said: true, prefix: 100, rest: true},
		{name: "much longer", size: 1 << 20, peek: 64 << 10, prefix: 64 << 10, rest: true},
		{name: "decoded", size: 10_000, peek: 100, decodes: true, prefix: 100, rest: true},
		{name: "compressed, for a client", size: 10_000, peek: 100, header: []string{"Content-Encoding", "gzip"}, prefix: 100, rest: true},
		{name: "compressed, and decoded", size: 10_000, peek: 100, decodes: true, header: []string{"Content-Encoding", "gzip"}, prefix: 10_000},
		{name: "an identity encoding", size: 10_000, peek: 100, decodes: true, header: []string{"Content-Encoding", "identity"}, prefix: 100, rest: true},
	} {
		w := newWorld(func(*http.Request) (*http.Response, error) {
			a := answer(200, strings.Repeat("x", tc.size), tc.header...)
			if !tc.said {
				a.ContentLength = -1
			}
			return a, nil
		})
		p := all()
		p.Peek, p.Decodes = tc.peek, tc.decodes
		err := w.client(t).Invoke(t.Context(), &Request{Function: "f"}, p, func(r *Response) error {
			if len(r.Payload) != tc.prefix || (r.Rest != nil) != tc.rest {
				t.Errorf("%s: got %d bytes, with a rest: %t", tc.name, len(r.Payload), r.Rest != nil)
			}
			if r.Rest == nil {
				return nil
			}
			rest, err := io.ReadAll(r.Rest)
			if err != nil || len(r.Payload)+len(rest) != tc.size {
				t.Errorf("%s: got %d bytes more, %v", tc.name, len(rest), err)
			}
			return r.Rest.Close()
		})
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}

	// After white space, the reply may still be empty.
	w := newWorld(func(*http.Request) (*http.Response, error) {
		a := answer(200, strings.Repeat(" \n", 5000)+"null")
		a.ContentLength = -1
		return a, nil
	})
	p := all()
	p.Peek, p.Decodes = 100, true
	err := w.client(t).Invoke(t.Context(), &Request{Function: "f"}, p, func(r *Response) error {
		if len(r.Payload) != 10_004 || r.Rest != nil {
			t.Errorf("white space: got %d bytes, with a rest: %t", len(r.Payload), r.Rest != nil)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The call of a reply that breaks off is retried, unless a client already has a part of it.
func TestCutReply(t *testing.T) {
	cut := func(*http.Request) (*http.Response, error) {
		a := answer(200, "", "X-Amzn-Requestid", "1")
		a.ContentLength, a.Body = -1, &brokenBody{strings.Repeat("x", 1000), func() {}, io.ErrUnexpectedEOF}
		return a, nil
	}
	for _, tc := range []struct {
		name       string
		peek       int
		decodes    bool
		maxRetries int
		want       int
		begun      bool
	}{
		{"whole", 0, false, 1, 2, false},
		{"before a client has a part", 2000, false, 1, 2, false},
		{"after a client has a part", 100, false, 1, 1, true},
		{"while it is decoded", 100, true, 1, 2, true},
		{"while it is decoded, without retries", 100, true, 0, 1, true},
	} {
		for _, heals := range []bool{true, false} {
			steps := []step{cut, good}
			if !heals {
				steps = steps[:1]
			}
			w := newWorld(steps...)
			p := &Policy{MaxRetries: tc.maxRetries, MaxReply: maxReply, Peek: tc.peek, Decodes: tc.decodes}
			reply, err := invoke(t.Context(), w.client(t), p)
			if len(w.attempts) != tc.want {
				t.Errorf("%s: got %d attempts, want %d", tc.name, len(w.attempts), tc.want)
			}
			if heals && tc.want == 2 {
				if err != nil || reply != `"tea"` {
					t.Errorf("%s: got %s, %v", tc.name, reply, err)
				}
				continue
			}
			if e := errorOf(t, err); e.Kind != KindTruncated || e.ReplyUsed != tc.begun || e.RequestID != "1" {
				t.Errorf("%s: got %+v", tc.name, e)
			}
		}
	}
}

// A little text after a document is read, so that the connection can be reused.
func TestFinish(t *testing.T) {
	document := `{"a":"` + strings.Repeat("x", 8<<10) + `"}`
	for _, tc := range []struct {
		name, tail string
		whole      bool
		want       int // connections for 3 calls
	}{
		{"a document", "", true, 1},
		{"white space", strings.Repeat(" ", 10<<10), true, 1},
		// From Go 1.27 on net/http itself reads 256 KB after Close.
		{"too much", strings.Repeat(" ", 1<<20), true, 3},
		{"incomplete", strings.Repeat(" ", 1<<20), false, 3},
	} {
		for _, said := range []bool{true, false} {
			var mu sync.Mutex
			connections := make(map[string]bool)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				connections[r.RemoteAddr] = true
				mu.Unlock()
				if said {
					w.Header().Set("Content-Length", strconv.Itoa(len(document)+len(tc.tail)))
				}
				io.WriteString(w, document+tc.tail)
			}))
			w := newWorld(good)
			w.Endpoint, w.Transport = s.URL, new(http.Transport)
			p := all()
			p.Peek, p.Decodes = 100, true
			c := w.client(t)
			for range 3 {
				err := c.Invoke(t.Context(), &Request{Function: "f"}, p, func(r *Response) error {
					defer r.Rest.Finish(tc.whole)
					return json.NewDecoder(io.MultiReader(bytes.NewReader(r.Payload), r.Rest)).Decode(new(any))
				})
				if err != nil {
					t.Errorf("%s: %v", tc.name, err)
				}
			}
			if len(connections) != tc.want {
				t.Errorf("%s, announced: %t: got %d connections for 3 calls, want %d", tc.name, said, len(connections), tc.want)
			}
			w.Transport.(*http.Transport).CloseIdleConnections()
			s.Close()
		}
	}
}

// A body closes itself after an error, because its reader may not do so.
func TestBodyClosesItselfAfterAnError(t *testing.T) {
	closed := false
	b := &Body{body: &failing{&closed}}
	for range 2 { // the error stays, because it decides on retries
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, errReset) || !closed {
			t.Errorf("got %v, closed: %t", err, closed)
		}
	}
}

// failing is a body whose connection is reset.
type failing struct{ closed *bool }

func (f failing) Read([]byte) (int, error) {
	if *f.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return 0, errReset
}

func (f failing) Close() error { *f.closed = true; return nil }

func TestFinishSurvivesAPanic(t *testing.T) {
	closed := false
	b := &Body{body: &panicking{&closed}}
	if b.Finish(true); !closed {
		t.Error("the body is not closed")
	}
}

// panicking is a body of a transport with a fault.
type panicking struct{ closed *bool }

func (*panicking) Read([]byte) (int, error) { panic("spilt") }

func (p *panicking) Close() error {
	*p.closed = true
	return nil
}

// Finish waits for the end of a reply for at most a second.
func TestFinishWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := io.Pipe()
		b := &Body{body: r}
		start := time.Now()
		b.Finish(true)
		if got := time.Since(start); got != time.Second {
			t.Errorf("got %v", got)
		}
	})
	for whole, ended := range map[bool]bool{true: true, false: false} {
		source := &countedBody{Reader: spaces{}}
		b := &Body{body: source, ended: ended}
		if b.Finish(whole); source.read != 0 || !source.closed {
			t.Errorf("complete %t, ended %t: read %d bytes, closed %t", whole, ended, source.read, source.closed)
		}
	}
}
