package invoke

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go/private/protocol/eventstream"
)

// encoded returns a message in aws-sdk-go's encoding. headers alternates names and values.
func encoded(t testing.TB, payload string, headers ...any) string {
	t.Helper()
	m := eventstream.Message{Payload: []byte(payload)}
	for i := 0; i < len(headers); i += 2 {
		name := headers[i].(string)
		switch value := headers[i+1].(type) {
		case string:
			m.Headers.Set(name, eventstream.StringValue(value))
		case eventstream.Value:
			m.Headers.Set(name, value)
		}
	}
	var buf bytes.Buffer
	if err := eventstream.NewEncoder(&buf).Encode(m); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func encodedChunk(t testing.TB, payload string) string {
	t.Helper()
	return encoded(t, payload, ":event-type", "PayloadChunk", ":content-type", "application/octet-stream", ":message-type", "event")
}

func encodedComplete(t testing.TB, payload string) string {
	t.Helper()
	return encoded(t, payload, ":event-type", "InvokeComplete", ":content-type", "application/json", ":message-type", "event")
}

// eventFrame returns a message with these headers, this payload and correct checksums.
func eventFrame(headers, payload string) string {
	b := make([]byte, preludeSize, preludeSize+len(headers)+len(payload)+checksumSize)
	b = append(append(b, headers...), payload...)
	binary.BigEndian.PutUint32(b, uint32(cap(b)))
	binary.BigEndian.PutUint32(b[4:], uint32(len(headers)))
	return string(repairChecksums(append(b, 0, 0, 0, 0)))
}

// eventPrelude returns the beginning of a message with these lengths.
func eventPrelude(length, headers uint32) string {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, length), headers)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
}

// repairChecksums returns the stream with correct checksums, as far as its lengths are valid.
func repairChecksums(stream []byte) []byte {
	stream = bytes.Clone(stream)
	for b := stream; len(b) >= preludeSize; {
		binary.BigEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[:8]))
		n := int(binary.BigEndian.Uint32(b))
		if n < preludeSize+checksumSize || n > len(b) {
			break
		}
		binary.BigEndian.PutUint32(b[n-checksumSize:], crc32.ChecksumIEEE(b[:n-checksumSize]))
		b = b[n:]
	}
	return stream
}

// clone returns a copy that stays valid when the buffer is reused.
func (m message) clone() message {
	return message{
		bytes.Clone(m.messageType), bytes.Clone(m.eventType), bytes.Clone(m.exceptionType),
		bytes.Clone(m.errorCode), bytes.Clone(m.errorMessage), bytes.Clone(m.payload),
	}
}

// readMessage returns a message with its whole payload.
func readMessage(reader *eventReader) (message, error) {
	m, err := reader.next()
	if err != nil {
		return m, err
	}
	m = m.clone()
	for {
		piece, err := reader.rest()
		if piece == nil || err != nil {
			return m, err
		}
		m.payload = append(m.payload, piece...)
	}
}

func readMessages(r io.Reader) (all []message, err error) {
	for reader := newEventReader(r); ; {
		m, err := readMessage(reader)
		if err != nil {
			_, again := reader.next()
			if _, piece := reader.rest(); again != err || piece != err {
				return all, errors.Join(err, errors.New("the next call returns another error"), again, piece)
			}
			return all, err
		}
		all = append(all, m)
	}
}

