#!/usr/bin/env bash
# A service must not wait long, so it caps the delay before a retry: retry.AddWithMaxBackoffDelay.
# Expected: no delay is longer than the cap, and shorter delays stay as they are.
# What happens: since v1.48.0 the first retry comes after up to 50 ms. But this function still
# uses the older formula, with its base of 1 s: a "cap" of 200 ms or 1 s makes every delay exactly
# that long, without jitter, and one of 5 s allows 2 s for the first retry. The option MaxBackoff
# of the same package works as expected.
# Why it matters: the cap makes retries much slower, and many clients retry at the same moment.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// delays returns the shortest and the longest of 5000 delays before the first retry.
func delays(r aws.Retryer) (shortest, longest time.Duration) {
	shortest = time.Hour
	for range 5000 {
		d, err := r.RetryDelay(1, errors.New("connection refused"))
		if err != nil {
			log.Fatal(err)
		}
		shortest, longest = min(shortest, d), max(longest, d)
	}
	return shortest, longest
}

func main() {
	show := func(what string, r aws.Retryer) (time.Duration, time.Duration) {
		shortest, longest := delays(r)
		fmt.Printf("%-36s first retry after %8s to %8s\n", what,
			shortest.Round(time.Millisecond), longest.Round(time.Millisecond))
		return shortest, longest
	}
	_, standard := show("no cap", retry.NewStandard())
	_, option := show("MaxBackoff: 200ms", retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxBackoff = 200 * time.Millisecond
	}))
	low, high := show("AddWithMaxBackoffDelay(r, 200ms)", retry.AddWithMaxBackoffDelay(retry.NewStandard(), 200*time.Millisecond))
	_, second := show("AddWithMaxBackoffDelay(r, 1s)", retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Second))
	_, five := show("AddWithMaxBackoffDelay(r, 5s)", retry.AddWithMaxBackoffDelay(retry.NewStandard(), 5*time.Second))
	if standard > 50*time.Millisecond || option > 50*time.Millisecond ||
		low != 200*time.Millisecond || high != low || second != time.Second || five < time.Second {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2@v1.48.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2
go run .
