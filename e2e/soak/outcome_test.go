package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// An outcome is the last attempt of a call. Its fault decides on the answer.
type outcome struct{ attempt }

// served reports whether the function's reply arrived unchanged.
func (o outcome) served() bool { return o.fault.status == 0 }

// outcomeOf checks the attempts of a call with the rules of docs/errors.md: which faults the gateway
// retries, and at most maxRetries times. If unfinished is true, a last retry may be missing.
func outcomeOf(attempts []attempt, maxRetries int, unfinished bool) (outcome, error) {
	retries, refreshed := 0, false
	for i, a := range attempts {
		again := false
		switch {
		case a.fault.then == retried && retries < maxRetries:
			retries++
			again = true
		case a.fault.then == refreshing && !refreshed:
			refreshed, again = true, true
		}
		last := i == len(attempts)-1
		switch {
		case again && last && !unfinished:
			return outcome{}, fmt.Errorf("was not retried after %s", history(attempts))
		case !again && !last:
			return outcome{}, fmt.Errorf("was retried: %s", history(attempts))
		case last:
			return outcome{a}, nil
		}
	}
	return outcome{}, fmt.Errorf("was not called")
}

// history returns the faults of attempts, in order.
func history(attempts []attempt) string {
	var names []string
	for _, a := range attempts {
		names = append(names, a.fault.name)
	}
	return strings.Join(names, ", ")
}

func historyOf(calls map[string][]attempt) string {
	var all []string
	for _, function := range slices.Sorted(maps.Keys(calls)) {
		all = append(all, function+": "+history(calls[function]))
	}
	return strings.Join(all, "; ")
}

// The soak relies on outcomeOf.
func TestOutcomeOf(t *testing.T) {
	cut := &fault{name: "cut", status: 502, then: retried}
	expired := &fault{name: "expired", status: 502, then: refreshing}
	denied := &fault{name: "denied", status: 502}
	for _, tc := range []struct {
		faults               []*fault
		accepted, unfinished bool
	}{
		{[]*fault{none}, true, true},
		{[]*fault{denied}, true, true},
		{[]*fault{cut, none}, true, true},
		{[]*fault{cut, cut, cut, cut}, true, true},
		{[]*fault{cut, cut, cut, denied}, true, true},
		{[]*fault{expired, expired}, true, true},
		{[]*fault{cut, expired, cut, cut, none}, true, true},

		{nil, false, false},
		{[]*fault{none, none}, false, false},
		{[]*fault{denied, none}, false, false},
		{[]*fault{cut}, false, true},
		{[]*fault{cut, cut, cut}, false, true},
		{[]*fault{cut, cut, cut, cut, none}, false, false},
		{[]*fault{expired}, false, true},
		{[]*fault{expired, expired, none}, false, false},
	} {
		var attempts []attempt
		for _, f := range tc.faults {
			attempts = append(attempts, attempt{fault: f})
		}
		o, err := outcomeOf(attempts, 3, false)
		if (err == nil) != tc.accepted {
			t.Errorf("%s: got %v", history(attempts), err)
		}
		if err == nil && o.fault != tc.faults[len(tc.faults)-1] {
			t.Errorf("%s: got the outcome %s", history(attempts), o.fault.name)
		}
		if _, err := outcomeOf(attempts, 3, true); (err == nil) != tc.unfinished {
			t.Errorf("%s, unfinished: got %v", history(attempts), err)
		}
	}
	attempts := []attempt{{fault: cut}, {fault: cut}, {fault: cut}}
	if _, err := outcomeOf(attempts, 2, false); err != nil {
		t.Errorf("%s, with two retries: got %v", history(attempts), err)
	}
}
