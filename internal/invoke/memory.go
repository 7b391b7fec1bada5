package invoke

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// memory is what one payload is built in. The next one gets its bytes when the call is over and every
// reader of the payload is closed: a transport may read a body after it has returned the answer, until
// it closes the body. A transport that does not close it leaves the bytes to the garbage collector.
type memory struct {
	bytes *[]byte
	users atomic.Int32 // the call, its readers, and who has the bytes for good
}

const (
	// ownMemory is up to where a payload that was built is copied out of its memory, in bytes. The
	// headers of a call and such a payload are one write of net/http, which knows the reader then.
	ownMemory = 3 << 10

	// maxMemory is up to where bytes are used again.
	maxMemory = 2 << 20
)

// freeBytes is what payloads are built in.
var freeBytes = sync.Pool{New: func() any { return new([]byte) }}

// BuildPayload returns the payload that build appends to its argument, and nothing else may refer to.
// Release gives its memory back.
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

// Release tells that the call is over: no other attempt will be made, and nobody else uses the
// payload. Without it the garbage collector frees the memory.
func (p Payload) Release() { p.memory.release() }

// retain counts one more user. It is false where the memory has been freed.
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

// memoryReader reads a payload until it is closed. As net/http asks of a body, Read and Close can be
// called at the same time.
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
