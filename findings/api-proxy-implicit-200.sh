#!/usr/bin/env bash
# An http.Handler returns without writing anything. net/http then answers 200, so many handlers
# (health checks, webhooks, a DELETE) do just that.
# Expected: httpadapter of aws-lambda-go-api-proxy, which runs such handlers as functions, replies
# 200.
# What happens: it replies 504 and returns the error "Status code not set on response". The
# function counts as failed, and API Gateway answers with a 5xx, although the handler has done its
# work. The package's adapters for 1.0, 2.0 and ALB behave alike.
# Why it matters: a handler that works everywhere else fails as a function, and senders of
# webhooks repeat work that is already done.
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
	done := 0
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done++ })

	server := httptest.NewServer(handler)
	defer server.Close()
	direct, err := http.Get(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("net/http:        status %d\n", direct.StatusCode)

	ctx := context.Background()
	v1, err1 := httpadapter.New(handler).ProxyWithContext(ctx, events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodGet, Path: "/",
	})
	fmt.Printf("httpadapter 1.0: status %d, error %v\n", v1.StatusCode, err1)

	request := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: "/"}
	request.RequestContext.DomainName = "abcdef.execute-api.eu-west-1.amazonaws.com"
	request.RequestContext.HTTP.Method = http.MethodGet
	v2, err2 := httpadapter.NewV2(handler).ProxyWithContext(ctx, request)
	fmt.Printf("httpadapter 2.0: status %d, error %v\n", v2.StatusCode, err2)

	alb, err3 := httpadapter.NewALB(handler).ProxyWithContext(ctx, events.ALBTargetGroupRequest{
		HTTPMethod: http.MethodGet, Path: "/", Headers: map[string]string{"host": "lb.example.test"},
	})
	fmt.Printf("httpadapter ALB: status %d, error %v\n", alb.StatusCode, err3)

	fmt.Println("executions of the handler:", done)
	if direct.StatusCode != 200 || v1.StatusCode != 504 || err1 == nil || v2.StatusCode != 504 || err2 == nil ||
		alb.StatusCode != 504 || err3 == nil || done != 4 {
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
