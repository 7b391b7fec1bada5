package invoke

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// The delays before a retry: the first is up to firstDelay, or up to firstThrottleDelay after a
// throttle, and each is up to twice the one before. Half of a delay is fixed and half is random,
// so that gateways do not all retry at the same time.
const (
	firstDelay         = 50 * time.Millisecond
	firstThrottleDelay = time.Second
	maxDelay           = 20 * time.Second

	// maxWait bounds the delay of a call without a deadline, even if AWS asks for more.
	maxWait = time.Minute
)

// next tells whether to retry a call that failed with e, and after what delay. It does not retry
// if the deadline leaves no time for it.
func (c *call) next(ctx context.Context, e *Error) (time.Duration, bool) {
	if c.recovered(e) {
		return 0, true // nothing was executed, so this is not a retry
	}
	if e.Kind == KindFunction && !c.policy.RetryFunctionErrors { // the execution counts as a success
		c.client.budgets.success(c.function, c.retried)
		return 0, false
	}
	c.failed++
	if !e.retryable(c.policy) || c.failed > c.maxRetries() {
		return 0, false
	}
	delay := c.delay(e)
	if delay >= c.room(ctx, e) {
		return 0, false
	}
	if !c.client.budgets.of(c.function).take() {
		return 0, false
	}
	c.retried = true
	return delay, true
}

// room is the time for the delay after e: the time before the deadline, or maxWait without one.
// After a throttle, the duration of the last attempt is subtracted: an execution is hardly
// faster than a refusal, so a retry with less time would be a 504 instead of a 429.
func (c *call) room(ctx context.Context, e *Error) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return maxWait
	}
	room := deadline.Sub(c.client.now())
	if e.IsThrottle() {
		room -= c.took
	}
	return room
}

// recovered tells whether an attempt that AWS refused before executing anything can be repeated
// at once, with other credentials or at AWS's time. Each call is repaired this way once.
func (c *call) recovered(e *Error) bool {
	if c.refreshed || e.Kind != KindAPI {
		return false
	}
	c.refreshed = e.corrected || e.IsExpired()
	return c.refreshed
}

func (c *call) maxRetries() int {
	if c.policy.MaxRetries < 0 {
		return c.client.target.MaxRetries
	}
	return c.policy.MaxRetries
}

// delay returns how long to wait after e, at least as long as AWS asks for.
func (c *call) delay(e *Error) time.Duration {
	first := firstDelay
	if e.IsThrottle() {
		first = firstThrottleDelay
	}
	full := min(first<<min(c.failed-1, 16), maxDelay)
	delay := full/2 + time.Duration(c.client.rand()*float64(full/2))
	return max(delay, retryAfter(e.RetryAfter, c.client.clock.at(c.client.now())))
}

// retryAfter reads a Retry-After header: seconds, or a date. It returns 0 for any other value.
// now is AWS's time. Source: RFC 9110, section 10.2.3.
func retryAfter(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
