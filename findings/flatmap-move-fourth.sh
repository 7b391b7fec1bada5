#!/usr/bin/env bash
# A GraphQL API replies in the form of Relay: {"data":{"products":{"edges":[{"node":{...}}]}}}.
# A KrakenD backend flattens it with flatmap_filter: it moves data.products.edges.*.node.title to
# data.products.edges.*.title.
# Expected: each element of the list gets its own title.
# What happens: the last element gets the last title, and all other titles are gone. flatmap
# collects the paths of the elements with append; with three names before the *, all these slices
# share one array, and each element overwrites the path of the one before it. With two names it
# works, as it does with "target": "data", which takes the first name away. A list in a list,
# collection.*.lines.*.node.title, has the same fault: of each order, only the last line keeps
# its title. So has a * that is the sixth, seventh or eighth part of the path. (krakend-ce, issue
# 955, reports values that a move loses in deeper lists.)
# Why it matters: the reply is a complete 200. A list of one element is right, so a small test
# passes.
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

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
)

const teas = `{"data":{"products":{"edges":[{"node":{"title":"Assam","id":1}},{"node":{"title":"Sencha","id":2}},{"node":{"title":"Mate","id":3}}]}}}`

func main() {
	changed := false
	for _, test := range []struct{ target, prefix, reply, want string }{
		{"data", "products.edges", teas, `{"products":{"edges":[` +
			`{"node":{"id":1},"title":"Assam"},{"node":{"id":2},"title":"Sencha"},{"node":{"id":3},"title":"Mate"}]}}`},
		{"", "data.products.edges", teas, `{"data":{"products":{"edges":[` +
			`{"node":{"id":1}},{"node":{"id":2}},{"node":{"id":3},"title":"Mate"}]}}}`},
		{"", "collection.*.lines",
			`{"collection":[{"lines":[{"node":{"title":"Assam"}},{"node":{"title":"Mate"}}]},{"lines":[{"node":{"title":"Sencha"}}]}]}`,
			`{"collection":[{"lines":[{"node":null},{"node":null,"title":"Mate"}]},{"lines":[{"node":null,"title":"Sencha"}]}]}`},
	} {
		var data map[string]any
		if err := json.Unmarshal([]byte(test.reply), &data); err != nil {
			log.Fatal(err)
		}
		from, to := test.prefix+".*.node.title", test.prefix+".*.title"
		formatter := proxy.NewEntityFormatter(&config.Backend{
			Target: test.target,
			ExtraConfig: config.ExtraConfig{proxy.Namespace: map[string]any{"flatmap_filter": []any{
				map[string]any{"type": "move", "args": []any{from, to}},
			}}},
		})
		got, err := json.Marshal(formatter.Format(proxy.Response{Data: data, IsComplete: true}).Data)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("target %q, move %s to %s\n  %s\n  => %s\n", test.target, from, to, test.reply, got)
		changed = changed || string(got) != test.want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura/v2@v2.14.1 github.com/krakend/flatmap@v1.2.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/flatmap github.com/luraproject/lura/v2
go run .