func TestEventReader(t *testing.T) {
	const id = "0123456789abcdef"
	strings4 := []any{":event-type", "a", ":exception-type", "b", ":error-code", "c", ":error-message", "d"}
	for _, tc := range []struct {
		name, stream string
		want         message
	}{
		{"an empty message", encoded(t, ""), message{}},
		{"a payload", encoded(t, "tea"), message{payload: []byte("tea")}},
		{"headers", encoded(t, "", append(strings4, ":message-type", "e")...), message{[]byte("e"), []byte("a"), []byte("b"), []byte("c"), []byte("d"), nil}},
		{
			"headers of all types before the one that counts", encoded(t, "tea", "a", eventstream.BoolValue(true), "b", eventstream.BoolValue(false),
				"c", eventstream.Int8Value(1), "d", eventstream.Int16Value(2), "e", eventstream.Int32Value(3), "f", eventstream.Int64Value(4),
				"g", eventstream.BytesValue("bytes"), "h", "string", "i", eventstream.TimestampValue(time.Unix(1, 0)), "j", eventstream.UUIDValue([]byte(id)),
				":message-type", "event"), message{messageType: []byte("event"), payload: []byte("tea")},
		},
		{"a header of the wrong type", encoded(t, "", ":message-type", eventstream.BytesValue("event")), message{}},
		{"an empty header", eventFrame("\x0d:message-type\x07\x00\x00", ""), message{messageType: []byte{}}},
		{"a header twice", eventFrame("\x0d:message-type\x07\x00\x01a\x0d:message-type\x07\x00\x01b", ""), message{messageType: []byte("b")}},
		{"the longest name and value", eventFrame("\xff"+strings.Repeat("n", 255)+"\x07\xff\xff"+strings.Repeat("v", 65535)+"\x0d:message-type\x07\x00\x01e", "tea"), message{messageType: []byte("e"), payload: []byte("tea")}},
		{"a long payload", encoded(t, strings.Repeat("x", 3*firstBuffer+1)), message{payload: []byte(strings.Repeat("x", 3*firstBuffer+1))}},
		{"a payload of one piece", encoded(t, strings.Repeat("x", pieceSize)), message{payload: []byte(strings.Repeat("x", pieceSize))}},
		{"a payload of two pieces", encoded(t, strings.Repeat("x", pieceSize)+"y"), message{payload: []byte(strings.Repeat("x", pieceSize) + "y")}},
		{"a payload of many pieces", encoded(t, strings.Repeat("xyz", pieceSize)), message{payload: []byte(strings.Repeat("xyz", pieceSize))}},
		{"headers longer than a piece", eventFrame(strings.Repeat("\x01n\x07\x80\x00"+strings.Repeat("v", 1<<15), 3)+"\x0d:message-type\x07\x00\x01e", "tea"), message{messageType: []byte("e"), payload: []byte("tea")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// The second message proves that the reader stopped at the end of the first one.
			got, err := readMessages(strings.NewReader(tc.stream + encoded(t, "next")))
			if err != io.EOF || len(got) != 2 || string(got[1].payload) != "next" {
				t.Fatalf("got %d messages, %v", len(got), err)
			}
			checkMessage(t, got[0], tc.want)
		})
	}
}

func checkMessage(t testing.TB, got, want message) {
	t.Helper()
	for name, of := range map[string][2][]byte{
		":message-type": {got.messageType, want.messageType}, ":event-type": {got.eventType, want.eventType}, ":exception-type": {got.exceptionType, want.exceptionType},
		":error-code": {got.errorCode, want.errorCode}, ":error-message": {got.errorMessage, want.errorMessage},
	} {
		if !bytes.Equal(of[0], of[1]) || (of[0] == nil) != (of[1] == nil) {
			t.Errorf("%s: got %q, want %q", name, of[0], of[1])
		}
	}
	if !bytes.Equal(got.payload, want.payload) {
		t.Errorf("got a payload of %d bytes, want %d: %.100q", len(got.payload), len(want.payload), got.payload)
	}
}

