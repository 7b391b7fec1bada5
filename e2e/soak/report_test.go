package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// report prints the counts of a gateway.
func (r *run) report(t *testing.T, duration time.Duration) {
	t.Helper()
	n := r.ledger.tally
	w := t.Output()
	answered := 0
	for _, k := range n.answers {
		answered += k
	}
	fmt.Fprintf(w, "KrakenD %s, %v of traffic\n", r.Name, duration.Round(time.Second/10))
	fmt.Fprintf(w, "  requests   %d, for all %d endpoints: %d answered, of %d the client went away\n", n.requests, len(n.endpoints), answered, n.gone)
	fmt.Fprintf(w, "  answers    %s; %d broke off\n", list(n.answers), n.cut)
	fmt.Fprintf(w, "  calls      %d: %d attempts, %d retries; %d executions, of %d calls more than one\n", n.calls, n.attempts, n.attempts-n.calls, n.executed, n.repeated)
	fmt.Fprintf(w, "  faults     %s\n", list(n.faults))
	fmt.Fprintf(w, "  heap       %.1f MB at the start, %.1f MB at the end\n", mb(r.heapAtStart), mb(r.heapAtEnd))
	fmt.Fprintf(w, "  goroutines %d at the start, %d at the end\n", r.goroutinesAtStart, r.goroutinesAtEnd)
	fmt.Fprintf(w, "  calls went over %d connections; %d are open\n", r.proxy.connections.Load(), r.proxy.connected.Load())
	r.proxy.sts.mu.Lock()
	defer r.proxy.sts.mu.Unlock()
	fmt.Fprintf(w, "  roles      assumed %d times; %d requests to STS failed\n", r.proxy.sts.given, r.proxy.sts.refused)
}

func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// list returns "key: n" for each key, in order.
func list[K interface{ int | string }](counts map[K]int) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%v: %d", k, counts[k]))
	}
	return strings.Join(all, ", ")
}

// verdict fails the test for endpoints without requests, for a heap that has grown, and for complaints.
func (r *run) verdict(t *testing.T) {
	t.Helper()
	for endpoint := range traffic {
		if r.ledger.tally.endpoints[endpoint] == 0 {
			t.Errorf("KrakenD %s: no request went to %s", r.Name, endpoint)
		}
	}
	if growth := r.heapAtEnd - r.heapAtStart; growth > maxGrowth {
		t.Errorf("KrakenD %s: the heap has grown by %.1f MB, want at most %.1f MB", r.Name, mb(growth), mb(maxGrowth))
	}
	for i, complaint := range r.ledger.complaints {
		if i == maxComplaints {
			t.Errorf("KrakenD %s: and %d more", r.Name, len(r.ledger.complaints)-i)
			break
		}
		t.Errorf("KrakenD %s: %s", r.Name, complaint)
	}
}
