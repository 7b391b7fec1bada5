#!/usr/bin/env bash
# A KrakenD endpoint with "output_encoding": "xml" has a backend that replies with a JSON list
# (is_collection). lura keeps such a list as {"collection":[...]}.
# Expected: one XML document with the items inside a root element, as for replies with two fields:
# <doc>...</doc>.
# What happens: if the reply has a single field, krakend-xml (mxj) makes its name the root
# element. If the value is a list of objects, each item becomes a root element of its own:
# <collection>...</collection><collection>...</collection>. That is not XML (rule: XML 1.0,
# https://www.w3.org/TR/xml/#NT-document). A list with one item, or of texts, is fine. Version
# 2.2.2 (krakend/krakend-xml) does the same.
# Why it matters: clients with a strict parser reject the reply; others, such as Go's
# encoding/xml, read the first item and ignore the rest. With one item in the test, all is well.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"
	render "github.com/krakendio/krakend-xml/v2/gin"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/proxy"
)

// roots counts the elements that are not inside of another one.
func roots(document string) (n int) {
	decoder := xml.NewDecoder(strings.NewReader(document))
	depth := 0
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return n
		}
		if err != nil {
			log.Fatal(err)
		}
		switch token.(type) {
		case xml.StartElement:
			if depth == 0 {
				n++
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	changed := false
	for _, test := range []struct {
		reply string
		list  bool
		roots int
	}{
		{`{"page":1,"teas":[{"name":"assam"},{"name":"sencha"}]}`, false, 1},
		{`["assam","sencha"]`, true, 1},
		{`[{"name":"assam"}]`, true, 1},
		{`[{"name":"assam"},{"name":"sencha"}]`, true, 2},
	} {
		var data map[string]any
		if err := encoding.NewJSONDecoder(test.list)(strings.NewReader(test.reply), &data); err != nil {
			log.Fatal(err)
		}
		router := gin.New()
		router.GET("/", func(c *gin.Context) { render.Render(c, &proxy.Response{Data: data, IsComplete: true}) })
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		n := roots(w.Body.String())
		fmt.Printf("%s\n  %d %s\n  root elements: %d\n", test.reply, w.Code, w.Body, n)
		changed = changed || w.Code != http.StatusOK || n != test.roots
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/krakendio/krakend-xml/v2@v2.1.0 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakendio/krakend-xml/v2 github.com/clbanning/mxj github.com/luraproject/lura/v2
go run .