func TestEventReaderRefuses(t *testing.T) {
	const damaged = "damaged event stream: "
	for _, tc := range []struct{ name, stream, want string }{
		{"text", "this is no event stream", damaged + "wrong checksum of a prelude"},
		{"zeros", strings.Repeat("\x00", 16), damaged + "wrong checksum of a prelude"},
		{"a message without a length", eventPrelude(0, 0) + "\x00\x00\x00\x00", damaged + "a message of 0 bytes"},
		{"a message without room for its checksum", eventPrelude(15, 0) + "\x00\x00\x00", damaged + "a message of 15 bytes"},
		{"a message that is too long", eventPrelude(maxMessage+1, 0), damaged + "a message of 25296913 bytes"},
		{"the longest message, incomplete", eventPrelude(maxMessage, 0), io.ErrUnexpectedEOF.Error()},
		{"the longest length", eventPrelude(1<<32-1, 1<<32-1), damaged + "a message of 4294967295 bytes"},
		{"headers longer than the message", eventPrelude(20, 5) + "12345678", damaged + "headers of 5 bytes in a message of 20"},
		{"headers whose length overflows", eventPrelude(16, 1<<32-1) + "1234", damaged + "headers of 4294967295 bytes in a message of 16"},
		{"another checksum", encoded(t, "tea")[:15] + "xxxx", damaged + "wrong checksum of a message"},
		{"another checksum of a message in pieces", encoded(t, strings.Repeat("x", pieceSize))[:preludeSize+pieceSize] + "xxxx", damaged + "wrong checksum of a message"},
		{"a message that ends after a piece", encoded(t, strings.Repeat("x", 2*pieceSize))[:preludeSize+pieceSize], io.ErrUnexpectedEOF.Error()},
		{"a header without a name", eventFrame("\x00\x00", ""), damaged + "a header without a name or a type"},
		{"a header that ends after its size", eventFrame("\x02", ""), damaged + "a header without a name or a type"},
		{"a header that ends in its name", eventFrame("\x02a", ""), damaged + "a header without a name or a type"},
		{"a header that ends after its name", eventFrame("\x02ab", ""), damaged + "a header without a name or a type"},
		{"an unknown type of header", eventFrame("\x01a\x0a", ""), damaged + "a header of type 10"},
		{"an integer that ends early", eventFrame("\x01a\x04123", "45678"), damaged + "a header without all of its value"},
		{"a UUID that ends early", eventFrame("\x01a\x090123456789abcde", ""), damaged + "a header without all of its value"},
		{"a string without its size", eventFrame("\x01a\x07\x00", ""), damaged + "a header without all of its value"},
		{"a string that ends early", eventFrame("\x01a\x07\x00\x02b", "c"), damaged + "a header without all of its value"},
		{"bytes that end early", eventFrame("\x01a\x06\xff\xffb", ""), damaged + "a header without all of its value"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := readMessages(strings.NewReader(tc.stream))
			if err == nil || err.Error() != tc.want || len(got) != 0 {
				t.Errorf("got %d messages, %v; want %q", len(got), err, tc.want)
			}
			if framing := strings.HasPrefix(tc.want, damaged); errors.Is(err, errFraming) != framing {
				t.Errorf("%v: errFraming is %t, want %t", err, !framing, framing)
			}
		})
	}
}

// A stream may only end between two messages.
func TestEventReaderCut(t *testing.T) {
	first, second := encodedChunk(t, "tea"), encodedComplete(t, "{}")
	stream := first + second
	for name, slow := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its error": iotest.DataErrReader} {
		for cut := range len(stream) + 1 {
			got, err := readMessages(slow(strings.NewReader(stream[:cut])))
			want, wantErr := 0, io.ErrUnexpectedEOF
			if cut >= len(first) {
				want = 1
			}
			switch cut {
			case 0, len(first):
				wantErr = io.EOF
			case len(stream):
				want, wantErr = 2, io.EOF
			}
			if len(got) != want || err != wantErr {
				t.Errorf("%s, cut at %d: got %d messages, %v; want %d, %v", name, cut, len(got), err, want, wantErr)
			}
		}
	}
}

// The reader returns an error of the connection unchanged.
func TestEventReaderOfABrokenConnection(t *testing.T) {
	broken := errors.New("connection reset")
	first := encodedChunk(t, "tea")
	for _, after := range []int{0, 5, preludeSize, len(first) - 1, len(first)} {
		_, err := readMessages(io.MultiReader(strings.NewReader(first[:after]), iotest.ErrReader(broken)))
		if err != broken {
			t.Errorf("after %d bytes: got %v, want %v", after, err, broken)
		}
	}
}

// The checksums detect each wrong bit.
func TestEventReaderFindsWrongBits(t *testing.T) {
	stream := encodedChunk(t, "tea")
	for bit := range 8 * len(stream) {
		damaged := []byte(stream)
		damaged[bit/8] ^= 1 << (bit % 8)
		if got, err := readMessages(bytes.NewReader(damaged)); len(got) != 0 || !errors.Is(err, errFraming) {
			t.Errorf("bit %d: got %d messages, %v", bit, len(got), err)
		}
	}
}

