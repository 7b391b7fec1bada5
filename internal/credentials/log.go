package credentials

import "github.com/devopsfaith/krakend-lambda/internal/text"

const logPrefix = "[Lambda]"

// state is the last logged state of the credentials of a Cache.
type state int

const (
	unknown state = iota
	available
	notRefreshed // the last lookup has failed; the current credentials are good
	missing
)

// message is a line for the log. The zero value means that there is nothing to log.
type message struct {
	level func(Logger, ...any)
	line  string
}

// change returns what has changed since the last message. replaced tells that the last lookup
// found another access key. The caller holds c.mu.
func (c *Cache) change(replaced bool) message {
	before, expires := c.logged, !c.current.Expires.IsZero()
	switch {
	case c.err == nil:
		c.logged = available
	case c.usable():
		c.logged = notRefreshed
	default:
		c.logged = missing
	}
	switch {
	case c.logged == before && before == available && replaced && !expires:
		return message{Logger.Info, c.using("a new AWS access key")}
	case c.logged == before:
		return message{}
	case c.logged == available && c.o.HalfKey:
		return message{Logger.Warning, c.using("AWS credentials") + "; the gateway ignores the half of a key in the environment"}
	case c.logged == available && before == unknown:
		return message{Logger.Debug, c.using("AWS credentials")}
	case c.logged == available:
		return message{Logger.Info, c.using("AWS credentials")}
	case c.logged == missing:
		return message{Logger.Error, c.err.Error() + "; calls fail until you set up credentials there or correct the error (keys in the environment need a restart)"}
	}
	line := "no new AWS credentials in " + c.err.where + ": " + c.err.why + "; keeping the current credentials"
	if expires {
		line += " until they expire"
	}
	return message{Logger.Warning, line}
}

// using says that the current credentials are in use. The caller holds c.mu.
func (c *Cache) using(what string) string { return "using " + what + " from " + c.source() }

// source says where the current credentials come from. The caller holds c.mu.
func (c *Cache) source() string {
	if c.current.Source == "" {
		return c.o.Where
	}
	return text.Clean(text.Cut(c.current.Source)) + " (searched: " + c.o.Where + ")"
}

// write logs the message. The caller does not hold c.mu.
func (m message) write(l Logger) {
	if m.level != nil {
		m.level(l, logPrefix, m.line)
	}
}

// discard is the Logger of a Cache without one.
type discard struct{}

func (discard) Debug(...any)   {}
func (discard) Info(...any)    {}
func (discard) Warning(...any) {}
func (discard) Error(...any)   {}
