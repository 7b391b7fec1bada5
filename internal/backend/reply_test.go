package backend

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
)

func gzipped(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := io.Copy(zw, r); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestDecompress(t *testing.T) {
	const limit = 64 << 10
	zipped := gzipped(t, strings.NewReader("null"))
	for _, tc := range []struct {
		name, encoding string
		payload        []byte
		want           string
		ok             bool
	}{
		{"no encoding", "", []byte("x"), "x", true},
		{"identity", "Identity", []byte("x"), "x", true},
		{"gzip", "gzip", zipped, "null", true},
		{"gzip, other spellings", " X-GZIP ", zipped, "null", true},
		{"gzip of nothing", "gzip", nil, "", true},
		{"not gzip", "gzip", []byte(`{"a":1}`), "", false},
		{"cut gzip", "gzip", zipped[:len(zipped)-4], "", false},
		{"another encoding", "br", []byte("x"), "", false},
		{"at the limit", "gzip", gzipped(t, io.LimitReader(zeros{}, limit)), strings.Repeat("\x00", limit), true},
		{"a bomb", "gzip", gzipped(t, io.LimitReader(zeros{}, limit+1)), "", false},
	} {
		got, err := decompress(tc.encoding, tc.payload, limit)
		if (err == nil) != tc.ok || string(got) != tc.want {
			t.Errorf("%s: got %d bytes, %v", tc.name, len(got), err)
		}
	}
}

// KrakenD's decoders would decode the prelude of a stream as the reply, and drop the rest.
func TestStreamThatIsDecoded(t *testing.T) {
	const stream = "{\"statusCode\":201}\x00\x00\x00\x00\x00\x00\x00\x00{}"
	for _, tc := range []struct {
		format format
		reply  string
		want   error
	}{
		{structured, stream, apigw.ErrNeedsStream},
		{structured, " \n" + stream, apigw.ErrNeedsStream},
		{structured, "[1]" + stream, nil}, // left to the decoder
		{structured, "{}\x00", nil},
		{plain, stream, nil},
		{raw, stream, nil},
	} {
		response, err := answer{payload: []byte(tc.reply)}.response(&config.Config{MaxReply: config.MaxReply}, tc.format)
		if !errors.Is(err, tc.want) {
			t.Errorf("%v, %q: got %v, want %v", tc.format, tc.reply, err, tc.want)
			continue
		}
		if err != nil {
			continue
		}
		if got, err := io.ReadAll(response.Body); err != nil || string(got) != tc.reply {
			t.Errorf("%v, %q: got %q, %v", tc.format, tc.reply, got, err)
		}
	}
}

// A proxy may compress without request, or declare gzip for plain data.
func TestRepliesThatSayGzip(t *testing.T) {
	payload := gzipped(t, strings.NewReader(`{"a":1}`))
	transport := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = transport })
	own := &http.Transport{DisableCompression: true} // as KrakenD's disable_compression
	t.Cleanup(own.CloseIdleConnections)
	http.DefaultTransport = own

	for _, tc := range []struct {
		name, encoding string
		body           []byte
		want           string
		status         int
		header         string
	}{
		{"decoded", "json", payload, `{"a":1}`, 200, ""},
		{"no-op", "no-op", payload, string(payload), 200, "gzip"},
		{"plain data", "json", []byte(`{"a":1}`), "", 502, ""},
		{"plain data, no-op", "no-op", []byte(`{"a":1}`), `{"a":1}`, 200, "gzip"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", "application/x-test")
				w.Write(tc.body)
			}))
			defer s.Close()
			b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL}}).New(Spec{
				Settings: ns(map[string]any{"function_name": "f"}), Encoding: tc.encoding,
			})
			response, err := do(t.Context(), b, &Request{})
			var e *Error
			if errors.As(err, &e) {
				if e.StatusCode() != tc.status {
					t.Errorf("got %v, want %d", err, tc.status)
				}
				return
			}
			if got := readAll(t, response); got != tc.want || tc.status != 200 || response.Header.Get("Content-Encoding") != tc.header {
				t.Errorf("got %q %v, want %d %q", got, response.Header, tc.status, tc.want)
			}
			if got := response.Header.Get("Content-Type"); (got == "application/x-test") != (tc.encoding == "no-op") {
				t.Errorf("got Content-Type %q", got)
			}
		})
	}
}

// The log and the details of a compressed function error are readable.
func TestFunctionErrorThatIsCompressed(t *testing.T) {
	for _, tc := range []struct {
		body []byte
		want string
	}{
		{gzipped(t, strings.NewReader(`{"errorType":"T","errorMessage":"m"}`)), `{"errorType":"T","errorMessage":"m"}`},
		{[]byte("a lie"), `{"errorType":"UndecodableReply","errorMessage":"the reply cannot be decoded"}`},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			w.Write(tc.body)
		}))
		transport := &http.Transport{DisableCompression: true}
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: s.URL, transport: transport}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		_, err := do(t.Context(), b, &Request{})
		transport.CloseIdleConnections()
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || string(e.Details()) != tc.want {
			t.Errorf("got %v, %s; want a 502 with %s", err, e.Details(), tc.want)
		}
	}
}

