package invoke

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A message of the media type application/vnd.amazon.eventstream, in bytes: its length (4), the
// length of its headers (4), a checksum of these (4), headers, payload, a checksum of all before
// (4). Source: https://smithy.io/2.0/aws/amazon-eventstream.html
const (
	preludeSize  = 12
	checksumSize = 4

	// maxMessage is the length of the longest message that AWS may send, in bytes, with headers
	// of 128 KiB and a payload of 24 MiB. Clients must not check these two limits, says the
	// specification.
	maxMessage = preludeSize + 128<<10 + 24<<20 + checksumSize

	// firstBuffer is the initial size of an eventReader's buffer, in bytes, and maxBuffer its
	// largest size. Only longer headers need more.
	firstBuffer = 16 << 10
	maxBuffer   = 64 << 10

	// pieceSize is how much of a message an eventReader holds at once, in bytes.
	pieceSize = maxBuffer - checksumSize
)

// headerString is the type of a header that holds a string.
const headerString = 7

// headerSizes are the sizes of a header's value by the header's type, in bytes, or -1 if the
// value begins with its size: true, false, four integers, bytes, a string, a time and a UUID.
var headerSizes = [...]int{0, 0, 1, 2, 4, 8, -1, headerString: -1, 8, 16}

// errFraming is wrapped by the errors of a stream that violates the format.
var errFraming = errors.New("damaged event stream")

// message is a message of an event stream. Its headers are nil if they are absent or are not
// strings.
type message struct {
	messageType, eventType, exceptionType, errorCode, errorMessage []byte

	payload []byte // the first piece of it
}

// eventReader reads the messages of an event stream. It reads only as much of r as it needs, and
// holds one piece of a message at a time. It checks a message in one piece before it returns it,
// and a longer one at its last piece.
type eventReader struct {
	r       io.Reader
	prelude [preludeSize]byte
	buf     []byte // the piece
	sum     uint32 // the checksum of the part of the message that was read
	left    int    // the unread bytes of the message, without the checksum
	err     error  // the error of the last call, if it failed
}

func newEventReader(r io.Reader) *eventReader { return &eventReader{r: r} }

// next returns the next message, which is valid until the next call of any method. It skips the
// unread rest of the last message. Its error is io.EOF after the last message,
// io.ErrUnexpectedEOF if the stream ends inside a message, errFraming, or the reader's own. A
// call after an error returns that error again.
func (e *eventReader) next() (m message, err error) {
	for e.left > 0 && e.err == nil {
		_, _ = e.rest()
	}
	if e.err != nil {
		return message{}, e.err
	}
	if m, e.err = e.read(); e.err != nil {
		return message{}, e.err
	}
	return m, nil
}

// rest returns the next piece of the message's payload, which is valid until the next call of
// any method. It returns nil after the last piece. Its errors are those of next, except io.EOF.
func (e *eventReader) rest() (piece []byte, err error) {
	if e.err != nil || e.left == 0 {
		return nil, e.err
	}
	piece, e.err = e.piece(min(e.left, pieceSize))
	return piece, e.err
}

// whole returns the payload of the last message from next, in one piece. After that no other
// part of m is valid.
func (e *eventReader) whole(m message) ([]byte, error) {
	if e.left == 0 {
		return m.payload, nil
	}
	payload := bytes.Clone(m.payload)
	for e.left > 0 {
		piece, err := e.rest()
		if err != nil {
			return nil, err
		}
		payload = append(payload, piece...)
	}
	return payload, nil
}

func (e *eventReader) read() (m message, err error) {
	if _, err := io.ReadFull(e.r, e.prelude[:]); err != nil {
		return m, err
	}
	length := binary.BigEndian.Uint32(e.prelude[:])
	headers := binary.BigEndian.Uint32(e.prelude[4:])
	switch checksum := binary.BigEndian.Uint32(e.prelude[8:]); {
	case checksum != crc32.ChecksumIEEE(e.prelude[:8]):
		return m, fmt.Errorf("%w: wrong checksum of a prelude", errFraming)
	case length < preludeSize+checksumSize, length > maxMessage:
		return m, fmt.Errorf("%w: a message of %d bytes", errFraming, length)
	case headers > length-preludeSize-checksumSize:
		return m, fmt.Errorf("%w: headers of %d bytes in a message of %d", errFraming, headers, length)
	}

	e.sum = crc32.ChecksumIEEE(e.prelude[:])
	e.left = int(length) - preludeSize - checksumSize
	content, err := e.piece(min(e.left, max(int(headers), pieceSize)))
	if err != nil {
		return m, err
	}
	m.payload = content[headers:]
	return m, m.parseHeaders(content[:headers])
}

// piece reads the next n bytes of a message. With the last piece it checks the message.
func (e *eventReader) piece(n int) ([]byte, error) {
	size := n
	if n == e.left {
		size += checksumSize
	}
	if err := e.fill(size); err != nil {
		return nil, err
	}
	content := e.buf[:n:n]
	e.sum = crc32.Update(e.sum, crc32.IEEETable, content)
	if e.left -= n; e.left == 0 && e.sum != binary.BigEndian.Uint32(e.buf[n:]) {
		return nil, fmt.Errorf("%w: wrong checksum of a message", errFraming)
	}
	return content, nil
}

// fill reads the next n bytes into the buffer. The buffer grows to at most twice the bytes
// received, so that a wrong length costs no memory.
func (e *eventReader) fill(n int) error {
	e.buf = e.buf[:0]
	for len(e.buf) < n {
		have := len(e.buf)
		if have == cap(e.buf) {
			grown := make([]byte, have, max(firstBuffer, min(2*have, n)))
			copy(grown, e.buf)
			e.buf = grown
		}
		e.buf = e.buf[:min(n, cap(e.buf))]
		if _, err := io.ReadFull(e.r, e.buf[have:]); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	return nil
}

// parseHeaders sets the headers of m. A header is, in bytes: the size of its name (1), the name,
// its type (1), the size of its value unless the type tells it (2), the value.
func (m *message) parseHeaders(b []byte) error {
	for len(b) > 0 {
		size := int(b[0])
		if size == 0 || len(b) < 1+size+1 {
			return fmt.Errorf("%w: a header without a name or a type", errFraming)
		}
		name, kind := string(b[1:1+size]), b[1+size]
		b = b[1+size+1:]

		if int(kind) >= len(headerSizes) {
			return fmt.Errorf("%w: a header of type %d", errFraming, kind)
		}
		if size = headerSizes[kind]; size < 0 && len(b) >= 2 {
			size = int(binary.BigEndian.Uint16(b))
			b = b[2:]
		}
		if size < 0 || len(b) < size {
			return fmt.Errorf("%w: a header without all of its value", errFraming)
		}
		value := b[:size]
		b = b[size:]

		if kind != headerString {
			value = nil
		}
		switch name {
		case ":message-type":
			m.messageType = value
		case ":event-type":
			m.eventType = value
		case ":exception-type":
			m.exceptionType = value
		case ":error-code":
			m.errorCode = value
		case ":error-message":
			m.errorMessage = value
		}
	}
	return nil
}
