package sdkv1

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go/private/protocol/eventstream"
)

// message returns a message of an event stream with correct checksums, even for invalid headers.
func message(headers []byte, payload string) []byte {
	m := binary.BigEndian.AppendUint32(nil, uint32(12+len(headers)+len(payload)+4))
	m = binary.BigEndian.AppendUint32(m, uint32(len(headers)))
	m = binary.BigEndian.AppendUint32(m, crc32.ChecksumIEEE(m))
	m = append(append(m, headers...), payload...)
	return binary.BigEndian.AppendUint32(m, crc32.ChecksumIEEE(m))
}

var someHeaders = []byte("\x01a\x00" + "\x01b\x01" + "\x01c\x02x" + "\x01d\x03xx" + "\x01e\x04xxxx" + "\x01f\x05xxxxxxxx" +
	"\x01g\x06\x00\x01x" + "\x01h\x07\x00\x02xx" + "\x01i\x08xxxxxxxx" + "\x01j\x09xxxxxxxxxxxxxxxx")

// headersOf returns headers of size bytes.
func headersOf(size int) (headers []byte) {
	for size > 0 {
		n := min(size, 60_000) - 5 // without name, type and length
		headers = append(binary.BigEndian.AppendUint16(append(headers, "\x01a\x07"...), uint16(n)), make([]byte, n)...)
		size -= n + 5
	}
	return headers
}

func TestFraming(t *testing.T) {
	good := message(someHeaders, "payload")
	for _, tc := range []struct {
		name   string
		stream []byte
		read   int // bytes of stream before the error; -1 means all
		err    error
	}{
		{"nothing", nil, -1, nil},
		{"two messages", append(bytes.Clone(good), good...), -1, nil},
		{"no headers, no payload", message(nil, ""), -1, nil},
		{"a value that is its type", message([]byte("\x01a\x00"), ""), -1, nil},
		{"an empty string", message([]byte("\x01a\x07\x00\x00"), ""), -1, nil},
		{"headers at the limit", message(headersOf(maxHeaders), "payload"), -1, nil},
		{"one byte more", message(headersOf(maxHeaders+1), "payload"), 0, errFraming},
		{"half of the lengths", good[:7], 0, io.ErrUnexpectedEOF},
		{"half of the headers", good[:20], 0, io.ErrUnexpectedEOF},
		{"half of the payload", good[:len(good)-6], -1, io.ErrUnexpectedEOF},
		{"an unknown type", append(bytes.Clone(good), message([]byte("\x01a\x63"), "")...), len(good), errFraming},
		{"a header without a type", message([]byte("\x01a"), ""), 0, errFraming},
		{"a string without a length", message([]byte("\x01a\x07\x00"), ""), 0, errFraming},
		{"a value that is too short", message([]byte("\x01a\x04xx"), ""), 0, errFraming},
		{"headers longer than the message", append([]byte{0, 0, 0, 16, 0, 0, 0, 9}, make([]byte, 8)...), 0, errFraming},
		{"headers beyond the limit", append([]byte{255, 0, 0, 0, 254, 0, 0, 0}, make([]byte, 8)...), 0, errFraming},
	} {
		for how, slowly := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its error": iotest.DataErrReader,
		} {
			f := &framing{ReadCloser: io.NopCloser(slowly(bytes.NewReader(tc.stream)))}
			got, err := io.ReadAll(f)
			want := tc.stream
			if tc.read >= 0 {
				want = tc.stream[:tc.read]
			}
			if !errors.Is(err, tc.err) || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: got %d bytes, %v; want %d, %v", tc.name, how, len(got), err, len(want), tc.err)
			}
		}
	}
}

// An exception passes unchanged, and is recorded.
func TestFramingException(t *testing.T) {
	long := `{"message":"` + strings.Repeat("m", maxException) + `"}`
	for name, tc := range map[string]struct{ stream, code, message string }{
		"one":        {exceptionOf("ServiceException", `{"message":"spilt"}`), "ServiceException", "spilt"},
		"Message":    {exceptionOf("Never.Seen", `{"Message":"spilt","Type":"x"}`), "Never.Seen", "spilt"},
		"no message": {exceptionOf("ServiceException", ""), "ServiceException", ""},
		"bytes":      {exceptionOf("ServiceException", "\x00\xff"), "ServiceException", ""},
		"too long":   {exceptionOf("ServiceException", long), "ServiceException", ""},
		"no type":    {string(message(stringHeader(":message-type", "exception"), `{"message":"spilt"}`)), "", "spilt"},
	} {
		for how, slowly := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader} {
			f := &framing{ReadCloser: io.NopCloser(slowly(strings.NewReader(string(chunk("tea")) + tc.stream)))}
			got, err := io.ReadAll(f)
			if err != nil || string(got) != string(chunk("tea"))+tc.stream || f.exception == nil {
				t.Fatalf("%s, %s: got %q, %v", name, how, got, err)
			}
			if code, message := f.exception.read(); code != tc.code || message != tc.message || len(f.exception.payload) > maxException {
				t.Errorf("%s, %s: got %q, %q, %d bytes", name, how, code, message, len(f.exception.payload))
			}
		}
	}
}

func stringHeader(name, value string) []byte {
	h := append([]byte{byte(len(name))}, name...)
	return append(binary.BigEndian.AppendUint16(append(h, 7), uint16(len(value))), value...)
}

// chunk returns a piece of a reply in Lambda's encoding.
func chunk(payload string) []byte {
	return message(append(stringHeader(":message-type", "event"), stringHeader(":event-type", "PayloadChunk")...), payload)
}

func exceptionOf(kind, payload string) string {
	return string(message(append(stringHeader(":message-type", "exception"), stringHeader(":exception-type", kind)...), payload))
}

// FuzzFraming checks that the SDK's decoder never panics behind the framing, and that accepted
// messages pass unchanged.
func FuzzFraming(f *testing.F) {
	f.Add(message(someHeaders, "payload"))
	f.Add(message([]byte("\x01a\x63"), ""))
	f.Add(message([]byte("\x00\x07\x00\x00"), "x")[:18])
	f.Add([]byte(exceptionOf("ServiceException", "{}")))
	f.Add([]byte{255, 0, 0, 0, 254, 0, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) >= 16 { // otherwise the checksums would refuse almost everything
			stream = message(stream[:min(len(stream)/2, 64)], string(stream[len(stream)/2:]))
		}
		passed, err := io.ReadAll(&framing{ReadCloser: io.NopCloser(bytes.NewReader(stream))})
		if !bytes.HasPrefix(stream, passed) || err == nil && len(passed) != len(stream) {
			t.Errorf("%x became %x, %v", stream, passed, err)
		}
		_, _ = eventstream.NewDecoder(bytes.NewReader(passed)).Decode(nil)
	})
}
