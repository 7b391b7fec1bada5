#!/usr/bin/env bash
# A Lua script of a KrakenD backend adds the sales by year to the reply:
# data:set("sales", {["2024"] = 10, ["2025"] = 12}). Clients get {"sales":{"2024":10,"2025":12}}.
# Later the table moves into another one: data:set("report", {sales = {["2024"] = 10, ...}}).
# Expected: {"report":{"sales":{"2024":10,"2025":12}}}. The keys are strings, and "2024" is not 1.
# What happens: if all keys of a table in a table look like integers, krakend-lua makes a list of
# it, without the keys and their gaps: {"report":{"sales":[10,12]}}. An empty table in a table
# becomes null. Neither happens to the outer table, or to one of luaTable.new().
# Why it matters: the years, ids or postcodes are lost, and with a key such as "2024-Q1" in it, or
# without entries, the same field has another type.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	lua "github.com/krakend/krakend-lua/v2/proxy"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	changed := false
	for _, test := range []struct{ script, want string }{
		{`data:set("sales", {["2024"] = 10, ["2025"] = 12})`, `{"sales":{"2024":10,"2025":12}}`},
		{`data:set("report", {sales = {["2024"] = 10, ["2025"] = 12}})`, `{"report":{"sales":[10,12]}}`},
		{`data:set("report", {sales = {["2024-Q1"] = 3, ["2025"] = 12}})`, `{"report":{"sales":{"2024-Q1":3,"2025":12}}}`},
		{`data:set("report", {sales = {}})`, `{"report":{"sales":null}}`},
		{`local sales = luaTable.new(); sales:set("2024", 10); data:set("report", {sales = sales})`,
			`{"report":{"sales":{"2024":10}}}`},
	} {
		call := lua.BackendFactory(logging.NoOp, func(*config.Backend) proxy.Proxy {
			return func(context.Context, *proxy.Request) (*proxy.Response, error) {
				return &proxy.Response{Data: map[string]any{}, IsComplete: true}, nil
			}
		})(&config.Backend{ExtraConfig: config.ExtraConfig{
			// "modifier/lua-backend" in a configuration file
			lua.BackendNamespace: map[string]any{"post": "local data = response.load():data(); " + test.script},
		}})
		reply, err := call(context.Background(), &proxy.Request{})
		if err != nil {
			log.Fatal(err)
		}
		got, err := json.Marshal(reply.Data)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n  => %s\n", test.script, got)
		changed = changed || string(got) != test.want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

# The sums of KrakenD-CE 2.13.8's go.sum.
cat >go.sum <<'SUM'
github.com/krakend/binder v0.0.0-20250826131726-e91a8a754ef8 h1:uOS527akfVhrprneQ7d31MLgd8HyEnTzEL0g2tyJvZA=
github.com/krakend/binder v0.0.0-20250826131726-e91a8a754ef8/go.mod h1:IzHqwveKEWF5G/F4rTLNTTXs9qACjIPJ4soYGpVv6+s=
github.com/krakend/krakend-lua/v2 v2.9.1 h1:vlZYOJx2teMQVpm2OKpqvrOgDj1LzonFVTM52o9TmSc=
github.com/krakend/krakend-lua/v2 v2.9.1/go.mod h1:wzUUaLeHbA+kXaKgP5CgtQEEU+xXcSRZAS8tJGg8Pt0=
SUM
if ! { go mod init example.test/finding &&
	go get github.com/krakend/krakend-lua/v2@v2.9.1 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/krakend-lua/v2 github.com/luraproject/lura/v2
go run .
