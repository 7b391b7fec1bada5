#!/usr/bin/env bash
# A KrakenD backend gets its tokens with auth/client-credentials. The endpoint's timeout is
# 100 ms. The token server is overloaded: it answers 503 after 300 ms.
# Expected: KrakenD gives up each request after 100 ms.
# What happens: the timeout does not reach the request for the token, which has no timeout at
# all. It runs under a lock, one request after another, and golang.org/x/oauth2 asks twice for
# each, because it does not know how the server wants the password. Of four requests at once, the
# first one fails after 600 ms and the last one after 2.4 s. A second backend in the endpoint does
# not change this: a merge waits for all its backends.
# Why it matters: the endpoint gets one answer in 600 ms, and its other requests wait in line. At
# ten requests a second the line grows for as long as the token server is ill, and the gateway
# still works through it, with requests that have long timed out, when the server is well again.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	oauth2client "github.com/krakend/krakend-oauth2-clientcredentials/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

const (
	timeout = 100 * time.Millisecond
	busy    = 300 * time.Millisecond
)

func main() {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			asked.Add(1)
		}
		time.Sleep(busy)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()

	changed := false
	for _, test := range []struct {
		name   string
		extra  config.ExtraConfig
		tokens int32
	}{
		{"without tokens", config.ExtraConfig{}, 0},
		{"with tokens", config.ExtraConfig{
			// "auth/client-credentials" in a configuration file
			oauth2client.Namespace: map[string]any{
				"client_id": "gateway", "client_secret": "not-a-secret", "token_url": server.URL + "/token",
			},
		}, 8},
	} {
		service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
			Endpoint: "/orders",
			Method:   http.MethodGet,
			Timeout:  timeout,
			Backend:  []*config.Backend{{Host: []string{server.URL}, URLPattern: "/orders", ExtraConfig: test.extra}},
		}}}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		endpoint, err := proxy.NewDefaultFactory(func(backend *config.Backend) proxy.Proxy {
			return proxy.NewHTTPProxy(backend, oauth2client.NewHTTPClient(backend), backend.Decoder)
		}, logging.NoOp).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}

		asked.Store(0)
		times := make([]time.Duration, 4)
		var requests sync.WaitGroup
		for i := range times {
			requests.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), timeout) // as KrakenD's router does
				defer cancel()
				start := time.Now()
				if _, err := endpoint(ctx, &proxy.Request{Method: http.MethodGet}); err == nil {
					log.Fatal("a request succeeded")
				}
				times[i] = time.Since(start).Round(10 * time.Millisecond)
			})
		}
		requests.Wait()
		slices.Sort(times)
		fmt.Printf("%s: four requests failed after %v, requests for tokens: %d\n", test.name, times, asked.Load())
		changed = changed || asked.Load() != test.tokens || (test.tokens > 0) != (times[3] >= 8*busy)
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

# The sums of KrakenD-CE 2.13.8's go.sum.
cat >go.sum <<'SUM'
github.com/krakend/krakend-oauth2-clientcredentials/v2 v2.2.0 h1:NPgdKfIlTBOOBpZA/S4XOtCjgiMzMbK/dLK3VdJW6HE=
github.com/krakend/krakend-oauth2-clientcredentials/v2 v2.2.0/go.mod h1:4QiMtFa21I6uSeWgywg7AMQdKJC71u7dCAoS3rvaPvE=
SUM
if ! { go mod init example.test/finding &&
	go get github.com/krakend/krakend-oauth2-clientcredentials/v2@v2.2.0 github.com/luraproject/lura/v2@v2.14.1 \
		golang.org/x/oauth2@v0.38.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/krakend-oauth2-clientcredentials/v2 golang.org/x/oauth2 github.com/luraproject/lura/v2
go run .
