#!/usr/bin/env bash
# A KrakenD backend replies {}: a search without results, or an object whose fields "allow"
# removes.
# Expected: the endpoint's reply is complete, may be cached, and has the headers that the
# backend's proxy or a plugin put into the response's metadata. {"n": 0} has all of this.
# What happens: lura does this only if the data has a field. For {} it sends X-Krakend-Completed:
# false, without Cache-Control and without these headers. The status is 200. lura v1.4.1 has the
# same condition.
# Why it matters: clients that retry incomplete replies request empty ones forever, caches never
# keep them, and headers such as a total are missing for them only.
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

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
)

// total puts a header into the metadata of each response, as a plugin may.
func total(b *config.Backend) proxy.Proxy {
	next := proxy.HTTPProxyFactory(http.DefaultClient)(b)
	return func(ctx context.Context, r *proxy.Request) (*proxy.Response, error) {
		response, err := next(ctx, r)
		if err == nil {
			response.Metadata.Headers = map[string][]string{"X-Total": {"7"}}
		}
		return response, err
	}
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	body := ""
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, body)
	}))
	defer backend.Close()

	ask := func(reply string, allow ...string) string {
		body = reply
		service := config.ServiceConfig{
			Version:  config.ConfigVersion,
			Host:     []string{backend.URL},
			Timeout:  time.Second,
			CacheTTL: time.Minute,
			Endpoints: []*config.EndpointConfig{{
				Endpoint: "/search",
				Backend:  []*config.Backend{{URLPattern: "/", AllowList: allow}},
			}},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		pipe, err := proxy.NewDefaultFactory(total, logging.NoOp).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		engine := gin.New()
		engine.GET("/search", router.EndpointHandler(service.Endpoints[0], pipe))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequest("GET", "/search", nil))
		return fmt.Sprintf("%d %s completed %q, Cache-Control %q, X-Total %q", w.Code, w.Body,
			w.Header().Get("X-Krakend-Completed"), w.Header().Get("Cache-Control"), w.Header().Get("X-Total"))
	}

	changed := false
	for _, test := range []struct {
		reply string
		allow []string
		want  string
	}{
		{`{"n":0}`, nil, `200 {"n":0} completed "true", Cache-Control "public, max-age=60", X-Total "7"`},
		{`{}`, nil, `200 {} completed "false", Cache-Control "", X-Total ""`},
		{`{"n":0}`, []string{"items"}, `200 {} completed "false", Cache-Control "", X-Total ""`},
	} {
		got := ask(test.reply, test.allow...)
		fmt.Printf("backend %s, allow %v: %s\n", test.reply, test.allow, got)
		changed = changed || got != test.want
	}
	if changed {
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
