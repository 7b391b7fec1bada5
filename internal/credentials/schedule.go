package credentials

import "time"

const (
	// refreshEarly is how long before they expire credentials are refreshed.
	refreshEarly = time.Minute
	// refreshInterval is the pause between two background refreshes of credentials that live for
	// less than refreshEarly.
	refreshInterval = 5 * time.Second
	// errorTTL is how long a failed lookup counts before a request starts another one.
	errorTTL = 5 * time.Second
	// checkInterval is the pause between two lookups in a source that does not tell when its
	// credentials expire. Only a container's or an instance's role in a chain of aws-sdk-go
	// needs them: it reports its credentials as expired five minutes early. Keys in files never
	// expire, and MarkInvalid detects that they have been replaced.
	checkInterval = time.Minute

	// renewalPause is the pause between two renewals for marks, and keyPause the one for keys
	// that do not expire.
	renewalPause = 5 * time.Second
	keyPause     = time.Second
	// warningPause is the pause between two warnings about one invalid key.
	warningPause = time.Hour
	// longPause is the pause for an endpoint that refuses all credentials.
	longPause = time.Minute
)

// refresh starts a lookup if one is due. The current credentials are usable. The caller holds
// c.mu.
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

// renew starts a lookup with renew at the given time, or later if another lookup is running. If
// an earlier renewal is already waiting, that one is used. A change of the sources that Find
// reads starts it early. The caller holds c.mu.
func (c *Cache) renew(now, at time.Time) {
	if c.renewAt.IsZero() || at.Before(c.renewAt) {
		c.renewAt = at
		c.arm(now)
	}
	c.detectChange(now)
}

// arm starts the renewal that is due, or sets its timer. The caller holds c.mu.
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

// start starts a lookup. No lookup may be running. The caller holds c.mu.
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
