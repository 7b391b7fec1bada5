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

	// firstBuffer is the size of the buffer that an eventReader starts with, in bytes, and
	// maxBuffer its size in the end. Only longer headers need more.
	firstBuffer = 16 << 10
	maxBuffer   = 64 << 10

	// pieceSize is how much of a message an eventReader holds at once, in bytes.
	pieceSize = maxBuffer - checksumSize
)

// headerString is the type of a header that holds a string.
const headerString = 7

// headerSizes are the sizes of a header's value by the header's type, in bytes, and -1 where the
// value begins with its size: true, false, four integers, bytes, a string, a time and a UUID.
var headerSizes = [...]int{0, 0, 1, 2, 4, 8, -1, headerString: -1, 8, 16}

// errFraming is wrapped by the errors of a stream that breaks the rules of the format.
var errFraming = errors.New("damaged event stream")

// message is a message of an event stream. Its headers are nil where they are absent or hold
// something other than a string.
type message struct {
	messageType, eventType, exceptionType, errorCode, errorMessage []byte

	payload []byte // the first piece of it
}

// eventReader reads the messages of an event stream. It reads no more of r than they need, and
// holds one piece of a message at a time. A message in one piece is checked before anyone sees
// it, a longer one at its last piece.
type eventReader struct {
	r       io.Reader
	prelude [preludeSize]byte
	buf     []byte // the piece
	sum     uint32 // the checksum of what has been read of the message
	left    int    // what has not, in bytes, without the checksum
	err     error  // of the last call, if it failed
}

func newEventReader(r io.Reader) *eventReader { return &eventReader{r: r} }

// next returns the next message, which is valid until the next call of any method. It skips what
// is left of the message before. Its error is io.EOF after the last message, io.ErrUnexpectedEOF
// where the stream ends inside a message, errFraming, or the reader's own. A call after an error
// returns that error again.
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

// rest returns the next piece of the message's payload, which is valid until the next call of any
// method. It is nil behind the last piece. The errors are those of next, but for io.EOF.
func (e *eventReader) rest() (piece []byte, err error) {
	if e.err != nil || e.left == 0 {
		return nil, e.err
	}
	piece, e.err = e.piece(min(e.left, pieceSize))
	return piece, e.err
}

// whole returns the payload of the message that next has returned last, in one piece. No other
// part of m is valid after it.
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

// piece reads the next n bytes of a message. With the last of them it checks the message.
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

// fill reads the next n bytes into the buffer. The buffer grows to twice the bytes that have
// come at most, so that a wrong length costs no memory.
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
// its type (1), the size of its value where the type does not tell it (2), the value.
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
