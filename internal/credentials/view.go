package credentials

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

const (
	// staleError is the age at which a failure is too old to answer a request at once: the
	// request waits for the running lookup, but at most for gracePeriod.
	staleError  = time.Minute
	gracePeriod = time.Second
)

// View gives one endpoint access to a Cache: the current credentials, unless this endpoint has
// refused them as expired. It is safe for concurrent use.
type View struct {
	cache    *Cache
	endpoint string // for the log and for errors

	troubled atomic.Bool // marked, and not yet cleared by MarkValid

	// The mutex of the cache guards the rest.
	refused     uint64        // the last version that was marked expired; 0 for none
	refusedAt   time.Time     // the time of that mark
	lookups     uint64        // cache.lookups at that mark
	invalid     uint64        // cache.keys at the last invalid mark; 0 for none
	renewalWait time.Duration // before the next renewal for an invalid mark; doubles
	refusals    int           // versions marked expired and access keys marked invalid, in a row
	reported    bool          // the log has reported that this endpoint fails
	warned      uint64        // cache.keys of the last warning about an invalid key; 0 for none
	warnedAt    time.Time     // the time of that warning
}

// Retrieve returns the current credentials and their version, for the Mark methods. It does no
// lookup itself. It waits, until ctx is done, if no lookup has ended yet, or if this endpoint
// has refused the current credentials as expired and newer ones may come before ctx ends. If the
// last failure is a minute old, it waits for at most a second. Its error is an [*Error], or
// ctx.Err().
func (v *View) Retrieve(ctx context.Context) (sigv4.Credentials, uint64, error) {
	c := v.cache
	if !v.troubled.Load() {
		if r := c.ready.Load(); c.isReady(r) {
			return r.Credentials, r.version, nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		usable := c.usable()
		if usable && v.refused < c.version {
			c.refresh()
			return c.current.Credentials, c.version, nil
		}
		now := time.Now()
		v.request(now, usable)
		failure, at := v.failure(usable)
		if failure == nil && !c.expectsResult(ctx) {
			failure, at = v.refusal(), now
		}
		if failure != nil && (now.Sub(at) < staleError || !c.underWay()) {
			return sigv4.Credentials{}, 0, failure
		}
		if err := c.wait(ctx, failure); err != nil {
			return sigv4.Credentials{}, 0, err
		}
	}
}

// request starts the lookup that v needs, now or after a pause, unless one is running. usable
// tells that the current credentials are good, although v has refused them. The caller holds
// c.mu.
func (v *View) request(now time.Time, usable bool) {
	c := v.cache
	switch {
	case c.lookup != nil: // Retrieve asks again at its end
	case usable:
		c.renew(now, v.renewal(renewalPause))
	case c.err == nil || !now.Before(c.refreshAt):
		c.start(now, c.version > 0)
	}
}

// failure returns the error of v and its time, or nil if a result is still to come. The caller
// holds c.mu.
func (v *View) failure(usable bool) (*Error, time.Time) {
	c := v.cache
	switch {
	case usable && v.refusals >= maxRefusals:
		return v.refusal(), v.refusedAt
	case usable && c.lookups == v.lookups: // none has ended since the mark
		return nil, time.Time{}
	}
	return c.err, c.failedAt
}

// refusal returns the error for credentials that the endpoint treats as expired.
func (v *View) refusal() *Error {
	return &Error{v.cache.o.Where, v.endpoint + " refuses the credentials found there as expired", errExpired}
}

// underWay tells whether a lookup is running within its time limit. The caller holds c.mu.
func (c *Cache) underWay() bool { return c.lookup != nil && !c.lookup.overdue }

// expectsResult tells whether a lookup may end before ctx does. The caller holds c.mu.
func (c *Cache) expectsResult(ctx context.Context) bool {
	if c.lookup != nil || c.renewAt.IsZero() {
		return c.underWay()
	}
	deadline, ok := ctx.Deadline()
	return !ok || deadline.After(c.renewAt)
}

// wait returns nil at the next result of a lookup, and ctx.Err() when ctx is done. If there is
// already a failure, it returns that after the grace period. The caller holds c.mu, which wait
// releases meanwhile.
func (c *Cache) wait(ctx context.Context, failure *Error) error {
	ended := c.ended
	c.mu.Unlock()
	defer c.mu.Lock()
	var grace <-chan time.Time
	if failure != nil {
		timer := time.NewTimer(gracePeriod)
		defer timer.Stop()
		grace = timer.C
	}
	select {
	case <-ended:
		return nil
	case <-grace:
		return failure
	case <-ctx.Done():
		return ctx.Err()
	}
}
