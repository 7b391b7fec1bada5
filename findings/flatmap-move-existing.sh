#!/usr/bin/env bash
# A KrakenD backend replies with a list of teas, each with "price" and "net_price". Clients should
# see the net price as "price": flatmap_filter moves teas.*.net_price to teas.*.price.
# Expected: the moved value replaces the old one, or at least the same one wins each time.
# What happens: a move to a name of the same depth only renames the field in flatmap's tree, which
# then has two fields with this name. The later one wins, and their order is the random order of a
# Go map. So each item of each reply has the one price or the other.
# Why it matters: the wrong price comes back in a part of the items only, and for the same
# request it is another part each time. A move to a higher level always replaces the old value.
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

const reply = `{"teas":[{"name":"assam","net_price":4,"price":5},{"name":"sencha","net_price":8,"price":10}],"rate":{"price":7}}`

func main() {
	changed := false
	for _, test := range []struct {
		from, to string
		want     []string
	}{
		{"teas.*.net_price", "teas.*.price", []string{"4 and 10", "4 and 8", "5 and 10", "5 and 8"}},
		{"rate.price", "teas", []string{"7"}},
	} {
		formatter := proxy.NewEntityFormatter(&config.Backend{ExtraConfig: config.ExtraConfig{
			proxy.Namespace: map[string]any{"flatmap_filter": []any{
				map[string]any{"type": "move", "args": []any{test.from, test.to}},
			}},
		}})
		got := map[string]int{}
		for range 1000 {
			var data map[string]any
			if err := json.Unmarshal([]byte(reply), &data); err != nil {
				log.Fatal(err)
			}
			data = formatter.Format(proxy.Response{Data: data, IsComplete: true}).Data
			if teas, ok := data["teas"].([]any); ok {
				got[fmt.Sprintf("%v and %v", teas[0].(map[string]any)["price"], teas[1].(map[string]any)["price"])]++
			} else {
				got[fmt.Sprint(data["teas"])]++
			}
		}
		fmt.Printf("move %s to %s\n", test.from, test.to)
		names := slices.Sorted(maps.Keys(got))
		for _, name := range names {
			fmt.Printf("  %4d times %s\n", got[name], name)
		}
		changed = changed || !slices.Equal(names, test.want)
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
