package backend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestParamsPayload(t *testing.T) {
	for _, tc := range []struct {
		name   string
		params map[string]string
		query  map[string][]string
		want   string
	}{
		{"nothing", nil, nil, `{}`},
		{"empty maps", map[string]string{}, map[string][]string{}, `{}`},
		{"placeholders", map[string]string{"UserId": "42", "Lambda": "f"}, nil, `{"lambda":"f","userId":"42"}`},
		{"query strings", nil, map[string][]string{"b": {"1"}, "a": {"2", "3"}, "c": {""}}, `{"a":["2","3"],"b":"1","c":""}`},
		{"a query string without values", nil, map[string][]string{"a": {}, "b": nil}, `{}`},
		{"the case of query strings is theirs", nil, map[string][]string{"Page": {"1"}}, `{"Page":"1"}`},
		{"on a clash the placeholder wins", map[string]string{"Id": "mine"}, map[string][]string{"id": {"theirs", "too"}}, `{"id":"mine"}`},
		{"claims keep their names", map[string]string{"JWT.sub": "me", "JWT.Role": "r", "JWTs": "s"}, nil, `{"JWT.Role":"r","JWT.sub":"me","jWTs":"s"}`},
		{"sequential params", map[string]string{"Resp0_id": "7"}, nil, `{"resp0_id":"7"}`},
		{"a param beside its placeholder", map[string]string{"Id": "placeholder", "id": "other"}, nil, `{"id":"placeholder"}`},
		{"no letter first", map[string]string{"_x": "1", "9": "2", "": "3"}, nil, `{"":"3","9":"2","_x":"1"}`},
		{"what HTML would escape", map[string]string{"Q": `<a href="x">&</a>`}, nil, `{"q":"<a href=\"x\">&</a>"}`},
		{"what JSON must escape", map[string]string{"Q": "\x00\n\"\\\u2028é"}, nil, `{"q":"\u0000\n\"\\\u2028é"}`},
		{"no UTF-8", map[string]string{"Q": "a\xffb"}, nil, `{"q":"a\ufffdb"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := string(placeholderNames(nil).payload(tc.params, tc.query))
			// Up to Go 1.26 encoding/json escapes it, from 1.27 on it does not.
			if got = strings.ReplaceAll(got, "\ufffd", `\ufffd`); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	for _, endpoint := range []string{"/a/{UserId}/b/{order-id}/{_x}", "/a/:UserId/b/:order-id/:_x"} {
		n := placeholdersOf(endpoint)
		got := string(n.payload(map[string]string{"UserId": "1", "Order-id": "2", "_x": "3", "Resp0_id": "4", "JWT.sub": "5", "userId": "6"}, nil))
		if want := `{"JWT.sub":"5","UserId":"1","_x":"3","order-id":"2","resp0_id":"4","userId":"6"}`; got != want {
			t.Errorf("%s: got %s, want %s", endpoint, got, want)
		}
	}
}

// body records how it was read.
type body struct {
	io.Reader
	read   int
	closed bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

func TestPayloadByMethod(t *testing.T) {
	for _, tc := range []struct {
		method string
		want   string
	}{
		{"GET", `{"id":"1"}`}, {"get", `{"id":"1"}`}, {"", `{"id":"1"}`},
		{"POST", "the body"}, {"post", "the body"}, {"PUT", "the body"}, {"PATCH", "the body"}, {"DELETE", "the body"}, {"HEAD", "the body"},
	} {
		b := NewFactory(Options{Logger: &recorder{}, Invoker: noInvoker{}}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f"}), Method: tc.method,
		})
		rc := &body{Reader: strings.NewReader("the body")}
		got, err := b.payload(t.Context(), &Request{Params: map[string]string{"Id": "1"}, Body: rc})
		if err != nil || string(got.bytes()) != tc.want {
			t.Errorf("%q: got %s, %v; want %s", tc.method, got.bytes(), err, tc.want)
		}
		if usesBody := tc.want == "the body"; rc.closed != usesBody || (rc.read > 0) != usesBody {
			t.Errorf("%q: read %d bytes, closed %t", tc.method, rc.read, rc.closed)
		}
	}
}

func TestBodyPayloadEmpty(t *testing.T) {
	for name, rc := range map[string]io.ReadCloser{"nil": nil, "NoBody": http.NoBody, "empty": &body{Reader: strings.NewReader("")}} {
		got, err := readBody(t.Context(), rc, maxPayload)
		if err != nil || got.size != 0 || len(got.bytes()) != 0 {
			t.Errorf("%s: got %q, %v; want nothing", name, got.bytes(), err)
		}
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBodyPayloadLimit(t *testing.T) {
	got, err := readBody(t.Context(), &body{Reader: io.LimitReader(zeros{}, maxPayload)}, maxPayload)
	if err != nil || got.size != maxPayload || len(got.bytes()) != maxPayload {
		t.Fatalf("got %d bytes, %v; want %d", got.size, err, maxPayload)
	}

	for name, r := range map[string]io.Reader{"one more": io.LimitReader(zeros{}, maxPayload+1), "no end": zeros{}} {
		rc := &body{Reader: r}
		got, err := readBody(t.Context(), rc, maxPayload)
		if err == nil || err.StatusCode() != http.StatusRequestEntityTooLarge || got.pieces != nil {
			t.Errorf("%s: got %d bytes and %v, want a 413", name, got.size, err)
		}
		if rc.read > maxPayload+1 {
			t.Errorf("%s: read %d bytes, want %d at most", name, rc.read, maxPayload+1)
		}
	}
}

func TestParamsPayloadLimit(t *testing.T) {
	b := &Backend{method: http.MethodGet}
	atLimit := strings.Repeat("x", maxPayload-len(`{"q":""}`))
	if got, err := b.payload(t.Context(), &Request{Params: map[string]string{"Q": atLimit}}); err != nil || got.size != maxPayload {
		t.Errorf("got %d bytes, %v; want %d", got.size, err, maxPayload)
	}
	if _, err := b.payload(t.Context(), &Request{Params: map[string]string{"Q": atLimit + "x"}}); err == nil || err.StatusCode() != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, want a 413", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		panic("a broken reader")
	}
	return 0, f.err
}

func TestBodyPayloadErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    io.Reader
		want int
	}{
		{"broken off", failing{io.ErrUnexpectedEOF}, http.StatusBadRequest},
		{"a panic", failing{}, http.StatusBadRequest},
		{"a limit set in front of us", http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(strings.NewReader("xx")), 1), http.StatusRequestEntityTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rc := &body{Reader: tc.r}
			got, err := readBody(t.Context(), rc, maxPayload)
			if err == nil || err.StatusCode() != tc.want || got.pieces != nil {
				t.Errorf("got %q and %v, want a %d", got.bytes(), err, tc.want)
			}
		})
	}
}

func TestBodyPayloadEndsWithTheContext(t *testing.T) {
	pr, pw := io.Pipe() // a client that stalls
	defer pw.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := readBody(ctx, pr, maxPayload)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}

	// A read that fails because the request has ended is not the body's fault, whatever is
	// noticed first.
	for _, ctx := range []context.Context{ctx, silent{ctx}} {
		_, err = readBody(ctx, io.NopCloser(failing{io.ErrUnexpectedEOF}), maxPayload)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	}
	got, e := readBody(silent{ctx}, io.NopCloser(strings.NewReader("in time")), maxPayload)
	if e != nil || string(got.bytes()) != "in time" {
		t.Errorf("got %q, %v; want what was read in time", got.bytes(), e)
	}
}

// silent is a context that has ended, and tells only who asks.
type silent struct{ context.Context }

func (silent) Done() <-chan struct{} { return nil }

func TestBodyPayloadByteForByte(t *testing.T) {
	want := []byte("\x00\xff {\"a\": 1}\r\n\n")
	got, err := readBody(t.Context(), io.NopCloser(bytes.NewReader(want)), maxPayload)
	if err != nil || !bytes.Equal(got.bytes(), want) {
		t.Errorf("got %q, %v; want %q", got.bytes(), err, want)
	}
}
