package invoke

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
)

// The memory of a payload is reused only after the call has ended and all readers are closed.
func TestMemory(t *testing.T) {
	want := bytes.Repeat([]byte("a"), ownMemory+1)
	p := build(want)
	late, err := p.reader()
	if err != nil {
		t.Fatal(err)
	}
	p.Release()
	for range 100 {
		build(bytes.Repeat([]byte("b"), ownMemory+1)).Release()
	}
	if got, err := io.ReadAll(late); err != nil || !bytes.Equal(got, want) {
		t.Errorf("a reader after the call: got %.10q, %v; want %.10q", got, err, want)
	}
	if late.Close(); p.memory.users.Load() != 0 {
		t.Error("the memory still has users after its last reader")
	}
	if err := late.Close(); err != nil || p.memory.users.Load() != 0 {
		t.Errorf("closed twice: got %v, %d users", err, p.memory.users.Load())
	}
	if _, err := late.Read(make([]byte, 1)); !errors.Is(err, errReleased) {
		t.Errorf("a closed reader: got %v", err)
	}
	if r, err := p.reader(); r != nil || !errors.Is(err, errReleased) {
		t.Errorf("a reader of free memory: got %v", err)
	}
}

// The result of Bytes stays valid after the call.
func TestMemoryOfBytes(t *testing.T) {
	want := bytes.Repeat([]byte("a"), ownMemory+1)
	p := build(want)
	got := p.Bytes()
	p.Release()
	for range 100 {
		build(bytes.Repeat([]byte("b"), ownMemory+1)).Release()
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %.10q, want %.10q", got, want)
	}
}

// A short payload has separate memory, and net/http sends it with the headers.
func TestMemoryOfShortPayload(t *testing.T) {
	p := build(make([]byte, ownMemory))
	if p.memory != nil || cap(p.first) > 2*ownMemory {
		t.Errorf("got %d bytes of shared memory", cap(p.first))
	}
}

// net/http may close a body while another goroutine reads it. Then the reader does not read the
// memory any more.
func TestMemoryReaderClosedDuringReads(t *testing.T) {
	for range 50 {
		p := build(bytes.Repeat([]byte("a"), 4*ownMemory))
		r, err := p.reader()
		if err != nil {
			t.Fatal(err)
		}
		var reads sync.WaitGroup
		for range 2 {
			reads.Go(func() {
				got := make([]byte, 16)
				for {
					n, err := r.Read(got)
					if bytes.Trim(got[:n], "a") != nil {
						t.Errorf("got %q", got[:n])
					}
					if err != nil {
						return
					}
				}
			})
		}
		p.Release()
		r.Close()
		overwriteFree()
		reads.Wait()
	}
}
