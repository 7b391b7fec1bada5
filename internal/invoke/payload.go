package invoke

import (
	"bytes"
	"crypto/sha256"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Payload holds the data to send, in the pieces in which it was read: a growing buffer would be
// copied again and again, up to five times its size. A Payload never changes. The zero Payload
// is empty.
type Payload struct {
	first  []byte
	others [][]byte
	size   int     // the total size, in bytes
	memory *memory // the memory of first; nil if it is not reused
}

const (
	// The sizes of the first piece and of the largest, in bytes. Each piece is twice the one
	// before.
	firstPiece   = 4 << 10
	largestPiece = 256 << 10

	// oneWrite is the largest payload that is copied into one piece, in bytes. This saves the
	// separate write of the headers that net/http makes if it does not know the reader.
	oneWrite = 32 << 10

	// seamSide is how many bytes on either side of a boundary between two pieces are compared
	// with the text of an error. It is more than text.Repeats needs: an escape is longer than
	// the character it stands for.
	seamSide = 128
)

// scratch holds buffers for first pieces while they are read.
var scratch = sync.Pool{New: func() any { return new([firstPiece]byte) }}

// PayloadOf returns a payload with the bytes p, which must not change any more.
func PayloadOf(p []byte) Payload { return Payload{first: p, size: len(p)} }

// ReadPayload reads r to its end, or up to limit bytes.
func ReadPayload(r io.Reader, limit int) (Payload, error) {
	room := scratch.Get().(*[firstPiece]byte)
	n, err := fill(room[:min(limit, firstPiece)], r)
	p := PayloadOf(bytes.Clone(room[:n]))
	scratch.Put(room)
	for size := 2 * firstPiece; err == nil && p.size < limit; size = min(2*size, largestPiece) {
		piece := make([]byte, min(size, limit-p.size))
		if n, err = fill(piece, r); n > 0 {
			p.others = append(p.others, piece[:n])
			p.size += n
		}
	}
	if err == io.EOF {
		err = nil
	}
	if p.size <= oneWrite && p.others != nil {
		p = PayloadOf(p.Bytes())
	}
	return p, err
}

// fill reads until p is full or r ends, with r's own error.
func fill(p []byte, r io.Reader) (n int, err error) {
	for err == nil && n < len(p) {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

// Size returns the size of the payload, in bytes.
func (p Payload) Size() int { return p.size }

// Bytes returns the whole payload, copied if it has several pieces. Its memory is not reused
// then.
func (p Payload) Bytes() []byte {
	if p.others == nil {
		p.memory.retain()
		return p.first
	}
	return bytes.Join(append([][]byte{p.first}, p.others...), nil)
}

// pieces returns the pieces, always at least one.
func (p Payload) pieces() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !yield(p.first) {
			return
		}
		for _, piece := range p.others {
			if !yield(piece) {
				return
			}
		}
	}
}

func (p Payload) digest() (sum [sha256.Size]byte) {
	if p.others == nil {
		return sha256.Sum256(p.first)
	}
	h := sha256.New()
	for piece := range p.pieces() {
		h.Write(piece)
	}
	h.Sum(sum[:0])
	return sum
}

// repeatedIn tells whether s repeats a part of the payload, by the rule of text.Repeats.
func (p Payload) repeatedIn(s string) bool {
	var before []byte
	for piece := range p.pieces() {
		if text.Repeats(s, piece) {
			return true
		}
		// Text that begins in one piece and ends in the next.
		if before != nil {
			seam := slices.Concat(before[max(0, len(before)-seamSide):], piece[:min(seamSide, len(piece))])
			if text.Repeats(s, seam) {
				return true
			}
		}
		before = piece
	}
	return false
}

// reader returns a reader of the payload. If the payload's memory is reused, the reader must be
// closed; the error tells that the memory has been freed already. net/http knows the other
// readers of one piece, so it does not send the headers separately.
func (p Payload) reader() (io.ReadCloser, error) {
	switch {
	case p.memory != nil:
		return p.memory.reader(p.first)
	case p.others == nil:
		return io.NopCloser(bytes.NewReader(p.first)), nil
	}
	return io.NopCloser(io.NewSectionReader(p, 0, int64(p.size))), nil
}

// readerIn returns a reader of the payload, which must not be empty. It uses room for a payload in
// one piece whose memory is not reused.
func (p Payload) readerIn(room *bytes.Reader) io.ReadCloser {
	if p.memory == nil && p.others == nil {
		room.Reset(p.first)
		return io.NopCloser(room)
	}
	r, _ := p.reader() // the call is not over
	return r
}

// ReadAt implements io.ReaderAt.
func (p Payload) ReadAt(buf []byte, offset int64) (n int, err error) {
	for piece := range p.pieces() {
		if offset < int64(len(piece)) {
			n += copy(buf[n:], piece[offset:])
			offset = int64(len(piece))
		}
		offset -= int64(len(piece))
	}
	if n < len(buf) {
		return n, io.EOF
	}
	return n, nil
}
