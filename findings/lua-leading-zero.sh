#!/usr/bin/env bash
# A Lua script of KrakenD calculates with a parameter of the URL, which is text: the page after 000123
# is r:params("Page") + 1.
# Expected: 124. Lua 5.1 converts text to a decimal number, as tonumber does
# (https://www.lua.org/manual/5.1/manual.html#2.2.1).
# What happens: gopher-lua reads text in calculations as Go reads a literal: a leading 0 makes it
# octal, so 000123 + 1 is 84. With a digit 8 or 9 the text is decimal: 000128 + 1 is 129. tonumber is
# right in both cases. gopher-lua v1.1.2 does the same; it is its open issue 478.
# Why it matters: numbers that are padded with zeros ask for another record, and tests with 7, 08 or
# 000128 do not show it. Write tonumber(...) before you calculate.
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
	path := ""
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		io.WriteString(w, `{"found":true}`)
	}))
	defer backend.Close()

	// asked returns the path that the backend sees if the client requests this page.
	asked := func(page, next string) string {
		service := config.ServiceConfig{
			Version: config.ConfigVersion,
			Host:    []string{backend.URL},
			Timeout: time.Second,
			Endpoints: []*config.EndpointConfig{{
				Endpoint: "/after/{page}",
				Backend:  []*config.Backend{{URLPattern: "/pages/{page}"}},
				ExtraConfig: config.ExtraConfig{lua.ProxyNamespace: map[string]any{
					"pre": `local r = request.load(); r:params("Page", "" .. (` + next + `))`,
				}},
			}},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		factory := proxy.NewDefaultFactory(proxy.HTTPProxyFactory(http.DefaultClient), logging.NoOp)
		pipe, err := lua.ProxyFactory(logging.NoOp, factory).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		if _, err := pipe(context.Background(), &proxy.Request{
			Method: "GET", Params: map[string]string{"Page": page}, Headers: map[string][]string{}, Body: http.NoBody,
		}); err != nil {
			log.Fatal(err)
		}
		return path
	}

	changed := false
	for _, test := range []struct{ page, want, right string }{
		{"7", "/pages/8", "/pages/8"},
		{"08", "/pages/9", "/pages/9"},
		{"000128", "/pages/129", "/pages/129"},
		{"000123", "/pages/84", "/pages/124"},
	} {
		plain := asked(test.page, `r:params("Page") + 1`)
		right := asked(test.page, `tonumber(r:params("Page")) + 1`)
		fmt.Printf("page %-6s the script asks for %-10s with tonumber for %s\n", test.page, plain, right)
		changed = changed || plain != test.want || right != test.right
	}
	if changed {
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
go list -m github.com/luraproject/lura github.com/devopsfaith/krakend-lua github.com/yuin/gopher-lua
go run .
