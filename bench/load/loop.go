package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// callTimeout is the deadline of a call. A gateway gives every request one; this one is so
// long that it never fires.
const callTimeout = time.Minute

// loop is a closed one: each of the goroutines makes its next call when the last is done.
type loop struct {
	call        Caller
	payload     []byte
	reply       Document
	concurrency int
	// calls is how many there are in all; with 0, calls are begun for the duration, and
	// until there are atLeast of them.
	calls    int
	atLeast  int
	duration time.Duration
	// expected is how many calls there will be, roughly: room for their latencies is made
	// before they begin.
	expected int
}

// measured is what the calls of a loop were, and what they cost.
type measured struct {
	usage
	seconds   float64
	latencies []time.Duration // sorted
	errors    int
	firstErr  error
}

func (l *loop) run() (m measured, err error) {
	var (
		all   = make([][]time.Duration, l.concurrency)
		begin = make(chan struct{})
		begun atomic.Int64
		mu    sync.Mutex
		done  sync.WaitGroup
		start time.Time
	)
	// next counts a call that is begun, and tells whether it shall be.
	next := func(now time.Time) bool {
		n := begun.Add(1)
		if l.calls > 0 {
			return n <= int64(l.calls)
		}
		return now.Sub(start) < l.duration || n <= int64(l.atLeast)
	}
	room := l.expected/l.concurrency*3/2 + 64
	for i := range all {
		latencies := make([]time.Duration, 0, room)
		done.Go(func() {
			defer func() { all[i] = latencies }()
			<-begin
			for now := start; next(now); {
				if err := l.once(); err != nil {
					mu.Lock()
					m.errors++
					if m.firstErr == nil {
						m.firstErr = err
					}
					mu.Unlock()
					return
				}
				after := time.Now()
				latencies = append(latencies, after.Sub(now))
				now = after
			}
		})
	}

	before, err := usageNow()
	start = time.Now()
	close(begin)
	done.Wait()
	if err != nil {
		return m, err
	}
	m.seconds = time.Since(start).Seconds()
	after, err := usageNow()
	if err != nil {
		return m, err
	}
	m.usage = after.since(before)
	m.latencies = slices.Concat(all...)
	slices.Sort(m.latencies)
	return m, nil
}

// once makes one call and looks at its reply.
func (l *loop) once() error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	reply, err := l.call(ctx, newBody(l.payload))
	if err != nil {
		return err
	}
	if !l.reply.Matches(reply.Data) {
		return fmt.Errorf("the reply is not the one that was asked for: it has %d fields", len(reply.Data))
	}
	return nil
}

// percentile returns the value that a share of q of the sorted values do not exceed, in
// microseconds: the nearest rank. It is 0 for no values.
func percentile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(q*float64(len(sorted)) + 0.999999)
	return float64(sorted[min(max(rank, 1), len(sorted))-1]) / float64(time.Microsecond)
}

var errNoCalls = errors.New("no calls were made")
