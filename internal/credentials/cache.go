package credentials

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// Found is the result of a lookup.
type Found struct {
	sigv4.Credentials
	// Expires is zero if the source does not tell when the credentials expire.
	Expires time.Time
	// Source names the provider, for the log.
	Source string
}

// Finder looks credentials up. With renew, the credentials that it found last are not good
// enough any more: it must read the shared files again and use no cache. Without renew it may
// answer from its cache while the credentials there have not expired. If Found.Expires is zero,
// a Cache with traffic calls it once a minute. A Finder has 30 seconds and should return when
// ctx is done. Its calls never overlap.
type Finder func(ctx context.Context, renew bool) (Found, error)

// Logger is the part of KrakenD's loggers that a Cache writes to.
type Logger interface {
	Debug(v ...any)
	Info(v ...any)
	Warning(v ...any)
	Error(v ...any)
}

// Options configure a Cache. They must not change afterwards.
type Options struct {
	// Find must not be nil. A panic in it counts as a failed lookup.
	Find Finder
	// Revision returns a text that changes when the sources that Find reads with renew change,
	// such as the shared files. The Cache calls it before a lookup, and at a mark whose renewal
	// has to wait: after a change that renewal starts at once. Marks cause at most one call a
	// second, in a goroutine that no request waits for. It must be safe for concurrent use, and
	// must not panic. nil means that nothing changes. See FileRevision.
	Revision func() string
	// Where names the places in which Find looks, for the log and for errors.
	Where string
	// HalfKey tells that the environment has only one half of a key, which Find ignores. The line
	// about found credentials is then a warning.
	HalfKey bool
	// Logger gets a line for each change, and none for a single request. It may be nil.
	Logger Logger
	// Describe describes the error of a lookup in one line, without secrets. nil quotes the
	// error's text.
	Describe func(error) string
	// OnResult is called at the end of each lookup, with its error. It must return soon. It may
	// be nil.
	OnResult func(error)
	// Now returns the time that decides when credentials expire. Pauses use the process's
	// monotonic clock, so Now may jump. It must be safe for concurrent use, and must not call
	// the Cache. nil means time.Now.
	Now func() time.Time
}

// Cache holds the current credentials of one source for all endpoints that use it. Its lookups
// run one at a time, each in a goroutine that ends by itself. Requests start them: an idle
// gateway makes no lookups, except one renewal that a mark has asked for, at most a minute
// later. It is safe for concurrent use.
type Cache struct {
	o Options

	mu    sync.Mutex // held briefly: not while Find, Describe or Logger runs
	views map[string]*View

	current Found
	version uint64 // of current: counts renewals and changes; 0 until something has been found
	keys    uint64 // the first version that has the access key of current

	// ready spares Retrieve the mutex. It is nil until something has been found.
	ready atomic.Pointer[ready]

	lookup   *lookup       // running; nil for none
	lookups  uint64        // counts the results of lookups
	ended    chan struct{} // closed at the next result
	err      *Error        // the last result; nil for a success
	failedAt time.Time     // the time of err
	logged   state

	refreshAt time.Time   // before it, nothing is refreshed in the background
	renewedAt time.Time   // the start of the last lookup with renew
	renewAt   time.Time   // the start of the renewal that a mark asked for; zero for none
	timer     *time.Timer // for renewAt; nil before the first

	revision   string    // of what the last lookup read
	detecting  bool      // a mark's call of Revision is running
	detectedAt time.Time // its start, or that of the last one
}

// ready holds the current credentials until they are due for a refresh.
type ready struct {
	sigv4.Credentials
	version uint64
	expires bool
	until   time.Time // by Options.Now for credentials that expire, otherwise by time.Now
}

// New returns a Cache and starts its first lookup in the background.
func New(o Options) *Cache {
	if o.Logger == nil {
		o.Logger = discard{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Cache{o: o, views: map[string]*View{}, ended: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.start(time.Now(), false)
	return c
}

// For returns the View of an endpoint, always the same one for the same text. The Cache keeps
// it, so endpoints must come from the configuration, not from requests.
func (c *Cache) For(endpoint string) *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.views[endpoint]
	if v == nil {
		v = &View{cache: c, endpoint: safeEndpoint(endpoint)}
		c.views[endpoint] = v
	}
	return v
}

// prepare sets c.ready, after each lookup. The caller holds c.mu.
func (c *Cache) prepare() {
	if c.version == 0 {
		return
	}
	r := &ready{c.current.Credentials, c.version, !c.current.Expires.IsZero(), c.refreshAt}
	if r.expires {
		r.until = c.current.Expires.Add(-refreshEarly)
	}
	c.ready.Store(r)
}

// isReady tells whether r, which may be nil, needs no refresh yet.
func (c *Cache) isReady(r *ready) bool {
	switch {
	case r == nil:
		return false
	case r.expires:
		return c.o.Now().Before(r.until)
	}
	return time.Now().Before(r.until)
}

// usable tells whether there are credentials that have not expired. The caller holds c.mu.
func (c *Cache) usable() bool {
	return c.version > 0 && (c.current.Expires.IsZero() || c.o.Now().Before(c.current.Expires))
}
