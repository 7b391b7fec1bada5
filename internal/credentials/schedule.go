package credentials

import "time"

const (
	// refreshEarly is how long before their end credentials are refreshed.
	refreshEarly = time.Minute
	// refreshInterval is the pause between two refreshes in the background, for credentials
	// that live for less than refreshEarly.
	refreshInterval = 5 * time.Second
	// errorTTL is how long the failure of a lookup counts before a request starts another.
	errorTTL = 5 * time.Second
	// checkInterval is the pause between two looks at a source that does not tell when its
	// credentials expire. Only a role of a container or an instance needs them, in a chain of
	// aws-sdk-go: it calls its credentials expired five minutes early. Keys in files never
	// expire, and MarkInvalid finds out that they have been replaced.
	checkInterval = time.Minute

	// renewalPause is the pause between two renewals that marks ask for, and keyPause that for
	// keys without an end.
	renewalPause = 5 * time.Second
	keyPause     = time.Second
	// longPause is the pause of an endpoint that refuses whatever is found.
	longPause = time.Minute
)

// refresh starts a lookup where it is time for one. The current credentials are usable. c.mu is
// held.
func (c *Cache) refresh() {
	if c.lookup != nil {
		return
	}
	expires := !c.current.Expires.IsZero()
	if expires && c.o.Now().Before(c.current.Expires.Add(-refreshEarly)) {
		return
	}
	if now := time.Now(); !now.Before(c.refreshAt) {
		c.start(now, expires)
	}
}

// renew starts a lookup with renew, not before a time, and not while another lookup runs. Where a
// renewal is due earlier already, that one serves. A change of what Find reads does not wait for
// the time. c.mu is held.
func (c *Cache) renew(now, at time.Time) {
	if c.renewAt.IsZero() || at.Before(c.renewAt) {
		c.renewAt = at
		c.arm(now)
	}
	c.detectChange(now)
}

// arm starts the renewal that is due, or sets the timer for it. c.mu is held.
func (c *Cache) arm(now time.Time) {
	if c.timer != nil {
		c.timer.Stop()
	}
	switch wait := c.renewAt.Sub(now); {
	case c.renewAt.IsZero() || c.lookup != nil: // finish calls arm
	case wait <= 0:
		c.start(now, true)
	default:
		c.timer = time.AfterFunc(wait, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.arm(time.Now())
		})
	}
}

// start starts a lookup. None is under way. c.mu is held.
func (c *Cache) start(now time.Time, renew bool) {
	c.lookup = &lookup{renew: renew}
	if renew {
		c.renewedAt, c.renewAt = now, time.Time{}
		for _, v := range c.views {
			if v.invalid == c.keys {
				v.renewalWait = min(max(2*v.renewalWait, keyPause), longPause)
			}
		}
	}
	go c.run(c.lookup)
}
