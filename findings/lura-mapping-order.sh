#!/usr/bin/env bash
# A KrakenD backend replies {"id":"internal","uid":"public"}. The mapping {"id":"uid","uid":"id"}
# should exchange the two names. A chain such as {"a":"b","b":"c"} should rename both.
# Expected: {"id":"public","uid":"internal"}, or at least the same reply each time.
# What happens: lura renames the fields one after another, in the random order of a Go map. The
# second renaming takes what the first one wrote. One field is lost, and which one changes from
# request to request.
# Why it matters: a client that reads "id" gets, at random, the internal id or nothing.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"slices"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	formatter := proxy.NewEntityFormatter(&config.Backend{Mapping: map[string]string{"id": "uid", "uid": "id"}})
	replies := map[string]int{}
	for range 1000 {
		reply := formatter.Format(proxy.Response{
			Data:       map[string]any{"id": "internal", "uid": "public"},
			IsComplete: true,
		})
		text, err := json.Marshal(reply.Data)
		if err != nil {
			log.Fatal(err)
		}
		replies[string(text)]++
	}
	for _, reply := range slices.Sorted(maps.Keys(replies)) {
		fmt.Printf("%4d times %s\n", replies[reply], reply)
	}
	if len(replies) != 2 || replies[`{"id":"internal"}`] == 0 || replies[`{"uid":"public"}`] == 0 {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/luraproject/lura/v2
go run .
