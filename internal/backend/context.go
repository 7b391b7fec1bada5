package backend

import (
	"context"
	"sync"
)

// requestContext is a request's context that forgets its values when the request
// is over. net/http goes on to read them for a connection that it dials in the
// background, while gin, from KrakenD 2 on, has handed the memory behind them to
// another request.
type requestContext struct {
	context.Context

	mu   sync.RWMutex
	over bool
}

// Value implements context.Context.
func (c *requestContext) Value(key any) any {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.over {
		return nil
	}
	return c.Context.Value(key)
}

// end returns when nobody reads a value any more.
func (c *requestContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}
