package credentials

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// lookupLimit is how long a lookup may take. The chain of aws-sdk-go needs 12 seconds to
	// detect that there is no metadata service.
	lookupLimit = 30 * time.Second
	// minLife is how long credentials must still be valid when they are found: requests start
	// the next lookup as soon as they have expired.
	minLife = time.Second
)

// lookup is one call of Options.Find.
type lookup struct {
	renew   bool
	overdue bool // it did not end within lookupLimit
}

// run makes a lookup and applies its result. If Find does not return in time, the lookup fails,
// and Find's late result is applied as well.
func (c *Cache) run(l *lookup) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	stop := context.AfterFunc(ctx, func() { c.expire(l) })
	var found Found
	err := errors.New("the provider of the credentials ended its goroutine") // Find has called runtime.Goexit
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
		if err != nil && ctx.Err() != nil {
			err = errNoResult
		}
		stop()
		cancel()
		c.finish(l, found, c.newError(err))
	}()
	c.read(l)
	if found, err = c.o.Find(ctx, l.renew); err == nil {
		err = c.check(&found)
	}
}

// check returns what is wrong with newly found credentials.
func (c *Cache) check(found *Found) error {
	found.Expires = found.Expires.Round(0) // the wall clock decides
	switch {
	case !found.HasKeys():
		return errNoKeys
	case !found.Expires.IsZero() && found.Expires.Sub(c.o.Now()) < minLife:
		return fmt.Errorf("%w at %s", errFoundExpired, found.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// expire makes a running lookup fail.
func (c *Cache) expire(l *lookup) {
	err := c.newError(errNoResult)
	c.mu.Lock()
	if c.lookup != l {
		c.mu.Unlock()
		return
	}
	l.overdue = true
	log := c.apply(l, Found{}, err)
	c.mu.Unlock()
	c.tell(err)
	log.write(c.o.Logger)
}

// finish ends a lookup.
func (c *Cache) finish(l *lookup, found Found, err *Error) {
	c.mu.Lock()
	log := c.apply(l, found, err)
	c.lookup = nil
	c.arm(time.Now())
	c.mu.Unlock()
	if !l.overdue || err == nil { // expire has already reported it
		c.tell(err)
	}
	log.write(c.o.Logger)
}

// tell passes the result of a lookup to OnResult. A nil *Error is a success.
func (c *Cache) tell(err *Error) {
	switch {
	case c.o.OnResult == nil:
	case err == nil:
		c.o.OnResult(nil)
	default:
		c.o.OnResult(err)
	}
}

// apply takes over the result of a lookup, wakes the requests that wait for one, and returns the
// message to log. The caller holds c.mu.
func (c *Cache) apply(l *lookup, found Found, err *Error) message {
	now := time.Now()
	c.lookups++
	close(c.ended)
	c.ended = make(chan struct{})
	c.err = err
	if err != nil {
		c.failedAt, c.refreshAt = now, now.Add(errorTTL)
		c.prepare()
		return c.change(false)
	}
	c.refreshAt = now.Add(refreshInterval)
	if found.Expires.IsZero() {
		c.refreshAt = now.Add(checkInterval)
	}
	changed := found.Credentials != c.current.Credentials
	if changed || l.renew {
		c.version++
	}
	if changed {
		c.keys, c.renewAt = c.version, time.Time{}
		for _, v := range c.views {
			v.renewalWait = 0
		}
	}
	c.current = found
	c.prepare()
	return c.change(changed)
}
