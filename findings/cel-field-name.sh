#!/usr/bin/env bash
# KrakenD checks a backend's reply with the CEL expression resp_data.request_id != ''.
# Expected: KrakenD evaluates it after the call, as it does with resp_data.name != ''.
# What happens: if an expression contains the letters "req" anywhere, KrakenD evaluates it before
# the call too. At that time there is no resp_data, so KrakenD aborts every request and never
# calls the backend. It reports no problem at start. Fields such as required, frequency or
# request_id are enough.
# Why it matters: a new name for a field of the reply turns the endpoint off.
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

	cel "github.com/devopsfaith/krakend-cel"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
)

func main() {
	calls := 0
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		io.WriteString(w, `{"name":"a","request_id":"r-1","frequency":"daily"}`)
	}))
	defer backend.Close()

	// check returns how many calls one request with this expression makes, and whether it succeeds.
	check := func(expression string) string {
		service := config.ServiceConfig{
			Version: config.ConfigVersion,
			Host:    []string{backend.URL},
			Timeout: time.Second,
			Endpoints: []*config.EndpointConfig{{
				Endpoint: "/x",
				Backend: []*config.Backend{{
					URLPattern: "/x",
					ExtraConfig: config.ExtraConfig{
						"github.com/devopsfaith/krakend-cel": []any{map[string]any{"check_expr": expression}},
					},
				}},
			}},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		pipe, err := proxy.NewDefaultFactory(
			cel.BackendFactory(logging.NoOp, proxy.HTTPProxyFactory(http.DefaultClient)), logging.NoOp,
		).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		calls = 0
		_, err = pipe(context.Background(), &proxy.Request{
			Method: "GET", Params: map[string]string{}, Headers: map[string][]string{}, Body: http.NoBody,
		})
		return fmt.Sprintf("calls to the backend: %d, request aborted: %v", calls, err != nil)
	}

	changed := false
	for _, field := range []string{"name", "request_id", "frequency"} {
		expression := "resp_data." + field + " != ''"
		got := check(expression)
		fmt.Printf("=> %s\n", got)
		want := "calls to the backend: 0, request aborted: true"
		if field == "name" {
			want = "calls to the backend: 1, request aborted: false"
		}
		changed = changed || got != want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura@v1.4.1 github.com/devopsfaith/krakend-cel@v1.4.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/luraproject/lura github.com/devopsfaith/krakend-cel
# krakend-cel also prints each expression, once for each phase in which it evaluates it.
go run .
