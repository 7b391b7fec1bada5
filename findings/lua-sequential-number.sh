#!/usr/bin/env bash
# A KrakenD endpoint calls two backends in sequence. The second one's URL has the id from the
# first reply: {resp0_id}. A Lua script after the first call renames the field: set("id",
# get("number")).
# Expected: 16777217 stays 16777217. A Lua number holds whole numbers up to 2^53.
# What happens: the script makes a float64 of it. lura then writes it into the URL with the
# precision of a float32, in scientific notation: /orders/1.6777216E+07. Without the script, the
# id arrives unchanged.
# Why it matters: the second backend gets the id of another order. A test with small ids does not
# show it if the backend reads 4.2E+01 as 42.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	lua "github.com/devopsfaith/krakend-lua/proxy"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
)

func main() {
	number, path := "", ""
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/last" {
			io.WriteString(w, `{"id":`+number+`,"number":`+number+`}`)
			return
		}
		path = r.URL.Path
		io.WriteString(w, `{"found":true}`)
	}))
	defer backend.Close()

	// asked returns the path of the second call if the first backend replies with this id.
	asked := func(id, script string) string {
		extra := config.ExtraConfig{}
		if script != "" {
			extra[lua.BackendNamespace] = map[string]any{"post": script}
		}
		service := config.ServiceConfig{
			Version: config.ConfigVersion,
			Host:    []string{backend.URL},
			Timeout: time.Second,
			Endpoints: []*config.EndpointConfig{{
				Endpoint:    "/order",
				ExtraConfig: config.ExtraConfig{proxy.Namespace: map[string]any{"sequential": true}},
				Backend: []*config.Backend{
					{URLPattern: "/last", ExtraConfig: extra},
					{URLPattern: "/orders/{resp0_id}"},
				},
			}},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		pipe, err := proxy.NewDefaultFactory(
			lua.BackendFactory(logging.NoOp, proxy.HTTPProxyFactory(http.DefaultClient)), logging.NoOp,
		).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		number = id
		if _, err := pipe(context.Background(), &proxy.Request{
			Method: "GET", Params: map[string]string{}, Headers: map[string][]string{}, Body: http.NoBody,
		}); err != nil {
			log.Fatal(err)
		}
		return path
	}

	const script = `local data = response.load():data(); data:set("id", data:get("number"))`
	changed := false
	for _, id := range []string{"42", "16777217", "4503599627370497"} {
		plain, scripted := asked(id, ""), asked(id, script)
		fmt.Printf("id %s: asked for %s; with the script for %s\n", id, plain, scripted)
		changed = changed || plain != "/orders/"+id || scripted == plain
	}
	if changed || path != "/orders/4.5035996E+15" {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura@v1.4.1 github.com/devopsfaith/krakend-lua@v1.4.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/luraproject/lura github.com/devopsfaith/krakend-lua
go run .
