#!/usr/bin/env bash
# A KrakenD endpoint with "timeout": "200ms" has a backend, and a second one with "shadow": true.
# The shadow backend is slow: it takes 2 s.
# Expected: the shadow's call ends at the timeout, as the call of the first backend does.
# What happens: lura v1 calls a single shadow backend with a context that never ends, so the call
# lasts until the slow backend answers. lura/v2 ends it at the timeout.
# Why it matters: a copy of the traffic must not hurt the original. Here the gateway keeps a
# connection, a goroutine and a copy of the body for each request until the slow backend answers.
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

	config1 "github.com/luraproject/lura/config"
	logging1 "github.com/luraproject/lura/logging"
	proxy1 "github.com/luraproject/lura/proxy"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

const timeout = 200 * time.Millisecond

func v1(host string) error {
	service := config1.ServiceConfig{
		Version: config1.ConfigVersion,
		Host:    []string{host},
		Timeout: timeout,
		Endpoints: []*config1.EndpointConfig{{
			Endpoint: "/e",
			Backend: []*config1.Backend{
				{URLPattern: "/fast"},
				{URLPattern: "/slow", ExtraConfig: config1.ExtraConfig{proxy1.Namespace: map[string]any{"shadow": true}}},
			},
		}},
	}
	if err := service.Init(); err != nil {
		return err
	}
	pipe, err := proxy1.NewShadowFactory(proxy1.DefaultFactory(logging1.NoOp)).New(service.Endpoints[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, err = pipe(ctx, &proxy1.Request{Method: "GET", Params: map[string]string{}, Body: http.NoBody})
	return err
}

func v2(host string) error {
	service := config.ServiceConfig{
		Version: config.ConfigVersion,
		Host:    []string{host},
		Timeout: timeout,
		Endpoints: []*config.EndpointConfig{{
			Endpoint: "/e",
			Backend: []*config.Backend{
				{URLPattern: "/fast"},
				{URLPattern: "/slow", ExtraConfig: config.ExtraConfig{proxy.Namespace: map[string]any{"shadow": true}}},
			},
		}},
	}
	if err := service.Init(); err != nil {
		return err
	}
	pipe, err := proxy.NewShadowFactory(proxy.DefaultFactory(logging.NoOp)).New(service.Endpoints[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, err = pipe(ctx, &proxy.Request{Method: "GET", Params: map[string]string{}, Body: http.NoBody})
	return err
}

func main() {
	lasted := make(chan time.Duration, 1)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			start := time.Now()
			select {
			case <-r.Context().Done(): // The gateway gave up.
			case <-time.After(2 * time.Second):
			}
			lasted <- time.Since(start)
		}
		io.WriteString(w, `{"found":true}`)
	}))
	defer backend.Close()

	changed := false
	for _, gateway := range []struct {
		name string
		call func(string) error
		long bool
	}{
		{"lura v1", v1, true},
		{"lura v2", v2, false},
	} {
		if err := gateway.call(backend.URL); err != nil {
			log.Fatal(err)
		}
		d := <-lasted
		fmt.Printf("%s, timeout %v: the call of the shadow backend lasted %.1f s\n", gateway.name, timeout, d.Seconds())
		changed = changed || (d >= 2*time.Second) != gateway.long
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/luraproject/lura@v1.4.1 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/luraproject/lura github.com/luraproject/lura/v2
go run .
