#!/usr/bin/env bash
# A Go handler reads r.URL.Query(). A client sends a query string with one parameter and a list of
# ids.
# Expected: all parameters are there. If one is malformed, Query drops only that one, as its
# comment says.
# What happens: with more than 10,000 parameters Query returns none of them. url.ParseQuery
# returns an error, which Query and FormValue ignore, so the handler runs as if the URL had no
# query string. net/http accepts such a URL: its limit is 1 MB. The limit on parameters came with
# Go 1.26, 1.25.6 and 1.24.12. GODEBUG=urlmaxqueryparams changes it.
# Why it matters: a new toolchain is enough. A list that is too long does not fail: it removes the
# other parameters. Without dry_run=true the request is executed.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >go.mod <<'MOD'
module example.test/finding

go 1.26.0
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
)

func main() {
	fmt.Println("net/url of", runtime.Version())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "dry_run is %q, FormValue says %q, %d ids",
			r.URL.Query().Get("dry_run"), r.FormValue("dry_run"), len(r.URL.Query()["id"]))
	}))
	defer server.Close()

	for _, test := range []struct {
		ids  int
		want string
	}{
		{9_999, `200 OK: dry_run is "true", FormValue says "true", 9999 ids`},
		{10_000, `200 OK: dry_run is "", FormValue says "", 0 ids`},
	} {
		query := "dry_run=true" + strings.Repeat("&id=7", test.ids)
		response, err := http.Get(server.URL + "/orders?" + query)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		got := response.Status + ": " + string(body)
		_, err = url.ParseQuery(query)
		fmt.Printf("\n%d parameters, %d bytes\n  the handler: %s\n  url.ParseQuery: %v\n", test.ids+1, len(query), got, err)
		if got != test.want {
			log.Fatal("the behaviour has changed")
		}
	}
}
GO
go run .
