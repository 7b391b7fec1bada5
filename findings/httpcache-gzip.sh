#!/usr/bin/env bash
# A KrakenD endpoint passes all headers of its clients ("input_headers": ["*"]), and its backend
# compresses for clients that accept gzip. Without a cache this works, with JSON and with no-op.
# Then the backend gets a cache (qos/http-cache).
# Expected: the same replies, with fewer calls.
# What happens: krakend-httpcache removes "Content-Encoding: gzip" from each reply that it may
# store, because it takes the body for uncompressed. It is not: Go's HTTP client uncompresses only
# if the request did not have its own Accept-Encoding. KrakenD cannot read the JSON, and the
# endpoint fails; a no-op endpoint sends compressed bytes as if they were JSON, also from the cache.
# Why it matters: browsers get errors as soon as the cache is on. curl, which does not accept gzip
# by default, gets the right reply.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	httpcache "github.com/krakendio/krakend-httpcache/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
)

const tea = `{"name":"assam"}`

func main() {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Vary", "Accept-Encoding")
		if r.Header.Get("Accept-Encoding") != "gzip" {
			io.WriteString(w, tea)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(w)
		io.WriteString(compressed, tea)
		compressed.Close()
	}))
	defer server.Close()

	changed := false
	for _, test := range []struct {
		encoding, accept string
		cache            bool
		want             string
	}{
		{encoding.JSON, "gzip", false, "1 call, map[name:assam]"},
		{encoding.JSON, "", true, "1 call, map[name:assam]"},
		{encoding.JSON, "gzip", true, "1 call, invalid character '\\x1f' looking for beginning of value"},
		{encoding.NOOP, "gzip", false, `1 call, Content-Encoding "gzip", body "\x1f\x8b"...`},
		{encoding.NOOP, "gzip", true, `1 call, Content-Encoding "", body "\x1f\x8b"...`},
	} {
		backend := &config.Backend{Encoding: test.encoding, ExtraConfig: config.ExtraConfig{}}
		if test.cache {
			backend.ExtraConfig[httpcache.Namespace] = map[string]any{}
		}
		call := proxy.NewHTTPProxy(backend, httpcache.NewHTTPClient(backend, client.NewHTTPClient), encoding.JSONDecoder)
		fmt.Printf("encoding %s, cache: %t, Accept-Encoding: %q\n", test.encoding, test.cache, test.accept)
		want := test.want
		for range 2 {
			calls = 0
			reply := request(call, server.URL, test.accept)
			got := fmt.Sprintf("%d call, %s", calls, reply)
			fmt.Println("  " + got)
			changed = changed || got != want
			if test.cache {
				want = "0" + want[1:]
			}
		}
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}

func request(call proxy.Proxy, to, accept string) string {
	address, err := url.Parse(to)
	if err != nil {
		log.Fatal(err)
	}
	request := proxy.Request{Method: http.MethodGet, URL: address, Headers: map[string][]string{}}
	if accept != "" {
		request.Headers["Accept-Encoding"] = []string{accept}
	}
	reply, err := call(context.Background(), &request)
	if err != nil {
		return err.Error()
	}
	if reply.Io == nil {
		return fmt.Sprint(reply.Data)
	}
	body, err := io.ReadAll(reply.Io)
	if err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("Content-Encoding %q, body %q...", http.Header(reply.Metadata.Headers).Get("Content-Encoding"), body[:2])
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/krakendio/krakend-httpcache/v2@v2.1.0 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakendio/krakend-httpcache/v2 github.com/krakendio/httpcache github.com/luraproject/lura/v2
go run .
