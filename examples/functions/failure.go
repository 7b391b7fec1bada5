package main

import (
	"context"
	"time"
)

// OutOfStock is an error. Lambda reports the name of its type as the errorType.
type OutOfStock struct {
	SKU string
}

func (e *OutOfStock) Error() string { return e.SKU + " is out of stock" }

// fail returns an error.
func fail() error {
	return &OutOfStock{SKU: "teapot"}
}

// crash panics. Lambda then restarts the function.
func crash() error {
	panic("the teapot fell off the shelf")
}

// slow takes longer than the endpoint's timeout.
func slow(ctx context.Context) (greeting, error) {
	select {
	case <-time.After(time.Minute):
		return greeting{Message: "Is anybody still there?"}, nil
	case <-ctx.Done():
		return greeting{}, ctx.Err()
	}
}
