#!/usr/bin/env bash
# A sequential KrakenD endpoint gets an order, and then the discount for its coupon:
# /discounts?coupon={resp0_coupon}. Most orders have none: {"id":7,"coupon":null}.
# Expected: the second backend is not called, or gets an empty coupon, as of {"coupon":""}.
# What happens: lura writes Go's word for it, and asks for the discount of the coupon "<nil>". In a
# list, null is "<nil>" too, and an object is map[id:7].
# Why it matters: a check for "no coupon", in the backend or in a CEL condition such as
# req_params.Resp0_coupon != '', does not recognize it. Backends look for it, or store it as a name
# or a coupon.
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

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	order, coupon := "", ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/order" {
			io.WriteString(w, order)
			return
		}
		coupon = r.URL.Query().Get("coupon")
		io.WriteString(w, `{"discount":0}`)
	}))
	defer server.Close()

	service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
		Endpoint:    "/order",
		Method:      http.MethodGet,
		Timeout:     10 * time.Second,
		ExtraConfig: config.ExtraConfig{proxy.Namespace: map[string]any{"sequential": true}},
		Backend: []*config.Backend{
			{Host: []string{server.URL}, URLPattern: "/order"},
			{Host: []string{server.URL}, URLPattern: "/discounts?coupon={resp0_coupon}"},
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
	for _, test := range []struct{ order, coupon string }{
		{`{"id":7,"coupon":"TEA10"}`, "TEA10"},
		{`{"id":7,"coupon":""}`, ""},
		{`{"id":7,"coupon":null}`, "<nil>"},
		{`{"id":7,"coupon":["TEA10",null,{"id":7}]}`, "TEA10,<nil>,map[id:7]"},
	} {
		order, coupon = test.order, "not called"
		reply, err := endpoint(context.Background(), &proxy.Request{
			Method: http.MethodGet, Params: map[string]string{}, Headers: map[string][]string{},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: second backend called with coupon %q, complete: %t\n", order, coupon, reply.IsComplete)
		changed = changed || coupon != test.coupon
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
