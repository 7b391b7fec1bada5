package credentials

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// changeInterval is the shortest time between two calls of Options.Revision for marks.
const changeInterval = time.Second

// FileRevision returns an Options.Revision for a Finder that reads files. It compares their
// sizes and modification times. It reports a file that appears or vanishes as a change. An
// unreadable file counts as absent, and symbolic links are followed.
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

// detectChange starts a waiting renewal at once if the sources that Find reads have changed
// since a lookup read them. It checks in a goroutine, because a file system may hang: then it
// makes no further call of Revision, and renewals start at the end of their pauses. The caller
// holds c.mu.
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
		// A lookup that has started in the meantime may have read the new state. Otherwise the
		// next mark detects the change.
		if revision != c.revision && c.lookup == nil && !c.renewAt.IsZero() {
			c.renewAt = time.Now()
			c.arm(c.renewAt)
		}
	}()
}

// read records the revision that a lookup is about to read. A lookup without renew may answer
// from the Finder's cache, but only after something has been found.
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
