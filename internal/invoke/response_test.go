package invoke

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// HeaderValue needs canonical keys.
func TestHeaderKeys(t *testing.T) {
	for _, key := range []string{versionHeader, requestIDHeader, functionErrorHeader, logResultHeader, errorTypeHeader, TenantIDHeader, DurableExecutionNameHeader, durableExecutionARNHeader} {
		if canonical := http.CanonicalHeaderKey(key); canonical != key {
			t.Errorf("%s is %s in canonical form", key, canonical)
		}
	}
	h := http.Header{"X-Tea": {"assam", "sencha"}, "X-None": nil}
	if a, b, c := HeaderValue(h, "X-Tea"), HeaderValue(h, "X-None"), HeaderValue(nil, "X-Tea"); a != "assam" || b != "" || c != "" {
		t.Errorf("got %q, %q and %q", a, b, c)
	}
}

func TestLimit(t *testing.T) {
	header := func(size int) http.Header { return http.Header{"X": {strings.Repeat("v", size-len("X")-32)}} }
	for _, tc := range []struct {
		name   string
		header http.Header
		length int64
		want   string
	}{
		{"as much as there may be", header(MaxHeader), 10, ""},
		{"a longer body", nil, 11, "it has more than 10 bytes"},
		{"longer headers", header(MaxHeader + 1), 10, "its headers have 65537 bytes; the limit is 65536"},
	} {
		source := &countedBody{Reader: strings.NewReader("tea")}
		b, err := Limit(&http.Response{StatusCode: http.StatusOK, Header: tc.header, ContentLength: tc.length, Body: source}, 10)
		if tc.want == "" {
			if b == nil || err != nil || source.closed {
				t.Errorf("%s: got %v, closed: %t", tc.name, err, source.closed)
			}
			continue
		}
		if b != nil || err == nil || err.Kind != KindLimit || err.Error() != tc.want || !source.closed {
			t.Errorf("%s: got %v, closed: %t; want %s", tc.name, err, source.closed, tc.want)
		}
	}
}

// A reply of a known length is read into memory of that length.
func TestReplyOfKnownLength(t *testing.T) {
	const length = 1 << 20
	p, err := readAll(&Body{body: io.NopCloser(strings.NewReader(strings.Repeat("x", length)))}, nil, length)
	if err != nil || len(p) != length || cap(p) != length+1 {
		t.Errorf("got %d bytes, room for %d, %v", len(p), cap(p), err)
	}
}
