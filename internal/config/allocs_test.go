//go:build !race

package config

import (
	"math"
	"runtime"
	"testing"
)

// smallerSizes have the same ratio as sizes, and take less time.
var smallerSizes = [2]int{200, 2000}

// Ten times as much configuration makes ten times the allocations and bytes, not a hundred times.
// Maps and slices grow in steps, so the limit is thirty times.
func TestLargeConfigsAreLinear(t *testing.T) {
	for name, large := range largeConfigs {
		t.Run(name, func(t *testing.T) {
			var start, requests [2]cost
			for i, n := range smallerSizes {
				settings, request := large(n)
				start[i] = costOf(t, func() error { _, _, err := Parse(settings, nil); return err })
				cfg, _, err := Parse(settings, nil)
				if err != nil {
					t.Fatal(err)
				}
				requests[i] = costOf(t, func() error { return request(&cfg) })
			}
			t.Logf("start: %+v, request: %+v, of the sizes %v", start, requests, smallerSizes)
			for what, c := range map[string][2]cost{"start": start, "request": requests} {
				if c[1].allocations > 30*c[0].allocations+30 || c[1].bytes > 30*c[0].bytes+1<<10 {
					t.Errorf("%s: got %+v for %d and %+v for %d", what, c[0], smallerSizes[0], c[1], smallerSizes[1])
				}
			}
		})
	}
}

// cost counts the allocations of a call.
type cost struct{ allocations, bytes uint64 }

// costOf returns the lowest cost of several calls, because other goroutines allocate too.
func costOf(t *testing.T, call func() error) cost {
	t.Helper()
	if err := call(); err != nil { // the first call makes what later calls share
		t.Fatal(err)
	}
	least := cost{math.MaxUint64, math.MaxUint64}
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := call()
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		least.allocations = min(least.allocations, after.Mallocs-before.Mallocs)
		least.bytes = min(least.bytes, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}
