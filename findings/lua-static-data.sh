#!/usr/bin/env bash
# A KrakenD endpoint adds static data to each reply: {"meta":{"source":"gateway"}}. A Lua script on
# the endpoint notes in it which sale is on, if the backend's reply has one:
# if data:keyExists("sale") then data:get("meta"):set("sale", data:get("sale")) end
# Expected: static data is the same for each request, and a script changes its own reply only.
# What happens: lura puts the object of the configuration itself into each reply, not a copy. What
# the script writes into it stays there for all later requests of the endpoint: meta.sale is that
# of an earlier reply. A top-level value that the script sets does not stay.
# Why it matters: all replies announce a sale that is over, until KrakenD restarts.
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
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	lua "github.com/krakend/krakend-lua/v2/proxy"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

const nested = `local data = response.load():data()
if data:keyExists("sale") then data:get("meta"):set("sale", data:get("sale")) end`

const flat = `local data = response.load():data()
if data:keyExists("sale") then data:set("on_sale", true) end`

func main() {
	backend := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, backend)
	}))
	defer server.Close()

	changed := false
	for _, test := range []struct {
		script string
		static any
		want   []string
	}{
		{flat, map[string]any{"on_sale": false},
			[]string{`{"on_sale":false,"page":1}`, `{"on_sale":true,"page":1,"sale":"tea"}`, `{"on_sale":false,"page":1}`}},
		{nested, map[string]any{"meta": map[string]any{"source": "gateway"}},
			[]string{`{"meta":{"source":"gateway"},"page":1}`,
				`{"meta":{"sale":"tea","source":"gateway"},"page":1,"sale":"tea"}`,
				`{"meta":{"sale":"tea","source":"gateway"},"page":1}`}},
	} {
		service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
			Endpoint: "/page",
			Method:   http.MethodGet,
			Timeout:  10 * time.Second,
			Backend:  []*config.Backend{{Host: []string{server.URL}, URLPattern: "/page"}},
			ExtraConfig: config.ExtraConfig{
				proxy.Namespace:    map[string]any{"static": map[string]any{"strategy": "always", "data": test.static}},
				lua.ProxyNamespace: map[string]any{"post": test.script}, // "modifier/lua-proxy"
			},
		}}}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		endpoint, err := lua.ProxyFactory(logging.NoOp, proxy.DefaultFactory(logging.NoOp)).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		static, err := json.Marshal(test.static)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("static data %s\n", static)
		for i, reply := range []string{`{"page":1}`, `{"page":1,"sale":"tea"}`, `{"page":1}`} {
			backend = reply
			response, err := endpoint(context.Background(), &proxy.Request{
				Method: http.MethodGet, Params: map[string]string{}, Headers: map[string][]string{},
			})
			if err != nil {
				log.Fatal(err)
			}
			got, err := json.Marshal(response.Data)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("  backend %s, client %s\n", reply, got)
			changed = changed || string(got) != test.want[i]
		}
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
