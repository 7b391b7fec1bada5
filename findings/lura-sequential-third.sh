#!/usr/bin/env bash
# A sequential KrakenD endpoint calls three backends: the last order, its customer
# (/customers/{resp0_customer_id}), and the parcels of the order (/parcels/{resp0_id}).
# Expected: {resp0_id} is the id in the first reply, the order's.
# What happens: lura merges the replies as they come, and it merges the second one into the map of
# the first one. For the third backend, resp0 is the merged reply. If the second reply has an id
# too, KrakenD asks for the parcels of the order that has the number of the customer, and answers
# a complete 200. If the first reply has no coupon but the second one has, {resp0_coupon} is the
# second one's. With a "group" on the second backend, resp0 stays what it was.
# Why it matters: the client sees the parcels of another order. With two backends this does not
# happen, so it starts when an endpoint gets a third one.
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
	"slices"
	"time"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.URL.RequestURI())
		switch r.URL.Path {
		case "/orders/last":
			io.WriteString(w, `{"id":70015,"customer_id":38}`)
		case "/customers/38":
			io.WriteString(w, `{"id":38,"name":"Ann","coupon":"TEA10"}`)
		default:
			io.WriteString(w, `{"parcels":1}`)
		}
	}))
	defer server.Close()

	changed := false
	for _, test := range []struct{ group, third, want string }{
		{"customer", "/parcels/{resp0_id}", "/parcels/70015"},
		{"", "/parcels/{resp0_id}", "/parcels/38"},
		{"", "/parcels?coupon={resp0_coupon}", "/parcels?coupon=TEA10"},
	} {
		service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
			Endpoint:    "/last-order",
			Method:      http.MethodGet,
			Timeout:     10 * time.Second,
			ExtraConfig: config.ExtraConfig{proxy.Namespace: map[string]any{"sequential": true}},
			Backend: []*config.Backend{
				{Host: []string{server.URL}, URLPattern: "/orders/last"},
				{Host: []string{server.URL}, URLPattern: "/customers/{resp0_customer_id}", Group: test.group},
				{Host: []string{server.URL}, URLPattern: test.third},
			},
		}}}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		endpoint, err := proxy.DefaultFactory(logging.NoOp).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		calls = nil
		reply, err := endpoint(context.Background(), &proxy.Request{
			Method: http.MethodGet, Params: map[string]string{}, Headers: map[string][]string{},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("third backend %s, group of the second one: %q\n  calls: %q, complete: %t\n",
			test.third, test.group, calls, reply.IsComplete)
		changed = changed || !reply.IsComplete ||
			!slices.Equal(calls, []string{"/orders/last", "/customers/38", test.want})
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
