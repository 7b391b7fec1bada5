//go:build !race

package text

import (
	"strings"
	"testing"
)

// A long text needs one allocation, and one for the quote before it. With the race detector,
// slices.Grow makes another one.
func TestAppendJSONAllocations(t *testing.T) {
	const size = 10_000
	long, prefix := strings.Repeat("x", size), make([]byte, 6)
	var b []byte
	if got := testing.AllocsPerRun(1, func() { b = AppendJSON(prefix, long) }); got > 2 || cap(b) > 2*size {
		t.Errorf("got %v allocations, and room for %d bytes", got, cap(b))
	}
}
