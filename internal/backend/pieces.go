package backend

import (
	"bytes"
	"crypto/sha256"
	"io"
)

// payload is what goes out, in the pieces that it was read in: one that grows as it is read
// would be copied again and again, up to five times its size. Nothing in it changes.
type payload struct {
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

func inOnePiece(p []byte) payload { return payload{[][]byte{p}, len(p)} }

// readPayload reads r to its end.
func readPayload(r io.Reader) (p payload, err error) {
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
		p = inOnePiece(p.bytes())
	}
	return p, err
}

// bytes is all of the payload, copied where it has more than one piece.
func (p payload) bytes() []byte {
	if len(p.pieces) == 1 {
		return p.pieces[0]
	}
	return bytes.Join(p.pieces, nil)
}

func (p payload) digest() *[sha256.Size]byte {
	h := sha256.New()
	for _, piece := range p.pieces {
		h.Write(piece)
	}
	return (*[sha256.Size]byte)(h.Sum(nil))
}

// reader returns a reader of the payload.
func (p payload) reader() io.ReadSeeker {
	if len(p.pieces) <= 1 {
		return bytes.NewReader(p.bytes())
	}
	return io.NewSectionReader(p, 0, int64(p.size))
}

// ReadAt implements io.ReaderAt.
func (p payload) ReadAt(buf []byte, offset int64) (n int, err error) {
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
