#!/usr/bin/env bash
# A KrakenD endpoint has "output_encoding": "yaml". Its backend replies {"id": 42, "price": 9.5,
# "tags": [1]}.
# Expected: id: 42, a number, as in the JSON output.
# What happens: lura keeps JSON's numbers as json.Number, a string type in Go, and the YAML
# encoder writes a string: id: "42". true and null stay as they are.
# Why it matters: a typed client cannot read the id, and an untyped one compares "9.5" > "10" as
# text. The same endpoint as JSON is right.
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
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"id":42,"price":9.5,"tags":[1],"sold":true,"until":null}`)
	}))
	defer backend.Close()

	got := ""
	for _, encoding := range []string{"json", "yaml"} {
		service := config.ServiceConfig{
			Version: config.ConfigVersion,
			Host:    []string{backend.URL},
			Timeout: time.Second,
			Endpoints: []*config.EndpointConfig{{
				Endpoint:       "/tea",
				OutputEncoding: encoding,
				Backend:        []*config.Backend{{URLPattern: "/"}},
			}},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		pipe, err := proxy.DefaultFactory(logging.NoOp).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		engine := gin.New()
		engine.GET("/tea", router.EndpointHandler(service.Endpoints[0], pipe))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequest("GET", "/tea", nil))
		got += w.Body.String() + "\n"
	}
	fmt.Print(got)
	if got != `{"id":42,"price":9.5,"sold":true,"tags":[1],"until":null}
id: "42"
price: "9.5"
sold: true
tags:
- "1"
until: null

` {
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
