package main

import (
	"context"
	"time"
)

// OutOfStock is an error with a separate type, whose name is the errorType that
// Lambda reports.
type OutOfStock struct {
	SKU string
}

func (e *OutOfStock) Error() string { return e.SKU + " is out of stock" }

// fail returns an error.
func fail() error {
	return &OutOfStock{SKU: "teapot"}
}

// crash panics. Lambda then starts the function anew.
func crash() error {
	panic("the teapot fell off the shelf")
}

// slow takes longer than a gateway waits for it.
func slow(ctx context.Context) (greeting, error) {
	select {
	case <-time.After(time.Minute):
		return greeting{Message: "Is anybody still there?"}, nil
	case <-ctx.Done():
		return greeting{}, ctx.Err()
	}
}
