//go:build !race

package apigw

import "testing"

// AppendEvent does not use reflection. With encoding/json, this event took 136 allocations.
func TestEventAllocations(t *testing.T) {
	route, _ := order()
	r := manyHeaders()
	api := NewAPI(HTTP, route, Settings{})
	event := api.AppendEvent(nil, &r)
	got := testing.AllocsPerRun(100, func() { event = api.AppendEvent(event[:0], &r) })
	const most = 32
	t.Logf("%.0f allocations", got)
	if got > most {
		t.Errorf("got %.0f allocations, want %d at most", got, most)
	}
}
