package backend

import (
	"context"
	"sync"
)

// requestContext is a request's context that drops its values at the end of the request.
// net/http keeps reading them for a connection that it dials in the background, but gin, from
// KrakenD 2 on, has already reused their memory for another request.
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

// end drops the values. When it returns, no goroutine reads a value any more.
func (c *requestContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}
