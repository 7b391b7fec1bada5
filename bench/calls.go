package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cell is one kind of call: the number of concurrent calls, and the size of the reply in bytes.
type cell struct {
	atOnce, reply int
}

func (c cell) String() string { return fmt.Sprintf("%s, %d concurrent", spaced(c.reply), c.atOnce) }

func cells() []cell {
	return []cell{{1, small}, {8, small}, {64, small}, {8, medium}, {4, large}}
}

// callTimeout is the deadline of a call, because a gateway also gives each request a deadline. It never
// passes.
const callTimeout = time.Minute

// slice has the costs of the calls of one turn.
type slice struct {
	calls   int
	seconds float64
	cpu     float64 // seconds of this process, user and system
	mallocs float64
	bytes   float64 // allocated
}

func perSecond(s slice) float64   { return float64(s.calls) / s.seconds }
func cpuMicros(s slice) float64   { return s.cpu * 1e6 / float64(s.calls) }
func allocations(s slice) float64 { return s.mallocs / float64(s.calls) }
func allocated(s slice) float64   { return s.bytes / float64(s.calls) }

// callResults has the slices by cell and by the name of the contestant, one for each round.
type callResults []map[string][]slice

// measureCalls lets all contestants call the API in turns.
func measureCalls(ctx context.Context, o options, all []contestant) (callResults, error) {
	server, err := startAPI(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	var results callResults
	for _, c := range cells() {
		o.progress("calls: %s", c)
		payload, _ := document(small)
		_, orders := document(c.reply)
		turns := make(map[string][]slice)
		callers := make(map[string]caller)
		for _, who := range all {
			if callers[who.name], err = who.open(target(server.url(), functionName(c.reply))); err != nil {
				return nil, fmt.Errorf("%s: %w", who.name, err)
			}
		}
		for round := range o.rounds {
			for _, who := range rotated(all, round) {
				if _, err := c.turn(ctx, callers[who.name], []byte(payload), orders, o.duration/5); err != nil { // to warm up
					return nil, fmt.Errorf("%s: %w", who.name, err)
				}
				var s slice
				got, err := server.counted(func() (err error) {
					s, err = c.turn(ctx, callers[who.name], []byte(payload), orders, o.duration)
					return err
				})
				if want := (counts{Calls: int64(s.calls), Bytes: int64(s.calls * small)}); err == nil && got != want {
					err = fmt.Errorf("the API got %+v, want %+v", got, want)
				}
				if err != nil {
					return nil, fmt.Errorf("%s: %w", who.name, err)
				}
				turns[who.name] = append(turns[who.name], s)
			}
		}
		results = append(results, turns)
	}
	return results, nil
}

// turn makes calls for a time. Each goroutine makes its next call when the last one has returned.
func (c cell) turn(ctx context.Context, call caller, payload []byte, orders int, duration time.Duration) (slice, error) {
	runtime.GC() // the garbage of earlier turns
	var (
		calls atomic.Int64
		done  sync.WaitGroup
		errs  = make([]error, c.atOnce)
	)
	before, start := used(), time.Now()
	for i := range errs {
		done.Go(func() {
			for errs[i] == nil && (time.Since(start) < duration || calls.Load() == 0) {
				errs[i] = once(ctx, call, payload, orders)
				calls.Add(1)
			}
		})
	}
	done.Wait()
	after := used()
	return slice{
		calls:   int(calls.Load()),
		seconds: time.Since(start).Seconds(),
		cpu:     after.cpu - before.cpu,
		mallocs: after.mallocs - before.mallocs,
		bytes:   after.bytes - before.bytes,
	}, errors.Join(errs...)
}

// once makes a call and checks its reply.
func once(ctx context.Context, call caller, payload []byte, orders int) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// Like the body of a client's request, this reader has no length and cannot be rewound.
	data, err := call(ctx, io.NopCloser(struct{ io.Reader }{bytes.NewReader(payload)}))
	if err != nil {
		return err
	}
	if list, ok := data["orders"].([]any); !ok || len(list) != orders {
		return fmt.Errorf("got %d orders, want %d", len(list), orders)
	}
	return nil
}

// used returns the costs of this process since its start.
func used() slice {
	var r syscall.Rusage
	var m runtime.MemStats
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // on systems without it
	}
	runtime.ReadMemStats(&m)
	return slice{
		cpu:     time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds(),
		mallocs: float64(m.Mallocs),
		bytes:   float64(m.TotalAlloc),
	}
}
