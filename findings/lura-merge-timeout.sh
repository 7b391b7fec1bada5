#!/usr/bin/env bash
# A KrakenD endpoint has a timeout of 1 s, and its backend answers after 900 ms. Someone adds a
# second, fast backend, to merge its reply into the first one's.
# Expected: 900 ms are still less than 1 s.
# What happens: with two or more backends, each has only 85 % of the endpoint's timeout. KrakenD
# drops the first reply after 850 ms, and the client gets a 200 with the second one's fields only.
# The only sign is X-Krakend-Completed: false.
# Why it matters: a new backend removes fields that have been there for years.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	ginlib "github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/router/gin"
)

func main() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/account" {
			time.Sleep(900 * time.Millisecond)
			io.WriteString(w, `{"balance":100}`)
			return
		}
		io.WriteString(w, `{"theme":"dark"}`)
	}))
	defer backend.Close()

	// get answers one request to an endpoint with these backends, each with its own timeout of 1 s.
	get := func(patterns ...string) string {
		endpoint := &config.EndpointConfig{Endpoint: "/home"}
		for _, p := range patterns {
			endpoint.Backend = append(endpoint.Backend, &config.Backend{URLPattern: p})
		}
		service := config.ServiceConfig{
			Version: config.ConfigVersion, Host: []string{backend.URL},
			Timeout: time.Second, Endpoints: []*config.EndpointConfig{endpoint},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		pipe, err := proxy.DefaultFactory(logging.NoOp).New(endpoint)
		if err != nil {
			log.Fatal(err)
		}
		ginlib.SetMode(ginlib.ReleaseMode)
		engine := ginlib.New()
		engine.GET("/home", gin.EndpointHandler(endpoint, pipe))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/home", http.NoBody))
		var fields map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &fields); err != nil {
			log.Fatal(err)
		}
		return fmt.Sprint(w.Code, " ", fields, " completed: ", w.Header().Get("X-Krakend-Completed"))
	}

	one := get("/account")
	two := get("/account", "/settings")
	fmt.Println("one backend: ", one)
	fmt.Println("two backends:", two)
	if one != "200 map[balance:100] completed: true" || two != "200 map[theme:dark] completed: false" {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/luraproject/lura/v2
go run .
