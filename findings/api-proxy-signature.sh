#!/usr/bin/env bash
# A function in Go serves webhooks with aws-lambda-go-api-proxy, behind an HTTP API or a function URL
# (format 2.0). Stripe signs its webhooks in one header: Stripe-Signature: t=1795872000,v1=5257...
# Expected: r.Header.Get returns the whole header, as with net/http and with events of format 1.0.
# What happens: in format 2.0 the adapter splits each header at its commas, except for a fixed list of
# 13 names such as User-Agent and If-Modified-Since. Get returns t=1795872000 only. If-Range, which may
# be a date, loses all after the name of the day, and JSON in a header all after its first member. The
# adapter's open issue 171 asks why; several authors of webhook libraries have had reports.
# Why it matters: every webhook has a wrong signature, so payments are not recorded. With a REST API,
# and in tests with httptest, the same code works.
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

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

func main() {
	changed := false
	for _, test := range []struct{ name, value, format2 string }{
		{"User-Agent", "Mozilla/5.0 (KHTML, like Gecko)", "Mozilla/5.0 (KHTML, like Gecko)"},
		{"Stripe-Signature", "t=1795872000,v1=5257a869", "t=1795872000"},
		{"If-Range", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed"},
		{"X-User", `{"id":7,"name":"ada"}`, `{"id":7`},
	} {
		got := ""
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Get(test.name)
			w.WriteHeader(http.StatusNoContent)
		})
		r := httptest.NewRequest(http.MethodPost, "/webhook", nil)
		r.Header.Set(test.name, test.value)
		app.ServeHTTP(httptest.NewRecorder(), r)
		direct := got

		if _, err := httpadapter.New(app).ProxyWithContext(context.Background(), events.APIGatewayProxyRequest{
			HTTPMethod: "POST", Path: "/webhook",
			Headers:           map[string]string{test.name: test.value},
			MultiValueHeaders: map[string][]string{test.name: {test.value}},
		}); err != nil {
			log.Fatal(err)
		}
		format1 := got

		event := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: "/webhook", Headers: map[string]string{test.name: test.value}}
		event.RequestContext.HTTP.Method = "POST"
		if _, err := httpadapter.NewV2(app).ProxyWithContext(context.Background(), event); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n  net/http: %s\n  format 1.0: %s\n  format 2.0: %s\n", test.name, test.value, direct, format1, got)
		changed = changed || direct != test.value || format1 != test.value || got != test.format2
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/awslabs/aws-lambda-go-api-proxy@v0.16.2 github.com/aws/aws-lambda-go@v1.55.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/awslabs/aws-lambda-go-api-proxy github.com/aws/aws-lambda-go
go run .
