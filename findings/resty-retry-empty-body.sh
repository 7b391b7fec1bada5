#!/usr/bin/env bash
# A Go program uploads a report with resty, which retries on 503. The body is a bytes.Reader or another
# io.Reader. The first attempt gets a 503, the second one a 200.
# Expected: the second attempt sends the same body: net/http itself can read a bytes.Reader again. For
# a reader that cannot be read twice, resty returns an error.
# What happens: resty v2 gives the same, used reader to the second attempt, which sends an empty body,
# and returns a 200. A string, []byte or struct is sent again. Pull request 1156 changes that for v3,
# which is a release candidate; v2.17.2 is the newest release.
# Why it matters: an upload counts as successful, and the server has stored an empty file in the place
# of the report. It needs a server that fails for a moment, so tests do not show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-resty/resty/v2"
)

const report = "tea,grams\nassam,250\n"

func main() {
	attempts, stored := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			log.Fatal(err)
		}
		attempts++
		if attempts == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		stored = string(body)
	}))
	defer server.Close()

	client := resty.New().SetRetryCount(2).AddRetryCondition(func(r *resty.Response, err error) bool {
		return err == nil && r.StatusCode() == http.StatusServiceUnavailable
	})
	changed := false
	for _, test := range []struct {
		body any
		want string
	}{
		{report, report},
		{[]byte(report), report},
		{strings.NewReader(report), ""},
		{bytes.NewReader([]byte(report)), ""},
		{io.LimitReader(strings.NewReader(report), 1<<20), ""},
	} {
		attempts, stored = 0, "nothing"
		response, err := client.R().SetBody(test.body).Put(server.URL)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-17T %d attempts, %s, stored %q\n", test.body, attempts, response.Status(), stored)
		changed = changed || attempts != 2 || response.StatusCode() != http.StatusOK || stored != test.want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/go-resty/resty/v2@v2.17.2 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/go-resty/resty/v2
go run .
