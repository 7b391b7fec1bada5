#!/usr/bin/env bash
# A gin application runs as a function, behind aws-lambda-go's lambdaurl or aws-lambda-go-api-proxy. It
# reads the client's address with c.ClientIP, for a limit for each client. The event has the address in
# sourceIp and in X-Forwarded-For.
# Expected: c.ClientIP returns this address, as it does on gin's own server.
# What happens: it returns an empty string. Both adapters put the address into RemoteAddr without a
# port, gin cannot split that, and then does not look at X-Forwarded-For either. For events of a load
# balancer, RemoteAddr is empty. gin's open issue 3501 is about it; Echo and httprate are not affected.
# Why it matters: all clients share one limit, so a few of them use it up for everyone, and the logs
# have no addresses. A middleware that adds a port to RemoteAddr helps, except behind a load balancer.
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
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/gin-gonic/gin"
)

const client = "192.0.2.1"

func main() {
	gin.SetMode(gin.ReleaseMode)
	got := ""
	app := gin.New()
	app.GET("/", func(c *gin.Context) { got = c.ClientIP(); c.Status(http.StatusNoContent) })
	withPort := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = net.JoinHostPort(r.RemoteAddr, "0")
		app.ServeHTTP(w, r)
	})
	header := map[string]string{"x-forwarded-for": client}
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}

	changed := false
	for _, test := range []struct {
		name            string
		call            func(http.Handler)
		plain, withPort string
	}{
		{"net/http", func(h http.Handler) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = client + ":50000"
			if _, ok := h.(*gin.Engine); !ok {
				r.RemoteAddr = client
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
		}, client, client},
		{"lambdaurl", func(h http.Handler) {
			event := &events.LambdaFunctionURLRequest{RawPath: "/", Headers: header}
			event.RequestContext.HTTP.Method, event.RequestContext.HTTP.SourceIP = "GET", client
			response, err := lambdaurl.Wrap(h)(context.Background(), event)
			check(err)
			_, err = io.Copy(io.Discard, response.Body)
			check(err)
		}, "", client},
		{"api-proxy, 2.0", func(h http.Handler) {
			event := events.APIGatewayV2HTTPRequest{RawPath: "/", Headers: header}
			event.RequestContext.HTTP.Method, event.RequestContext.HTTP.SourceIP = "GET", client
			_, err := httpadapter.NewV2(h).ProxyWithContext(context.Background(), event)
			check(err)
		}, "", client},
		{"api-proxy, 1.0", func(h http.Handler) {
			event := events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/", Headers: header}
			event.RequestContext.Identity.SourceIP = client
			_, err := httpadapter.New(h).ProxyWithContext(context.Background(), event)
			check(err)
		}, "", client},
		{"api-proxy, ALB", func(h http.Handler) {
			event := events.ALBTargetGroupRequest{HTTPMethod: "GET", Path: "/", Headers: header}
			_, err := httpadapter.NewALB(h).ProxyWithContext(context.Background(), event)
			check(err)
		}, "", ""},
	} {
		test.call(app)
		plain := got
		test.call(withPort)
		fmt.Printf("%-15s ClientIP %q, with a port %q\n", test.name, plain, got)
		changed = changed || plain != test.plain || got != test.withPort
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/gin-gonic/gin@v1.12.0 github.com/aws/aws-lambda-go@v1.55.1 \
		github.com/awslabs/aws-lambda-go-api-proxy@v0.16.2 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/gin-gonic/gin github.com/aws/aws-lambda-go github.com/awslabs/aws-lambda-go-api-proxy
go run .