// The reader uses one buffer for all pieces, and a false length costs no memory.
func TestEventReaderMemory(t *testing.T) {
	const size = 1 << 20
	chunk := encodedChunk(t, strings.Repeat("x", size))
	reader := newEventReader(strings.NewReader(strings.Repeat(chunk, 3) + encodedChunk(t, "short") + chunk))
	for i := range 5 {
		m, err := reader.next()
		if err != nil {
			t.Fatal(err)
		}
		for piece := m.payload; piece != nil; piece, err = reader.rest() {
			if err != nil {
				t.Fatal(err)
			}
			if len(piece) > pieceSize || cap(reader.buf) > maxBuffer {
				t.Fatalf("message %d: a piece of %d bytes in a buffer of %d", i, len(piece), cap(reader.buf))
			}
			if at := &piece[0]; &append(piece, 'x')[0] == at {
				t.Fatal("a caller who appends to a piece writes to the buffer")
			}
		}
	}

	for _, have := range []int{0, 1, firstBuffer - 1, firstBuffer, firstBuffer + 1, 5*firstBuffer + 1} {
		reader := newEventReader(strings.NewReader(eventPrelude(maxMessage, maxMessage-preludeSize-checksumSize) + strings.Repeat("x", have)))
		if _, err := reader.next(); err != io.ErrUnexpectedEOF {
			t.Errorf("%d bytes: %v", have, err)
		}
		if got, most := cap(reader.buf), max(firstBuffer, 2*have); got > most {
			t.Errorf("%d bytes of a message take %d, want %d at most", have, got, most)
		}
	}
}

// FuzzEventStream checks that the reader does not panic, that it takes at most twice the memory of
// the stream, that the messages do not depend on the chunks, and that aws-sdk-go reads the same
// messages.
func FuzzEventStream(f *testing.F) {
	tea, done := encodedChunk(f, "tea"), encodedComplete(f, `{"ErrorCode":"a"}`)
	for _, seed := range []string{
		"", tea + done, tea[:20], done, encoded(f, `{"message":"no"}`, ":message-type", "exception", ":exception-type", "a"),
		encoded(f, "", ":message-type", "error", ":error-code", "a", ":error-message", "b"),
		encoded(f, "", "a", eventstream.BoolValue(true), "b", eventstream.Int64Value(1), "c", eventstream.UUIDValue(make([]byte, 16)), ":message-type", eventstream.Int8Value(1)),
		eventFrame("\x01a\x0a", ""), eventFrame("\x02", "x"), eventFrame("\x0d:message-type\x07\x00\x01a\x0d:message-type\x00", ""), eventPrelude(maxMessage, 1<<17) + "x", eventPrelude(1<<32-1, 0),
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, repaired bool) {
		if repaired { // otherwise the checksums of almost all messages are wrong
			stream = repairChecksums(stream)
		}
		reader := newEventReader(bytes.NewReader(stream))
		var got []message
		for {
			m, err := readMessage(reader)
			if err != nil {
				if !errors.Is(err, errFraming) && err != io.EOF && err != io.ErrUnexpectedEOF {
					t.Errorf("got %v", err)
				}
				slowly, slowErr := readMessages(iotest.OneByteReader(bytes.NewReader(stream)))
				if len(slowly) != len(got) || slowErr.Error() != err.Error() {
					t.Errorf("byte by byte: got %d messages, %v; want %d, %v", len(slowly), slowErr, len(got), err)
				}
				break
			}
			got = append(got, m)
		}
		if c := cap(reader.buf); c > max(firstBuffer, 2*len(stream)) {
			t.Errorf("%d bytes for a stream of %d", c, len(stream))
		}
		sdk := eventstream.NewDecoder(bytes.NewReader(stream))
		for _, m := range got {
			want, err := decodeWithSDK(sdk)
			if err != nil {
				break
			}
			checkMessage(t, m, want)
		}
		readEvents(bytes.NewReader(stream))
	})
}

// decodeWithSDK returns the next message as aws-sdk-go reads it. aws-sdk-go panics for an unknown type
// of header, before it compares checksums.
func decodeWithSDK(decoder *eventstream.Decoder) (m message, err error) {
	defer func() {
		if recover() != nil {
			err = errFraming
		}
	}()
	decoded, err := decoder.Decode(nil)
	header := func(name string) []byte {
		if value, ok := decoded.Headers.Get(name).(eventstream.StringValue); ok {
			return []byte(value)
		}
		return nil
	}
	return message{header(":message-type"), header(":event-type"), header(":exception-type"), header(":error-code"), header(":error-message"), decoded.Payload}, err
}
