package credentials

import (
	"context"
	"sync"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// Found is what a lookup has found.
type Found struct {
	sigv4.Credentials
	// Expires is zero where the source does not tell when the credentials expire.
	Expires time.Time
	// Source names the provider, for the log.
	Source string
}

// Finder looks credentials up. With renew, the credentials that it found last are no longer good
// enough: it reads the shared files anew and answers from no cache. Without renew it answers from
// its cache while the credentials there have not expired: where Found.Expires is zero, a Cache
// with traffic asks once a minute. A Finder has 30 seconds and should return when ctx is done. It
// is never called while another call of it runs.
type Finder func(ctx context.Context, renew bool) (Found, error)

// Logger is the part of KrakenD's loggers that a Cache writes to.
type Logger interface {
	Debug(v ...any)
	Info(v ...any)
	Warning(v ...any)
	Error(v ...any)
}

// Options are what a Cache works with. They must not change afterwards.
type Options struct {
	// Find must not be nil. A panic in it counts as a failed lookup.
	Find Finder
	// Revision returns a text that differs once what Find reads with renew has changed, such as
	// the shared files. The Cache calls it before a lookup, and at a mark whose renewal has to
	// wait: that renewal starts at once after a change. At most once a second marks cause a call,
	// in a goroutine that no request waits for. It must be safe for concurrent use, and must not
	// panic. nil stands for no changes. See FileRevision.
	Revision func() string
	// Where says in which places Find looks, for the log and for errors.
	Where string
	// Logger gets a line for each change, and none for a single request. nil drops them.
	Logger Logger
	// Describe says in one line, without secrets, what a lookup failed of. nil quotes the
	// error's text.
	Describe func(error) string
	// OnResult is told of the end of each lookup, with its error. It must return soon. nil is
	// for none.
	OnResult func(error)
	// Now tells the time that credentials expire by. Pauses go by the process's own clock, so
	// Now may jump. It must not call the Cache. nil stands for time.Now.
	Now func() time.Time
}

// Cache has the current credentials of one source for all endpoints that use it. Its lookups
// run one at a time, each in a goroutine that ends by itself. Requests cause them: a gateway at
// rest looks nothing up, but for one renewal that a mark has asked for, a minute later at most.
// It is safe for concurrent use.
type Cache struct {
	o Options

	mu    sync.Mutex // held for moments: not while Find, Describe or Logger runs
	views map[string]*View

	current Found
	version uint64 // of current: counts renewals and changes; 0 while nothing has been found
	keys    uint64 // the first version that has the access key of current

	lookup   *lookup       // under way; nil for none
	lookups  uint64        // counts the results of lookups
	ended    chan struct{} // closed at the next result
	err      *Error        // the last result; nil for a success
	failedAt time.Time     // the time of err
	logged   state

	refreshAt time.Time   // before it, nothing is refreshed in the background
	renewedAt time.Time   // the start of the last lookup with renew
	renewAt   time.Time   // the start of the renewal that a mark has asked for; zero for none
	timer     *time.Timer // for renewAt; nil before the first

	revision   string    // of what the last lookup has read
	detecting  bool      // a mark's call of Revision is under way
	detectedAt time.Time // its start, or that of the last one
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

// For returns the View of an endpoint: always the same one for the same text. The Cache keeps
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

// usable tells whether there are credentials that have not expired. c.mu is held.
func (c *Cache) usable() bool {
	return c.version > 0 && (c.current.Expires.IsZero() || c.o.Now().Before(c.current.Expires))
}
