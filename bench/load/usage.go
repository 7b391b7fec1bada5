package load

import (
	"runtime"
	"syscall"
	"time"
)

// usage is what this process has used since it began.
type usage struct {
	cpu     time.Duration // user and system
	mallocs uint64
	bytes   uint64 // allocated, those that are free again included
}

func usageNow() (u usage, err error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return u, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{
		cpu:     time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		mallocs: m.Mallocs,
		bytes:   m.TotalAlloc,
	}, nil
}

func (u usage) since(before usage) usage {
	return usage{u.cpu - before.cpu, u.mallocs - before.mallocs, u.bytes - before.bytes}
}

// heapNow is what is in use of the heap, in bytes, once all that nobody needs is gone.
func heapNow() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
