#!/usr/bin/env bash
# A KrakenD endpoint makes 5 concurrent calls to its backend and takes the first answer. The
# backend has a circuit breaker that opens after more than 3 errors in a row. The backend is
# healthy.
# Expected: the breaker stays closed.
# What happens: the first answer cancels the other calls, and the breaker counts each of them as
# an error. A single good request opens the circuit: clients get errors until the breaker's
# timeout ends, and no call reaches the backend.
# Why it matters: two features that protect against failures take a healthy service down.
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
	"sync/atomic"
	"time"

	breaker "github.com/devopsfaith/krakend-circuitbreaker/gobreaker/proxy"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
)

func main() {
	// The backend answers one of each 5 calls immediately. The others take a second, or end when
	// their client cancels them.
	var calls, cancelled atomic.Int64
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%5 != 0 {
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				cancelled.Add(1)
				return
			}
		}
		io.WriteString(w, `{"ok":true}`)
	}))
	defer backend.Close()

	service := config.ServiceConfig{
		Version: config.ConfigVersion,
		Host:    []string{backend.URL},
		Timeout: 3 * time.Second,
		Endpoints: []*config.EndpointConfig{{
			Endpoint:        "/price",
			ConcurrentCalls: 5,
			Backend: []*config.Backend{{
				URLPattern: "/price",
				ExtraConfig: config.ExtraConfig{"github.com/devopsfaith/krakend-circuitbreaker/gobreaker": map[string]any{
					"interval": 60, "timeout": 10, "maxErrors": 3,
				}},
			}},
		}},
	}
	if err := service.Init(); err != nil {
		log.Fatal(err)
	}
	pipe, err := proxy.NewDefaultFactory(
		breaker.BackendFactory(proxy.HTTPProxyFactory(http.DefaultClient), logging.NoOp), logging.NoOp,
	).New(service.Endpoints[0])
	if err != nil {
		log.Fatal(err)
	}

	get := func() error {
		_, err := pipe(context.Background(), &proxy.Request{
			Method: "GET", Params: map[string]string{}, Headers: map[string][]string{}, Body: http.NoBody,
		})
		return err
	}
	first := get()
	fmt.Printf("request 1: error %v, calls to the backend: %d\n", first, calls.Load())
	for deadline := time.Now().Add(5 * time.Second); cancelled.Load() < 4 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond) // Let the breaker count the calls.
	second := get()
	fmt.Printf("request 2: error %v, calls to the backend: %d\n", second, calls.Load())
	if first != nil || second == nil || second.Error() != "circuit breaker is open" || calls.Load() != 5 {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura@v1.4.1 github.com/devopsfaith/krakend-circuitbreaker@v1.4.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/luraproject/lura github.com/devopsfaith/krakend-circuitbreaker github.com/sony/gobreaker
go run .
