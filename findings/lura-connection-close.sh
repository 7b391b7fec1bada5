#!/usr/bin/env bash
# A KrakenD endpoint passes all headers of its clients ("input_headers": ["*"]). In front of
# KrakenD is a load balancer that uses each connection once, and so sends "Connection: close", as
# nginx's proxy_pass did by default for many years.
# Expected: KrakenD closes the connection to the load balancer, and keeps those to its backend.
# Connection is for one hop; proxies such as httputil.ReverseProxy remove it.
# What happens: lura passes the header on, and Go's HTTP client obeys it: a new connection to the
# backend for each request. With a list of headers instead of "*" there is one connection.
# Why it matters: each request waits for a TCP and TLS handshake, and under load the gateway runs
# out of ports. Tests with curl or a browser, which keep their connections, do not show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	ginlura "github.com/luraproject/lura/v2/router/gin"
)

const requests = 10

var connections atomic.Int32

func main() {
	gin.SetMode(gin.ReleaseMode)
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"name":"assam"}`)
	}))
	backend.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	backend.Start()
	defer backend.Close()
	address, err := url.Parse(backend.URL)
	if err != nil {
		log.Fatal(err)
	}

	changed := false
	for _, test := range []struct {
		name    string
		gateway http.Handler
		each    bool // a connection for each request
	}{
		{"httputil.ReverseProxy", &httputil.ReverseProxy{
			Transport: &http.Transport{}, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) },
		}, false},
		{`lura, "input_headers": ["X-Tenant"]`, gateway(backend.URL, "X-Tenant"), false},
		{`lura, "input_headers": ["*"]`, gateway(backend.URL, "*"), true},
	} {
		server := httptest.NewServer(test.gateway)
		connections.Store(0)
		for range requests {
			request, err := http.NewRequest(http.MethodGet, server.URL+"/tea", http.NoBody)
			if err != nil {
				log.Fatal(err)
			}
			request.Close = true // sends Connection: close
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				log.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
				log.Fatal(answer.Status, err)
			}
			answer.Body.Close()
		}
		server.Close()
		fmt.Printf("%s: %d requests, %d connections to the backend\n", test.name, requests, connections.Load())
		changed = changed || test.each != (connections.Load() == requests)
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}

func gateway(host, header string) http.Handler {
	service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
		Endpoint:      "/tea",
		Method:        http.MethodGet,
		Timeout:       10 * time.Second,
		HeadersToPass: []string{header},
		Backend:       []*config.Backend{{Host: []string{host}, URLPattern: "/tea"}},
	}}}
	if err := service.Init(); err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	pipe, err := proxy.NewDefaultFactory(proxy.HTTPProxyFactory(client), logging.NoOp).New(service.Endpoints[0])
	if err != nil {
		log.Fatal(err)
	}
	engine := gin.New()
	engine.GET("/tea", ginlura.EndpointHandler(service.Endpoints[0], pipe))
	return engine
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
