package soak

import (
	"fmt"
	"sync"
	"time"
)

// An attempt is an execution that a gateway has asked for, and what became of it.
type attempt struct {
	fault     *fault
	requestID string // of the execution; empty where there was none
	sent      string // the reply that a fault has put in place of the function's
}

// A ledger knows of each request that the clients of a gateway have sent, which calls the
// gateway has made for it.
type ledger struct {
	seed uint64

	// maxRetries is how often the gateway tries a call again.
	maxRetries int

	mu         sync.Mutex
	expired    time.Time         // when credentials last did
	open       map[string]*entry // by id: requests that are not answered, or whose client has gone
	lanes      map[string]*entry // by function: the request whose calls have no id
	complaints []string
	tally      tally
}

// A tally is what the report says of a gateway.
type tally struct {
	requests  int
	gone      int            // clients, before they had an answer
	answers   map[int]int    // by status
	cut       int            // answers that broke off
	endpoints map[string]int // requests
	calls     int            // of functions, one for each backend
	attempts  int            // of these calls, in all
	executed  int            // of these attempts, those that have executed the function
	repeated  int            // calls that have executed it more than once
	faults    map[string]int // by kind
	slow      map[int]int    // faults of the function slow, by the status they are to give
	slowGave  map[int]int    // answers to /slow
}

// An entry is a request and the calls for it.
type entry struct {
	id    string
	calls map[string][]*attempt // by function
	gone  bool                  // its client
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

// complain notes something that must not be.
func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complainLocked(format, args...)
}

func (l *ledger) complainLocked(format string, args ...any) {
	l.complaints = append(l.complaints, fmt.Sprintf(format, args...))
}

// hasEnough tells that a run has no need to go on.
func (l *ledger) hasEnough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.complaints) >= maxComplaints
}

// slowAnswer notes the answer to a request to /slow.
func (l *ledger) slowAnswer(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.slowGave[status]++
}

// begin notes a request before it is sent. lane is the function whose calls will have no
// id, empty for none.
func (l *ledger) begin(id, endpoint, lane string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &entry{id: id, calls: make(map[string][]*attempt)}
	l.open[id] = e
	switch lane {
	case "":
	case slowFunction: // whose attempts cannot be told apart
		l.tally.calls++
	default:
		l.lanes[lane] = e
	}
	l.tally.requests++
	l.tally.endpoints[endpoint]++
}

// expiryPause is between two times that credentials expire. A gateway renews them once in five
// seconds, and has its calls wait meanwhile.
const expiryPause = 10 * time.Second

// faultOf is the fault of an attempt, as the function of that name has it, but for credentials
// that would expire too often. The mutex is held.
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

// attempt notes a call of a function, before anything becomes of it, and returns what is
// to go wrong with it. It returns nil for a call that no request explains.
func (l *ledger) attempt(function string, ids []string, streaming bool) *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.attempts++
	var e *entry
	switch {
	case len(ids) == 1:
		e = l.open[ids[0]]
	case len(ids) == 0 && function == slowFunction:
		// Which request it is for cannot be known: see slowFunction.
		f := l.faultOf(slowFunction, function, l.tally.attempts, streaming)
		l.tally.faults[f.name]++
		l.tally.slow[f.status]++
		return &attempt{fault: f}
	case len(ids) == 0:
		e = l.lanes[function]
	}
	if e == nil {
		l.complainLocked("a call of %s with the ids %q is for no request that waits for an answer", function, ids)
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

// executed notes that the function has executed.
func (l *ledger) executed(a *attempt, requestID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.requestID = requestID
}

// replaced notes the reply that goes out in place of the function's.
func (l *ledger) replaced(a *attempt, reply string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.sent = reply
}

// spared notes that the fault of a call does not happen.
func (l *ledger) spared(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.faults[a.fault.name]--
	a.fault = none
	l.tally.faults[a.fault.name]++
}

// end takes a request that is answered, and returns the calls that were made for it.
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

// count adds the executions for a request that is over.
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

// leave notes that the client of a request has gone. Calls for it may come nevertheless.
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

// close is for when the gateway is idle. Requests that are still open must be those whose
// clients have gone, and what was called for them what would have been called anyway, or
// the beginning of it.
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
				l.complainLocked("request %s, whose client has gone: %s: %v", id, function, err)
			}
		}
	}
	for status, n := range l.tally.slowGave {
		if status != slowStatus && n > l.tally.slow[status] {
			l.complainLocked("%d requests to /slow were answered with %d, and %d faults explain that", n, status, l.tally.slow[status])
		}
	}
}
