#!/usr/bin/env bash
# KrakenD gets a product, and then its supplier: the second backend of a sequential endpoint has
# the url_pattern "/suppliers/{resp0_supplier.id}". A product that the shop makes has no supplier:
# {"id":"1234","supplier":null}.
# Expected: the second call fails, or is not made, because there is no supplier.id.
# What happens: lura walks down the path, stops where an object is missing or null, and then looks
# for the last name where it stopped. So supplier.id is the id of the product, and KrakenD calls
# /suppliers/1234 and answers a complete 200. If supplier is an empty object, the placeholder
# stays in the URL.
# Why it matters: the product is shown with supplier 1234, and there is no error.
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

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	product, called := "", ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/products/1234" {
			io.WriteString(w, product)
			return
		}
		called = r.URL.Path
		io.WriteString(w, `{"name":"Tea Ltd"}`)
	}))
	defer server.Close()

	service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
		Endpoint:    "/products/{product}",
		Method:      http.MethodGet,
		Timeout:     10 * time.Second,
		ExtraConfig: config.ExtraConfig{proxy.Namespace: map[string]any{"sequential": true}},
		Backend: []*config.Backend{
			{Host: []string{server.URL}, URLPattern: "/products/{product}"},
			{Host: []string{server.URL}, URLPattern: "/suppliers/{resp0_supplier.id}", Group: "from"},
		},
	}}}
	if err := service.Init(); err != nil {
		log.Fatal(err)
	}
	endpoint, err := proxy.DefaultFactory(logging.NoOp).New(service.Endpoints[0])
	if err != nil {
		log.Fatal(err)
	}

	changed := false
	for _, test := range []struct{ product, called string }{
		{`{"id":"1234","supplier":{"id":"s-7"}}`, "/suppliers/s-7"},
		{`{"id":"1234","supplier":null}`, "/suppliers/1234"},
		{`{"id":"1234"}`, "/suppliers/1234"},
		{`{"id":"1234","supplier":{}}`, "/suppliers/{{.Resp0_supplier.id}}"},
	} {
		product, called = test.product, ""
		reply, err := endpoint(context.Background(), &proxy.Request{
			Method: http.MethodGet, Params: map[string]string{"Product": "1234"},
		})
		if err != nil {
			log.Fatal(err)
		}
		data, err := json.Marshal(reply.Data)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n  second call: %s\n  complete: %t, reply: %s\n", product, called, reply.IsComplete, data)
		changed = changed || called != test.called || !reply.IsComplete
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

for module in luraproject/lura@v1.4.1 luraproject/lura/v2@v2.14.1; do
	rm -rf run
	mkdir run
	sed "s|luraproject/lura/v2|${module%@*}|" main.go >run/main.go
	if ! { cd run && go mod init example.test/finding &&
		go get "github.com/$module" &&
		go mod tidy; } >"$dir/setup.log" 2>&1; then
		cat "$dir/setup.log" >&2
		exit 1
	fi
	go list -m "github.com/${module%@*}"
	go run .
	cd ..
done