func TestDefaultContentType(t *testing.T) {
	response, err := answer{payload: []byte("{}")}.response(&config.Config{}, raw)
	if err != nil || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %v, %v", response.Header, err)
	}
}

// An HTTP response in a reply has its own body, and may have its own Content-Encoding.
func TestProxiedReplies(t *testing.T) {
	envelope := func(encoding string, body []byte) []byte {
		return fmt.Appendf(nil, `{"statusCode":201,"headers":{"content-encoding":%q,"etag":"x"},"body":%q,"isBase64Encoded":true}`,
			encoding, base64.StdEncoding.EncodeToString(body))
	}
	zipped := gzipped(t, strings.NewReader(`{"a":1}`))
	const prelude = `{"statusCode":404,"headers":{"content-type":"text/html","content-length":"7"}}` + "\x00\x00\x00\x00\x00\x00\x00\x00"

	for _, tc := range []struct {
		name   string
		answer answer
		format format
		status int // 0 means an error
		want   string
		header http.Header
	}{
		{
			"gzip, decoded", answer{payload: envelope("gzip", zipped)}, structured, 201,
			`{"a":1}`, http.Header{"Etag": {"x"}, "Content-Type": {"text/plain; charset=utf-8"}},
		},
		{
			"gzip, for the client", answer{payload: envelope("gzip", zipped)}, raw, 201,
			string(zipped), http.Header{"Etag": {"x"}, "Content-Encoding": {"gzip"}, "Content-Type": {"text/plain; charset=utf-8"}},
		},
		{"not gzip, decoded", answer{payload: envelope("gzip", []byte("{}"))}, structured, 0, "", nil},
		{"br, for the client", answer{payload: envelope("br", []byte("x"))}, raw, 201, "x", http.Header{"Etag": {"x"}, "Content-Encoding": {"br"}, "Content-Type": {"text/plain; charset=utf-8"}}},
		{
			"an envelope that came compressed", answer{payload: gzipped(t, strings.NewReader(`{"statusCode":200,"body":"a"}`)), header: http.Header{"Content-Encoding": {"gzip"}}},
			raw, 200, "a", http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		},
		{"an envelope that is not gzip", answer{payload: []byte("{}"), header: http.Header{"Content-Encoding": {"gzip"}}}, raw, 0, "", nil},
		{
			"the reply of a streaming function in one piece", answer{payload: []byte(prelude + "<p>"), header: http.Header{"Content-Type": {integrationResponse}}},
			raw, 404, "<p>", http.Header{"Content-Type": {"text/html"}},
		},
		{
			"a stream's reply without a type", answer{payload: []byte("{}" + prelude[len(prelude)-8:] + "<p>"), header: http.Header{"Content-Type": {integrationResponse}}},
			raw, 200, "<p>", http.Header{"Content-Type": {"application/octet-stream"}},
		},
		{"a stream's reply without a type and a body", answer{payload: []byte("{}" + prelude[len(prelude)-8:]), header: http.Header{"Content-Type": {integrationResponse}}}, raw, 200, "", http.Header{}},
		{"an incomplete prelude", answer{payload: []byte("{}"), header: http.Header{"Content-Type": {integrationResponse}}}, raw, 0, "", nil},
		{"an invalid prelude", answer{payload: []byte("x" + prelude), header: http.Header{"Content-Type": {integrationResponse}}}, raw, 0, "", nil},
		{"a null, decoded", answer{payload: []byte(`{"statusCode":200,"body":"null"}`)}, structured, 200, "", http.Header{"Content-Type": {"text/plain; charset=utf-8"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			response, err := tc.answer.response(&config.Config{Proxy: true, MaxReply: config.MaxReply}, tc.format)
			if tc.status == 0 {
				if err == nil {
					t.Errorf("got %+v, want an error", response)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, response); got != tc.want || response.StatusCode != tc.status || response.ContentLength != int64(len(got)) {
				t.Errorf("got %d %q, want %d %q", response.StatusCode, got, tc.status, tc.want)
			}
			if !reflect.DeepEqual(response.Header, tc.header) {
				t.Errorf("got %v, want %v", response.Header, tc.header)
			}
		})
	}
}

// With data, a client gets Lambda's metadata, but no headers of the function.
func TestMetadata(t *testing.T) {
	got := Metadata(http.Header{"X-Amz-Executed-Version": {"7"}, "X-Amzn-Requestid": {"id"}, "Content-Type": {"text/html"}, "Set-Cookie": {"a=1"}})
	if want := (http.Header{"X-Amz-Executed-Version": {"7"}, "X-Amzn-Requestid": {"id"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	whole := http.Header{"X-Amz-Executed-Version": {"7"}, "X-Amzn-Requestid": {"id"}, "X-Amz-Durable-Execution": {"order-7/1c9f"}}
	if got := Metadata(whole); !reflect.DeepEqual(got, whole) {
		t.Errorf("got %v, want %v", got, whole)
	}
	more := maps.Clone(whole)
	more["Content-Type"] = []string{"text/html"}
	if got := Metadata(more); !reflect.DeepEqual(got, whole) {
		t.Errorf("got %v, want %v", got, whole)
	}
	if got := Metadata(http.Header{}); len(got) != 0 {
		t.Errorf("got %v, want nothing", got)
	}
}
