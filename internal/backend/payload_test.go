package backend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
)

func TestParameters(t *testing.T) {
	for _, tc := range []struct {
		name     string
		endpoint string // empty if the framework does not tell it
		params   map[string]string
		query    map[string][]string
		want     string
		leftOut  string // the quoted name in the warning
	}{
		{name: "nothing", want: `{}`},
		{name: "empty maps", params: map[string]string{}, query: map[string][]string{}, want: `{}`},
		{name: "placeholders", params: map[string]string{"UserId": "42", "Lambda": "f"}, want: `{"lambda":"f","userId":"42"}`},
		{name: "query strings", query: map[string][]string{"b": {"1"}, "a": {"2", "3"}, "c": {""}}, want: `{"a":["2","3"],"b":"1","c":""}`},
		{name: "a query string without values", query: map[string][]string{"a": {}, "b": nil}, want: `{}`},
		{name: "query strings keep their case", query: map[string][]string{"Page": {"1"}}, want: `{"Page":"1"}`},
		{name: "claims keep their names", params: map[string]string{"JWT.sub": "me", "JWT.Role": "r", "JWTs": "s"}, want: `{"JWT.Role":"r","JWT.sub":"me","jWTs":"s"}`},
		{name: "sequential params", params: map[string]string{"Resp0_id": "7"}, want: `{"resp0_id":"7"}`},
		{name: "a param and its placeholder", params: map[string]string{"Id": "placeholder", "id": "other"}, want: `{"id":"placeholder"}`},
		{name: "a value of an earlier reply and one of a script", endpoint: "/", params: map[string]string{"Resp0_id": "reply", "resp0_id": "script", "Tier": "a", "tier": "b"}, want: `{"resp0_id":"reply","tier":"a"}`},
		{name: "names without a letter first", params: map[string]string{"_x": "1", "9": "2", "": "3"}, want: `{"":"3","9":"2","_x":"1"}`},
		{name: "characters that HTML escapes", params: map[string]string{"Q": `<a href="x">&</a>`}, want: `{"q":"<a href=\"x\">&</a>"}`},
		{name: "characters that JSON escapes", params: map[string]string{"Q": "\x00\n\"\\\u2028é"}, want: `{"q":"\u0000\n\"\\\u2028é"}`},
		{name: "not UTF-8", params: map[string]string{"Q": "a\xffb"}, want: `{"q":"a\ufffdb"}`},
		{
			name: "the endpoint's own spelling", endpoint: "/a/{UserId}/b/{order-id}/{_x}",
			params: map[string]string{"UserId": "1", "Order-id": "2", "_x": "3", "Resp0_id": "4", "JWT.sub": "5", "other": "6"},
			want:   `{"JWT.sub":"5","UserId":"1","_x":"3","order-id":"2","other":"6","resp0_id":"4"}`,
		},

		// Names of a client next to those that the gateway vouches for.
		{name: "a placeholder's name", params: map[string]string{"Id": "mine"}, query: map[string][]string{"id": {"theirs", "too"}}, want: `{"id":"mine"}`, leftOut: "'id'"},
		{name: "the key of a param", params: map[string]string{"Id": "mine"}, query: map[string][]string{"Id": {"theirs"}}, want: `{"id":"mine"}`, leftOut: "'Id'"},
		{name: "another case", params: map[string]string{"UserId": "7"}, query: map[string][]string{"userid": {"9"}}, want: `{"userId":"7"}`, leftOut: "'userid'"},
		{name: "a name that folds in Unicode", params: map[string]string{"UserId": "7"}, query: map[string][]string{"u\u017ferId": {"9"}}, want: `{"userId":"7"}`, leftOut: "'uſerId'"},
		{name: "a Turkish i", params: map[string]string{"UserId": "7"}, query: map[string][]string{"user\u0130d": {"9"}}, want: `{"userId":"7"}`, leftOut: "'userİd'"},
		{name: "a placeholder without a value", endpoint: "/users/{userId}", query: map[string][]string{"USERID": {"9"}}, want: `{}`, leftOut: "'USERID'"},
		{name: "a verified claim", params: map[string]string{"JWT.sub": "me"}, query: map[string][]string{"jwt.sub": {"admin"}}, want: `{"JWT.sub":"me"}`, leftOut: "'jwt.sub'"},
		{name: "an absent claim", query: map[string][]string{"JWT.role": {"admin"}, "page": {"1"}}, want: `{"page":"1"}`, leftOut: "'JWT.role'"},
		{name: "an absent value of an earlier reply", query: map[string][]string{"resp0_id": {"1"}}, want: `{}`, leftOut: "'resp0_id'"},
		{name: "an absent earlier reply", query: map[string][]string{"Resp12": {"1"}}, want: `{}`, leftOut: "'Resp12'"},
		{name: "a param of a script", endpoint: "/{id}", params: map[string]string{"tier": "gold"}, query: map[string][]string{"Tier": {"free"}}, want: `{"tier":"gold"}`, leftOut: "'Tier'"},
		{name: "similar names", query: map[string][]string{"resp_id": {"1"}, "JWTs": {"2"}, "response": {"3"}}, want: `{"JWTs":"2","resp_id":"1","response":"3"}`},
		{name: "a name with control characters", query: map[string][]string{"jwt.\n": {"1"}}, want: `{}`, leftOut: "'jwt. '"},

		// A decoder that ignores case takes the last member.
		{name: "a placeholder after names that fold to its name", endpoint: "/{Zone}/{id}", params: map[string]string{"Zone": "path", "zONE": "script", "Id": "1"}, want: `{"id":"1","zONE":"script","Zone":"path"}`},
		{name: "two placeholders that fold together", endpoint: "/{a}/{A-b}/{a-B}", params: map[string]string{"A": "1", "A-b": "2", "A-B": "3", "x": "4"}, want: `{"a":"1","x":"4","A-b":"2","a-B":"3"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 4 { // maps have no order
				l := &recorder{}
				b := &Backend{common: &common{logger: l}, prefix: "[x]", names: config.PlaceholdersOf(tc.endpoint)}
				r := &Request{Params: tc.params, Query: tc.query}
				got := string(b.parameters(r))
				// Up to Go 1.26 encoding/json escapes it, from 1.27 on it does not.
				if got = strings.ReplaceAll(got, "\ufffd", `\ufffd`); got != tc.want {
					t.Errorf("got %s, want %s", got, tc.want)
				}
				b.parameters(r)
				var want []string
				if tc.leftOut != "" {
					want = []string{"WARNING [x] the function does not get the query string " + tc.leftOut + ": a decoder that ignores case could take it for a placeholder, a claim or a value of an earlier reply"}
				}
				if !slices.Equal(l.lines, want) {
					t.Errorf("logged %q, want %q", l.lines, want)
				}
			}
		})
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

// The gateway warns once of a body without a Content-Type.
func TestWarningOfABodyWithoutAType(t *testing.T) {
	for _, tc := range []struct {
		name, format, body string
		headers            map[string][]string
		want               int
	}{
		{"no type", "2.0", "{}", nil, 1},
		{"an empty type", "1.0", "{}", map[string][]string{"Content-Type": {""}}, 1},
		{"a type", "2.0", "{}", map[string][]string{"content-type": {"application/json"}}, 0},
		{"no body", "alb", "", nil, 0},
		{"the simple payload", "simple", "{}", nil, 0},
	} {
		l := &recorder{}
		b := withInvoker(l, noInvoker{}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f", "payload_format": tc.format}), Method: "POST", URLPattern: "/x",
		})
		for range 2 {
			if _, err := b.invocation(t.Context(), b.cfg.Function, nil, &Request{Headers: tc.headers, Body: io.NopCloser(strings.NewReader(tc.body))}); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.level("WARNING"); len(got) != tc.want || tc.want > 0 && !strings.Contains(got[0], "a request has a body and no Content-Type") {
			t.Errorf("%s: got the warnings %q, want %d", tc.name, got, tc.want)
		}
	}
}

func TestPayloadByMethod(t *testing.T) {
	for _, tc := range []struct {
		method, arrived string // of the backend, and of the request
		want            string
	}{
		{"GET", "", `{"id":"1"}`}, {"get", "", `{"id":"1"}`}, {"", "", `{"id":"1"}`},
		{"POST", "", "the body"}, {"post", "", "the body"}, {"PUT", "", "the body"}, {"PATCH", "", "the body"}, {"DELETE", "", "the body"}, {"HEAD", "", "the body"},
		// A component has changed the method.
		{"GET", "POST", "the body"}, {"GET", "put", "the body"}, {"POST", "get", `{"id":"1"}`}, {"", "GET", `{"id":"1"}`},
	} {
		b := withInvoker(&recorder{}, noInvoker{}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f"}), Method: tc.method,
		})
		rc := &body{Reader: strings.NewReader("the body")}
		got, err := b.invocation(t.Context(), b.cfg.Function, nil, &Request{Method: tc.arrived, Params: map[string]string{"Id": "1"}, Body: rc})
		if err != nil || string(got.call.Payload.Bytes()) != tc.want {
			t.Errorf("%q, %q: got %s, %v; want %s", tc.method, tc.arrived, got.call.Payload.Bytes(), err, tc.want)
		}
		if usesBody := tc.want == "the body"; rc.closed != usesBody || (rc.read > 0) != usesBody {
			t.Errorf("%q, %q: read %d bytes, closed %t", tc.method, tc.arrived, rc.read, rc.closed)
		}
	}
}

func TestBodyPayloadEmpty(t *testing.T) {
	for name, rc := range map[string]io.ReadCloser{"nil": nil, "NoBody": http.NoBody, "empty": &body{Reader: strings.NewReader("")}} {
		got, err := readBody(t.Context(), rc, maxPayload)
		if err != nil || got.Size() != 0 || len(got.Bytes()) != 0 {
			t.Errorf("%s: got %q, %v; want nothing", name, got.Bytes(), err)
		}
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBodyPayloadLimit(t *testing.T) {
	got, err := readBody(t.Context(), &body{Reader: io.LimitReader(zeros{}, maxPayload)}, maxPayload)
	if err != nil || got.Size() != maxPayload || len(got.Bytes()) != maxPayload {
		t.Fatalf("got %d bytes, %v; want %d", got.Size(), err, maxPayload)
	}

	for name, r := range map[string]io.Reader{"one more": io.LimitReader(zeros{}, maxPayload+1), "no end": zeros{}} {
		rc := &body{Reader: r}
		got, err := readBody(t.Context(), rc, maxPayload)
		if err == nil || err.StatusCode() != http.StatusRequestEntityTooLarge || got.Size() != 0 {
			t.Errorf("%s: got %d bytes and %v, want a 413", name, got.Size(), err)
		}
		if rc.read > maxPayload+1 {
			t.Errorf("%s: read %d bytes, want %d at most", name, rc.read, maxPayload+1)
		}
	}
}

func TestParamsPayloadLimit(t *testing.T) {
	b := &Backend{}
	atLimit := strings.Repeat("x", maxPayload-len(`{"q":""}`))
	if got, err := b.payload(t.Context(), &Request{Params: map[string]string{"Q": atLimit}}, "GET", nil); err != nil || got.Size() != maxPayload {
		t.Errorf("got %d bytes, %v; want %d", got.Size(), err, maxPayload)
	}
	if _, err := b.payload(t.Context(), &Request{Params: map[string]string{"Q": atLimit + "x"}}, "GET", nil); err == nil || err.StatusCode() != http.StatusRequestEntityTooLarge {
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
		{"a limit of http.MaxBytesReader", http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(strings.NewReader("xx")), 1), http.StatusRequestEntityTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rc := &body{Reader: tc.r}
			got, err := readBody(t.Context(), rc, maxPayload)
			if err == nil || err.StatusCode() != tc.want || got.Size() != 0 {
				t.Errorf("got %q and %v, want a %d", got.Bytes(), err, tc.want)
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

	// A read that fails because the request has ended is not an error of the body, even if the read's
	// error comes first.
	for _, ctx := range []context.Context{ctx, silent{ctx}} {
		_, err = readBody(ctx, io.NopCloser(failing{io.ErrUnexpectedEOF}), maxPayload)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	}
	got, e := readBody(silent{ctx}, io.NopCloser(strings.NewReader("in time")), maxPayload)
	if e != nil || string(got.Bytes()) != "in time" {
		t.Errorf("got %q, %v; want what was read in time", got.Bytes(), e)
	}
}

// silent is a context that has ended, but whose Done channel never closes.
type silent struct{ context.Context }

func (silent) Done() <-chan struct{} { return nil }

func TestBodyPayloadByteForByte(t *testing.T) {
	want := []byte("\x00\xff {\"a\": 1}\r\n\n")
	got, err := readBody(t.Context(), io.NopCloser(bytes.NewReader(want)), maxPayload)
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got %q, %v; want %q", got.Bytes(), err, want)
	}
}
