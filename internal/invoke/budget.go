package invoke

import (
	"sync"
	"sync/atomic"
)

// The retries of a function have a budget, so that calls of a function that is always throttled
// do not multiply. It is a token bucket as in the standard mode of AWS's SDKs: a retry costs
// retryCost. A call that succeeds after a retry gives that back, and any other successful call
// gives back one token. A function's own error counts as a success, unless it is retried.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
const (
	maxTokens = 500
	retryCost = 5

	// maxBudgets bounds how many functions have a separate budget, because clients may name
	// functions. All others share one.
	maxBudgets = 1024
)

// budgets are the budgets of the functions behind one client. The zero value is ready.
type budgets struct {
	used atomic.Bool // named is not empty; without it, a success takes no lock

	mu     sync.RWMutex
	named  map[string]*budget
	shared budget
}

// find returns the budget of a function, or nil if the function has used nothing yet.
func (b *budgets) find(function string) *budget {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if own, ok := b.named[function]; ok {
		return own
	}
	if len(b.named) >= maxBudgets {
		return &b.shared
	}
	return nil
}

// success returns tokens after a successful call of a function.
func (b *budgets) success(function string, retried bool) {
	if !b.used.Load() {
		return
	}
	if own := b.find(function); own != nil {
		own.success(retried)
	}
}

// of returns the budget of a function, to take tokens from it.
func (b *budgets) of(function string) *budget {
	if own := b.find(function); own != nil {
		return own
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if own, ok := b.named[function]; ok {
		return own
	}
	if b.named == nil {
		b.named = make(map[string]*budget)
	}
	own := new(budget)
	b.named[function] = own
	b.used.Store(true)
	return own
}

// budget is the retries that a function has left. The zero value is a full one.
type budget struct {
	mu   sync.Mutex
	used int // tokens
}

// take pays for a retry. It returns false if the budget is used up.
func (b *budget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+retryCost > maxTokens {
		return false
	}
	b.used += retryCost
	return true
}

// success returns tokens after a successful call.
func (b *budget) success(retried bool) {
	refund := 1
	if retried {
		refund = retryCost
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used = max(0, b.used-refund)
}
