//go:build !race

package config

import (
	"math"
	"runtime"
	"testing"
)

// smallerSizes are in the proportion of sizes, and quicker.
var smallerSizes = [2]int{200, 2000}

// Ten times as much configuration allocates ten times as often and as much, and not a hundred
// times. Maps and slices grow in steps, so there is room for three times that.
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

// cost is what a call allocates.
type cost struct{ allocations, bytes uint64 }

// costOf returns the least of several calls: what else runs in the process allocates, too.
func costOf(t *testing.T, call func() error) cost {
	t.Helper()
	if err := call(); err != nil { // what is made only once
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
