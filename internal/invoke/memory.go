package invoke

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// memory is the buffer in which a payload is built. It is reused when the call is over and all
// readers of the payload are closed: a transport may read a body after it has returned the
// answer, until it closes the body. If a transport does not close it, the garbage collector
// frees the bytes.
type memory struct {
	bytes *[]byte
	users atomic.Int32 // counts the call, its readers, and permanent users of the bytes
}

const (
	// ownMemory is the largest payload that is copied out of the memory it was built in, in
	// bytes. net/http knows the reader of such a copy, and so sends it and the headers in one
	// write.
	ownMemory = 3 << 10

	// maxMemory is the largest buffer that is reused, in bytes.
	maxMemory = 2 << 20
)

// freeBytes holds the free buffers for payloads.
var freeBytes = sync.Pool{New: func() any { return new([]byte) }}

// BuildPayload returns the payload that build appends to its argument. Nothing else may refer to
// it. Release returns its memory.
func BuildPayload(build func([]byte) []byte) Payload {
	m := &memory{bytes: freeBytes.Get().(*[]byte)}
	p := build((*m.bytes)[:0])
	*m.bytes = p
	m.users.Store(1)
	if len(p) > ownMemory {
		return Payload{first: p, size: len(p), memory: m}
	}
	p = bytes.Clone(p)
	m.release()
	return PayloadOf(p)
}

// Release tells that the call is over: no attempt follows, and nothing else uses the payload.
// Without Release the garbage collector frees the memory.
func (p Payload) Release() { p.memory.release() }

// retain counts one more user. It returns false if the memory has been freed.
func (m *memory) retain() bool {
	if m == nil {
		return true
	}
	for {
		n := m.users.Load()
		if n == 0 {
			return false
		}
		if m.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release counts one user less. The last one frees the memory.
func (m *memory) release() {
	if m != nil && m.users.Add(-1) == 0 && cap(*m.bytes) <= maxMemory {
		freeBytes.Put(m.bytes)
	}
}

var errReleased = errors.New("the call is over: its payload cannot be read again")

// reader returns a reader of p, which is in the memory.
func (m *memory) reader(p []byte) (io.ReadCloser, error) {
	if !m.retain() {
		return nil, errReleased
	}
	r := &memoryReader{memory: m}
	r.unread.Reset(p)
	return r, nil
}

// memoryReader reads a payload until it is closed. As net/http requires of a body, Read and
// Close can be called concurrently.
type memoryReader struct {
	mu     sync.Mutex
	unread bytes.Reader
	memory *memory // nil once it is closed
}

// Read implements io.Reader.
func (r *memoryReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return 0, errReleased
	}
	return r.unread.Read(p)
}

// Close implements io.Closer.
func (r *memoryReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory.release()
	r.memory = nil
	return nil
}
