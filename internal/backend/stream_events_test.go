package backend

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// event returns a message of an event stream in Lambda's encoding.
func event(kind, payload string) []byte {
	return message([][2]string{{":message-type", "event"}, {":event-type", kind}}, payload)
}

func message(names [][2]string, payload string) []byte {
	var headers []byte
	for _, h := range names {
		headers = append(append(headers, byte(len(h[0]))), h[0]...)
		headers = append(append(headers, 7, 0, byte(len(h[1]))), h[1]...)
	}
	m := binary.BigEndian.AppendUint32(nil, uint32(12+len(headers)+len(payload)+4))
	m = binary.BigEndian.AppendUint32(m, uint32(len(headers)))
	m = binary.BigEndian.AppendUint32(m, crc32.ChecksumIEEE(m))
	m = append(append(m, headers...), payload...)
	return binary.BigEndian.AppendUint32(m, crc32.ChecksumIEEE(m))
}

// streamOf returns a backend whose function streams these chunks, and its log.
func streamOf(t *testing.T, contentType string, chunks ...string) (*Backend, *recorder) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for _, chunk := range chunks {
			w.Write(event("PayloadChunk", chunk))
		}
		w.Write(event("InvokeComplete", "{}"))
	}))
	t.Cleanup(s.Close)
	return newStreamBackend(t, &lambdatest.Server{URL: s.URL})
}

// Empty chunks are skipped: readers may treat many empty reads as an error.
func TestStreamOfEmptyChunks(t *testing.T) {
	for _, contentType := range []string{"text/plain", eventStream} {
		b, _ := streamOf(t, contentType, "", "", "te", "", "a", "")
		response, err := do(t.Context(), b, &Request{})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for {
			p := make([]byte, 8)
			n, err := response.Body.Read(p)
			got.Write(p[:n])
			if err == io.EOF {
				break
			}
			if n == 0 || err != nil {
				t.Fatalf("%s: got %d bytes, %v", contentType, n, err)
			}
		}
		if got.String() != "tea" {
			t.Errorf("%s: got %q", contentType, got.String())
		}
	}
}

// A body is an error if Content-Length is 0.
func TestStreamThatAnnouncesNothing(t *testing.T) {
	const head = `{"headers":{"content-length":"0"}}` + "\x00\x00\x00\x00\x00\x00\x00\x00"
	for body, want := range map[string]string{"": "", "tea": ": it has 3 bytes, but its Content-Length is 0"} {
		b, l := streamOf(t, integrationResponse, head, body)
		response, err := do(t.Context(), b, &Request{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(writerFunc(func(p []byte) (int, error) { return len(p), nil }), response.Body)
		if n != 0 || (err == nil) != (want == "") {
			t.Errorf("%q: got %d bytes, %v", body, n, err)
		}
		if got := strings.Join(l.level("ERROR"), "\n"); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

// A prelude may end anywhere in a chunk.
func TestPreludeInManyChunks(t *testing.T) {
	const stream = `{"statusCode":201,"headers":{"content-type":"text/html"}}` + "\x00\x00\x00\x00\x00\x00\x00\x00tea"
	for _, contentType := range []string{integrationResponse, eventStream} {
		b, l := streamOf(t, contentType, strings.Split(stream, "")...)
		response, err := do(t.Context(), b, &Request{})
		if err != nil {
			t.Fatal(err, l.lines)
		}
		if got := readAll(t, response); got != "tea" || response.StatusCode != http.StatusCreated || response.Header.Get("Content-Type") != "text/html" {
			t.Errorf("%s: got %d %v %q", contentType, response.StatusCode, response.Header, got)
		}
	}
}
