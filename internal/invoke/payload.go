package invoke

import (
	"bytes"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Payload is what goes out, in the pieces that it was read in: one that grows as it is read
// would be copied again and again, up to five times its size. Nothing in it changes. The zero
// Payload is empty.
type Payload struct {
	pieces [][]byte
	size   int // of them all, in bytes
}

const (
	// The sizes of the first piece and of the largest, in bytes. Each is twice the one
	// before.
	firstPiece   = 1 << 10
	largestPiece = 256 << 10

	// oneWrite is up to where a payload is copied into one piece, in bytes. It saves the
	// write that net/http makes for the headers alone where it does not know the reader.
	oneWrite = 32 << 10
)

// PayloadOf returns the payload that p holds. p must not change any more.
func PayloadOf(p []byte) Payload {
	if len(p) == 0 {
		return Payload{}
	}
	return Payload{[][]byte{p}, len(p)}
}

// ReadPayload reads r to its end.
func ReadPayload(r io.Reader) (p Payload, err error) {
	for size := firstPiece; err == nil; size = min(2*size, largestPiece) {
		piece := make([]byte, 0, size)
		for err == nil && len(piece) < cap(piece) {
			var n int
			n, err = r.Read(piece[len(piece):cap(piece)])
			piece = piece[:len(piece)+n]
		}
		if len(piece) > 0 {
			p.pieces = append(p.pieces, piece)
			p.size += len(piece)
		}
	}
	if err == io.EOF {
		err = nil
	}
	if p.size <= oneWrite && len(p.pieces) > 1 {
		p = PayloadOf(p.Bytes())
	}
	return p, err
}

// Size returns the size of the payload, in bytes.
func (p Payload) Size() int { return p.size }

// Bytes returns all of the payload, copied where it has more than one piece.
func (p Payload) Bytes() []byte {
	if len(p.pieces) == 1 {
		return p.pieces[0]
	}
	return bytes.Join(p.pieces, nil)
}

func (p Payload) digest() *[sha256.Size]byte {
	h := sha256.New()
	for _, piece := range p.pieces {
		h.Write(piece)
	}
	return (*[sha256.Size]byte)(h.Sum(nil))
}

// repeatedIn tells whether s repeats a part of the payload, by the rule of text.Repeats.
func (p Payload) repeatedIn(s string) bool {
	return slices.ContainsFunc(p.pieces, func(piece []byte) bool { return text.Repeats(s, piece) })
}

// reader returns a reader of the payload.
func (p Payload) reader() io.ReadSeeker {
	if len(p.pieces) <= 1 {
		return bytes.NewReader(p.Bytes())
	}
	return io.NewSectionReader(p, 0, int64(p.size))
}

// ReadAt implements io.ReaderAt.
func (p Payload) ReadAt(buf []byte, offset int64) (n int, err error) {
	for _, piece := range p.pieces {
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
