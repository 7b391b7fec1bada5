package jsonreply

import (
	"io"
	"sync"
)

// Buffers come in size classes: the first is the smallest, and each further one is four times
// the one before. The largest class, 2 MB, holds most replies. A longer reply gets a buffer
// outside the pools, so that no pool keeps the 6 MB of Lambda's longest reply.
const (
	smallest = 8 << 10
	classes  = 5
	// end is extra room to detect the end of a document that fills its class exactly.
	end = 512
)

// pools holds the free buffers of each class.
var pools [classes]sync.Pool

func classSize(class int) int { return smallest<<(2*class) + end }

// buffer holds a reply while it is decoded.
type buffer struct {
	bytes []byte
	class int // classes for a buffer outside the pools
}

// newBuffer returns an empty buffer of a class.
func newBuffer(class int) *buffer {
	if b, ok := pools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 0, classSize(class)), class}
}

// free puts the buffer back. Nothing may refer to its bytes any more.
func (b *buffer) free() {
	if b.class < classes {
		b.bytes = b.bytes[:0]
		pools[b.class].Put(b)
	}
}

// larger returns a larger buffer with the bytes of b, which it frees.
func (b *buffer) larger() *buffer {
	var l *buffer
	if class := b.class + 1; class < classes {
		l = newBuffer(class)
	} else {
		l = &buffer{make([]byte, 0, 2*cap(b.bytes)), classes}
	}
	l.bytes = append(l.bytes, b.bytes...)
	b.free()
	return l
}

// readAll reads r to its end into a buffer. On an error the buffer has the bytes read so far.
func readAll(r io.Reader) (*buffer, error) {
	b := newBuffer(0)
	for {
		if len(b.bytes) == cap(b.bytes) {
			b = b.larger()
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}
