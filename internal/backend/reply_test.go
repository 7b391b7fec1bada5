package backend

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
		{"no gzip", "gzip", []byte(`{"a":1}`), "", false},
		{"cut gzip", "gzip", zipped[:len(zipped)-4], "", false},
		{"another encoding", "br", []byte("x"), "", false},
		{"at the limit", "gzip", gzipped(t, io.LimitReader(zeros{}, maxReply)), strings.Repeat("\x00", maxReply), true},
		{"a bomb", "gzip", gzipped(t, io.LimitReader(zeros{}, maxReply+1)), "", false},
	} {
		got, err := decompress(tc.encoding, tc.payload)
		if (err == nil) != tc.ok || string(got) != tc.want {
			t.Errorf("%s: got %d bytes, %v", tc.name, len(got), err)
		}
	}
}

// A proxy in between may compress without having been asked, and may lie.
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
		{"passed on", "no-op", payload, string(payload), 200, "gzip"},
		{"a lie", "json", []byte(`{"a":1}`), "", 502, ""},
		{"a lie passed on", "no-op", []byte(`{"a":1}`), `{"a":1}`, 200, "gzip"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", "application/x-test")
				w.Write(tc.body)
			}))
			defer s.Close()
			b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, s.URL, nil)}).New(Spec{
				Settings: ns(map[string]any{"function_name": "f"}), Encoding: tc.encoding,
			})
			response, err := invoke(t.Context(), b, &Request{})
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

// What is in the log and the details of a function's error must be readable.
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
		sess := testSession(t, s.URL, nil)
		sess.Config.HTTPClient = &http.Client{Transport: transport}
		b := NewFactory(Options{Logger: &recorder{}, Session: sess}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		_, err := invoke(t.Context(), b, &Request{})
		transport.CloseIdleConnections()
		s.Close()
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || string(e.Details()) != tc.want {
			t.Errorf("got %v, %s; want a 502 with %s", err, e.Details(), tc.want)
		}
	}
}

func TestDefaultContentType(t *testing.T) {
	response, err := answer{payload: []byte("{}")}.response(&Config{}, raw)
	if err != nil || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %v, %v", response.Header, err)
	}
}
