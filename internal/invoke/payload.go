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

// Payload is what goes out, in the pieces that it was read in: one that grows as it is read
// would be copied again and again, up to five times its size. Nothing in it changes. The zero
// Payload is empty.
type Payload struct {
	first  []byte
	others [][]byte
	size   int     // of them all, in bytes
	memory *memory // of first; nil for memory that is not used again
}

const (
	// The sizes of the first piece and of the largest, in bytes. Each is twice the one before.
	firstPiece   = 4 << 10
	largestPiece = 256 << 10

	// oneWrite is up to where a payload is copied into one piece, in bytes. It saves the
	// write that net/http makes for the headers alone where it does not know the reader.
	oneWrite = 32 << 10

	// seamSide is how much of two pieces, on either side of where they meet, is compared with what
	// an error says, in bytes. More than text.Repeats asks for: an escape is longer than what it
	// stands for.
	seamSide = 128
)

// scratch has room for first pieces while they are read.
var scratch = sync.Pool{New: func() any { return new([firstPiece]byte) }}

// PayloadOf returns the payload that p holds. p must not change any more.
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

// Bytes returns all of the payload, copied where it has more than one piece. Its memory is not
// used again then.
func (p Payload) Bytes() []byte {
	if p.others == nil {
		p.memory.retain()
		return p.first
	}
	return bytes.Join(append([][]byte{p.first}, p.others...), nil)
}

// pieces returns the pieces, of which there is always one.
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
		// What begins in one piece and ends in the next.
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

// reader returns a reader of the payload. For one whose memory is used again it must be closed, and
// the error tells that this has happened already. net/http knows the other readers of one piece, and
// so does not send the headers ahead.
func (p Payload) reader() (io.ReadCloser, error) {
	switch {
	case p.memory != nil:
		return p.memory.reader(p.first)
	case p.others == nil:
		return io.NopCloser(bytes.NewReader(p.first)), nil
	}
	return io.NopCloser(io.NewSectionReader(p, 0, int64(p.size))), nil
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
