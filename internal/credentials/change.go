package credentials

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// changeInterval is the least time between two calls of Options.Revision that marks ask for.
const changeInterval = time.Second

// FileRevision returns an Options.Revision for a Finder that reads files: it goes by their sizes
// and modification times. A file that appears or vanishes is a change. What cannot be seen counts
// as absent, and symbolic links are followed.
func FileRevision(names ...string) func() string {
	return func() string {
		var b strings.Builder
		for _, name := range names {
			if info, err := os.Stat(name); err == nil {
				fmt.Fprint(&b, info.Size(), " ", info.ModTime().UnixNano())
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
}

// detectChange starts the renewal that is due later at once, if what Find reads has changed since
// a lookup read it. It asks in a goroutine, because a file system may hang: then no other call of
// Revision is made, and renewals come at the end of their pauses. c.mu is held.
func (c *Cache) detectChange(now time.Time) {
	if c.o.Revision == nil || c.detecting || c.lookup != nil || now.Before(c.detectedAt.Add(changeInterval)) {
		return
	}
	c.detecting, c.detectedAt = true, now
	go func() {
		revision := c.o.Revision()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.detecting = false
		// A lookup that has started meanwhile may have read the new state. If it has not, the
		// next mark finds out.
		if revision != c.revision && c.lookup == nil && !c.renewAt.IsZero() {
			c.renewAt = time.Now()
			c.arm(c.renewAt)
		}
	}()
}

// read notes the revision of what a lookup is about to read. A lookup without renew may answer
// from the Finder's cache. Until something has been found, there is no such cache.
func (c *Cache) read(l *lookup) {
	if c.o.Revision == nil {
		return
	}
	revision := c.o.Revision()
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.renew || c.version == 0 {
		c.revision = revision
	}
}
