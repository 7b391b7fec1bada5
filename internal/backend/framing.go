package backend

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go/aws/request"
)

// maxHeaders is the SDK's limit for the headers of a message of an event stream, in
// bytes.
const maxHeaders = 128 << 10

var errFraming = errors.New("a message of the event stream is malformed")

// checkFraming is a handler of the SDK's: it lets no message through to the SDK's
// decoder that this would panic on, in a goroutine where nobody can recover it.
func checkFraming(r *request.Request) {
	r.HTTPResponse.Body = &framing{ReadCloser: r.HTTPResponse.Body}
}

// framing reads an event stream and checks the headers of each message, before anybody
// sees them, for values of a type that does not exist. All else is the SDK's to check.
// The format: https://smithy.io/2.0/aws/amazon-eventstream.html
type framing struct {
	io.ReadCloser
	head []byte // checked, and to be read
	rest int64  // of the message, behind the head
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
	if !wellFormed(head[prelude:]) {
		return errFraming
	}
	f.head, f.rest = head, total-prelude-headers
	return nil
}

// wellFormed walks the headers of a message: a name with its length, a type, a value.
func wellFormed(headers []byte) bool {
	for len(headers) > 0 {
		name := 1 + int(headers[0])
		if len(headers) < name+1 {
			return false
		}
		size := 0
		switch value := headers[name+1:]; headers[name] {
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
		if headers = headers[name+1:]; len(headers) < size {
			return false
		}
		headers = headers[size:]
	}
	return true
}
