package soak

import (
	"fmt"
	"sync"
	"time"
)

// An attempt is one attempt of a call, and its result.
type attempt struct {
	fault     *fault
	requestID string // of the execution; empty if the function was not executed
	sent      string // the reply that a fault sent in place of the function's reply
}

// A ledger records the requests of a gateway's clients, and the calls that the gateway makes for
// each.
type ledger struct {
	seed uint64

	// maxRetries is how often the gateway retries a call.
	maxRetries int

	mu         sync.Mutex
	expired    time.Time         // when credentials last expired
	open       map[string]*entry // by id: requests without an answer, or whose client has disconnected
	lanes      map[string]*entry // by function: the request whose calls have no id
	complaints []string
	tally      tally
}

// A tally has the counts for a gateway's report.
type tally struct {
	requests  int
	gone      int            // clients that disconnected before they had an answer
	answers   map[int]int    // answers by status
	cut       int            // answers that broke off
	endpoints map[string]int // requests by endpoint
	calls     int            // calls of functions, one for each backend
	attempts  int            // all attempts of these calls
	executed  int            // attempts that executed the function
	repeated  int            // calls that executed the function more than once
	faults    map[string]int // faults by kind
	slow      map[int]int    // faults of the function slow, by the status that they lead to
	slowGave  map[int]int    // answers to /slow by status
}

// An entry is a request and the calls for it.
type entry struct {
	id    string
	calls map[string][]*attempt // by function
	gone  bool                  // its client has disconnected
}

func newLedger(seed uint64, maxRetries int) *ledger {
	return &ledger{
		seed: seed, maxRetries: maxRetries,
		open: make(map[string]*entry), lanes: make(map[string]*entry),
		tally: tally{
			answers: make(map[int]int), endpoints: make(map[string]int), faults: make(map[string]int),
			slow: make(map[int]int), slowGave: make(map[int]int),
		},
	}
}

// complain records a failure of the test.
func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complainLocked(format, args...)
}

func (l *ledger) complainLocked(format string, args ...any) {
	l.complaints = append(l.complaints, fmt.Sprintf(format, args...))
}

// hasEnough reports whether a run has so many complaints that it can stop.
func (l *ledger) hasEnough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.complaints) >= maxComplaints
}

// slowAnswer records the answer to a request to /slow.
func (l *ledger) slowAnswer(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.slowGave[status]++
}

// begin records a request before the client sends it. lane is the function whose calls will have no
// id, or empty.
func (l *ledger) begin(id, endpoint, lane string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &entry{id: id, calls: make(map[string][]*attempt)}
	l.open[id] = e
	switch lane {
	case "":
	case slowFunction: // its attempts do not show which request they belong to
		l.tally.calls++
	default:
		l.lanes[lane] = e
	}
	l.tally.requests++
	l.tally.endpoints[endpoint]++
}

// expiryPause is the time between two expiries of credentials. A gateway renews them at most every five
// seconds, and its calls wait for that.
const expiryPause = 10 * time.Second

// faultOf returns the fault of an attempt as the function faultOf does, but lets credentials expire
// only once in expiryPause. The caller holds the mutex.
func (l *ledger) faultOf(id, function string, n int, streaming bool) *fault {
	f := faultOf(l.seed, id, function, n, streaming)
	if f.then != refreshing {
		return f
	}
	if now := time.Now(); now.Sub(l.expired) > expiryPause {
		l.expired = now
		return f
	}
	return none
}

// attempt records an attempt of a call before it is made, and returns it with its fault. It returns
// nil if the call belongs to no open request.
func (l *ledger) attempt(function string, ids []string, streaming bool) *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.attempts++
	var e *entry
	switch {
	case len(ids) == 1:
		e = l.open[ids[0]]
	case len(ids) == 0 && function == slowFunction:
		// The call does not show which request it belongs to: see slowFunction.
		f := l.faultOf(slowFunction, function, l.tally.attempts, streaming)
		l.tally.faults[f.name]++
		l.tally.slow[f.status]++
		return &attempt{fault: f}
	case len(ids) == 0:
		e = l.lanes[function]
	}
	if e == nil {
		l.complainLocked("a call of %s with the ids %q belongs to no request that waits for an answer", function, ids)
		return nil
	}
	n := len(e.calls[function])
	a := &attempt{fault: l.faultOf(e.id, function, n, streaming)}
	if n == 0 {
		l.tally.calls++
	}
	l.tally.faults[a.fault.name]++
	e.calls[function] = append(e.calls[function], a)
	return a
}

// executed records that the function was executed.
func (l *ledger) executed(a *attempt, requestID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.requestID = requestID
}

// replaced records the reply that a fault sends in place of the function's reply.
func (l *ledger) replaced(a *attempt, reply string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.sent = reply
}

// spared records that the fault of an attempt does not happen.
func (l *ledger) spared(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.faults[a.fault.name]--
	a.fault = none
	l.tally.faults[a.fault.name]++
}

// end records the answer to a request, and returns the calls that the gateway made for it.
func (l *ledger) end(id, lane string, a answer) map[string][]attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.open[id]
	delete(l.open, id)
	delete(l.lanes, lane)
	l.tally.answers[a.status]++
	if a.err != nil {
		l.tally.cut++
	}
	l.tally.count(e)
	return e.copied()
}

// count adds the executions of a request that has ended.
func (t *tally) count(e *entry) {
	for _, attempts := range e.calls {
		n := 0
		for _, a := range attempts {
			if a.requestID != "" {
				n++
			}
		}
		t.executed += n
		if n > 1 {
			t.repeated++
		}
	}
}

// leave records that the client of a request has disconnected. Calls for it may still come.
func (l *ledger) leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[id].gone = true
	l.tally.gone++
}

func (e *entry) copied() map[string][]attempt {
	calls := make(map[string][]attempt, len(e.calls))
	for function, attempts := range e.calls {
		for _, a := range attempts {
			calls[function] = append(calls[function], *a)
		}
	}
	return calls
}

// close makes the last checks, when the gateway is idle. All requests that are still open must have a
// client that disconnected. Their calls must be the expected ones, or the first of these.
func (l *ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.open {
		if !e.gone {
			l.complainLocked("request %s was lost", id)
			continue
		}
		l.tally.count(e)
		for function, attempts := range e.copied() {
			if _, err := outcomeOf(attempts, l.maxRetries, true); err != nil {
				l.complainLocked("request %s, whose client has disconnected: %s: %v", id, function, err)
			}
		}
	}
	for status, n := range l.tally.slowGave {
		if status != slowStatus && n > l.tally.slow[status] {
			l.complainLocked("%d requests to /slow got a %d, but only %d faults lead to it", n, status, l.tally.slow[status])
		}
	}
}
