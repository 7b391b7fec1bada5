#!/usr/bin/env bash
# A Go program keeps pointers in golang-lru's cache with a time to live (package expirable) and lists
# them with Values, as for a status page.
# Expected: the values of the entries that have not expired, as the comment of Values says ("Expired
# entries are filtered out"), and nothing else.
# What happens: Values allocates a slice for all entries and skips the expired ones, but does not
# shorten the slice: it ends with a nil for each expired entry. Entries stay in the cache for up to
# about a hundredth of the time to live after they expire: half a minute for an hour. Keys, Len and
# Contains count them during that time, Get does not.
# Why it matters: while entries come in steadily, most of the lists have nil pointers, and a program
# that uses them panics; lists of plain values have zeros. Tests with fresh entries never see it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

type session struct{ user string }

func main() {
	cache := expirable.NewLRU[int, *session](10_000, nil, 500*time.Millisecond)
	calls, withNil, contained := 0, 0, 0
	for i := range 2000 {
		cache.Add(i, &session{user: fmt.Sprint(i)})
		time.Sleep(time.Millisecond)
		keys, values := cache.Keys(), cache.Values()
		calls++
		for _, s := range values {
			if s == nil {
				withNil++
				if len(keys) > 0 && cache.Contains(keys[0]) {
					if _, ok := cache.Get(keys[0]); !ok {
						contained++
					}
				}
				break
			}
		}
	}
	fmt.Printf("Values called %d times, %d times with nil\nContains and Get disagreed %d times\n", calls, withNil, contained)
	if withNil == 0 || contained == 0 {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/hashicorp/golang-lru/v2@v2.0.7 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/hashicorp/golang-lru/v2
go run .
