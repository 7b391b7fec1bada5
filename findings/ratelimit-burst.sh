#!/usr/bin/env bash
# A KrakenD backend may get 100 requests a second: "qos/ratelimit/proxy": {"max_rate": 100}. The
# capacity of the token bucket is then 100, too.
# Expected: a burst after a quiet time has at most 100 requests, those that fill the bucket. It
# has no more room.
# What happens: krakend-ratelimit does not fill the bucket before it is empty. Then it adds the
# tokens for the whole time since the bucket was last filled, the quiet time included. So
# after a second or more without requests, a full bucket lets 100 requests pass, is full again at
# once, and lets 100 more pass. The request that fills it costs no token: 201 in one instant. The
# router's rate limits for endpoints and clients use the same bucket.
# Why it matters: the limit protects a backend that breaks, or costs, from more than 100 requests
# a second. It gets twice as many, just when traffic comes back. A load test at a constant rate
# does not show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	ratelimit "github.com/krakend/krakend-ratelimit/v3"
	ratelimitproxy "github.com/krakend/krakend-ratelimit/v3/proxy"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

// A clock stands still unless main moves it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time                  { return c.now }
func (c *clock) Since(t time.Time) time.Duration { return c.now.Sub(t) }

func main() {
	changed := false
	for _, test := range []struct {
		quiet time.Duration
		want  int
	}{{0, 100}, {500 * time.Millisecond, 150}, {time.Second, 200}, {time.Minute, 201}} {
		c := &clock{time.Now()}
		bucket := ratelimit.NewTokenBucketWithClock(100, 100, c)
		c.now = c.now.Add(test.quiet)
		got := 0
		for bucket.Allow() {
			got++
		}
		fmt.Printf("rate 100/s, capacity 100, full, %v without requests: %d pass at once\n", test.quiet, got)
		changed = changed || got != test.want
	}

	calls := 0
	backend := func(context.Context, *proxy.Request) (*proxy.Response, error) {
		calls++
		return &proxy.Response{IsComplete: true}, nil
	}
	limited := ratelimitproxy.NewMiddleware(logging.NoOp, &config.Backend{ExtraConfig: config.ExtraConfig{
		ratelimitproxy.Namespace: map[string]any{"max_rate": 100.0},
	}})(backend)
	time.Sleep(1100 * time.Millisecond)
	start := time.Now()
	for range 1000 {
		limited(context.Background(), &proxy.Request{})
	}
	fmt.Printf("backend with max_rate 100, after 1.1 s: %d of 1000 requests pass in %v\n",
		calls, time.Since(start).Round(time.Millisecond))
	changed = changed || calls < 201
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

# The sums of KrakenD-CE 2.13.8's go.sum.
cat >go.sum <<'SUM'
github.com/krakend/krakend-ratelimit/v3 v3.3.1 h1:l1i0dbKtnA4GGVk0P9P/sw1SlMNr5FGqY1WGYw6nwMc=
github.com/krakend/krakend-ratelimit/v3 v3.3.1/go.mod h1:RmirFQ9sRF7kuvCcqsyR5xCk5+FtdITNcsO4GxZvQ1k=
SUM
if ! { go mod init example.test/finding &&
	go get github.com/krakend/krakend-ratelimit/v3@v3.3.1 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/krakend-ratelimit/v3 github.com/luraproject/lura/v2
go run .
