package load

import (
	"errors"
	"runtime"
	"time"
)

// pipes builds the pipes of a gateway with c.Calls endpoints. It counts the building alone:
// the configuration is there before.
func (s *server) pipes(c Command) (a Answer, err error) {
	if s.contestant.Pipes == nil {
		return a, errors.New("this contestant has no pipes")
	}
	build, err := s.contestant.Pipes(c.Calls)
	if err != nil {
		return a, err
	}
	base := heapNow()
	before, err := usageNow()
	if err != nil {
		return a, err
	}
	start := time.Now()
	made, err := build()
	if err != nil {
		return a, err
	}
	a.Calls, a.Seconds = c.Calls, time.Since(start).Seconds()
	after, err := usageNow()
	if err != nil {
		return a, err
	}
	used := after.since(before)
	a.CPUSeconds, a.Mallocs, a.Bytes = used.cpu.Seconds(), used.mallocs, used.bytes
	a.Heap = max(heapNow(), base) - base
	runtime.KeepAlive(made)
	runtime.KeepAlive(build)
	return a, nil
}
