package sdkv1

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// maxHeaders is the SDK's limit for the headers of a message of an event stream, in
// bytes.
const maxHeaders = 128 << 10

var errFraming = errors.New("a message of the event stream is malformed")

// framing reads an event stream and checks the headers of each message, before the SDK's decoder
// sees them, for values of an unknown type. The SDK checks everything else. It keeps an
// exception, because the SDK would report it as a dump of bytes. The format:
// https://smithy.io/2.0/aws/amazon-eventstream.html
type framing struct {
	io.ReadCloser
	head      []byte     // checked, and ready to be read
	rest      int64      // of the message, after the head
	exception *exception // nil before one
}

// exception is an error that AWS sends instead of the next event.
type exception struct {
	code    string
	payload []byte // up to its limit
	rest    int64  // of the payload, up to its limit
}

// maxException is how much of an exception's payload is kept, in bytes.
const maxException = 4 << 10

// read returns the code and the message of an exception. The message is empty if the payload has
// none.
func (e *exception) read() (code, message string) {
	var fields struct{ Message string }
	_ = json.Unmarshal(e.payload, &fields) // the code alone is enough for an error
	return text.Cut(e.code), text.Cut(fields.Message)
}

// Read implements io.Reader.
func (f *framing) Read(p []byte) (n int, err error) {
	if len(f.head) == 0 && f.rest == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if len(f.head) > 0 {
		n = copy(p, f.head)
		f.head = f.head[n:]
		return n, nil
	}
	n, err = f.ReadCloser.Read(p[:min(int64(len(p)), f.rest)])
	f.rest -= int64(n)
	if e := f.exception; e != nil {
		kept := p[:min(int64(n), e.rest)]
		e.payload, e.rest = append(e.payload, kept...), e.rest-int64(len(kept))
	}
	if err == io.EOF && f.rest > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next reads the next message up to the end of its headers.
func (f *framing) next() error {
	const prelude = 12 // the lengths of the message and of its headers, and their checksum
	head := make([]byte, prelude, 256)
	if _, err := io.ReadFull(f.ReadCloser, head); err != nil {
		return err // io.EOF between two messages
	}
	total, headers := int64(binary.BigEndian.Uint32(head)), int64(binary.BigEndian.Uint32(head[4:]))
	if headers > maxHeaders || total < prelude+headers {
		return errFraming
	}
	head = append(head, make([]byte, headers)...)
	if _, err := io.ReadFull(f.ReadCloser, head[prelude:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	var kind, code string
	ok := walk(head[prelude:], func(name, value string) {
		switch name {
		case ":message-type":
			kind = value
		case ":exception-type":
			code = value
		}
	})
	if !ok {
		return errFraming
	}
	f.head, f.rest = head, total-prelude-headers
	if kind == "exception" {
		const checksum = 4 // bytes after the payload
		f.exception = &exception{code: code, rest: max(0, min(f.rest-checksum, maxException))}
	}
	return nil
}

// walk reads the headers of a message: a name with its length, a type, a value. It passes string
// headers to visit, and returns false for malformed headers.
func walk(headers []byte, visit func(name, value string)) bool {
	for len(headers) > 0 {
		name := 1 + int(headers[0])
		if len(headers) < name+1 {
			return false
		}
		size, value := 0, headers[name+1:]
		switch headers[name] {
		case 0, 1: // true, false
		case 2: // byte
			size = 1
		case 3: // short
			size = 2
		case 4: // int
			size = 4
		case 5, 8: // long, timestamp
			size = 8
		case 6, 7: // bytes, string
			if len(value) < 2 {
				return false
			}
			size = 2 + int(binary.BigEndian.Uint16(value))
		case 9: // UUID
			size = 16
		default:
			return false
		}
		if len(value) < size {
			return false
		}
		if headers[name] == 7 {
			visit(string(headers[1:name]), string(value[2:size]))
		}
		headers = value[size:]
	}
	return true
}
