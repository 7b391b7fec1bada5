#!/usr/bin/env bash
# An Echo application runs as a function with a URL, with lambdaurl of aws-lambda-go. A browser
# posts a form. Lambda passes such a body to the function in base64.
# Expected: c.Bind fills the struct, as when Echo serves the form itself, or returns an error.
# What happens: Bind returns nil and leaves the struct empty. lambdaurl decodes the body while it
# is read, and leaves Request.ContentLength at 0, which Echo takes for "no body". If the same body
# comes as text, Bind works.
# Why it matters: the application stores each form with empty fields, and no log line says so.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/labstack/echo/v4"
)

const form = "application/x-www-form-urlencoded"

func main() {
	app := echo.New()
	app.POST("/signup", func(c echo.Context) error {
		var user struct {
			Name string `form:"name"`
		}
		err := c.Bind(&user)
		return c.String(http.StatusOK, fmt.Sprintf("name %q, error %v", user.Name, err))
	})

	server := httptest.NewServer(app)
	defer server.Close()
	served, err := http.Post(server.URL+"/signup", form, strings.NewReader("name=Ada"))
	if err != nil {
		log.Fatal(err)
	}
	direct, err := io.ReadAll(served.Body)
	if err != nil {
		log.Fatal(err)
	}

	function := func(body string, isBase64 bool) string {
		event := &events.LambdaFunctionURLRequest{
			Version: "2.0", RawPath: "/signup", Body: body, IsBase64Encoded: isBase64,
			Headers: map[string]string{"content-type": form, "content-length": "8"},
		}
		event.RequestContext.DomainName = "abcdef.lambda-url.eu-west-1.on.aws"
		event.RequestContext.HTTP.Method = http.MethodPost
		reply, err := lambdaurl.Wrap(app)(context.Background(), event)
		if err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(reply.Body)
		if err != nil {
			log.Fatal(err)
		}
		return fmt.Sprintf("%d %s", reply.StatusCode, text)
	}
	text := function("name=Ada", false)
	encoded := function(base64.StdEncoding.EncodeToString([]byte("name=Ada")), true)
	fmt.Printf("Echo's own server:   %d %s\n", served.StatusCode, direct)
	fmt.Println("function, as text:  ", text)
	fmt.Println("function, as base64:", encoded)
	if string(direct) != `name "Ada", error <nil>` || text != `200 name "Ada", error <nil>` ||
		encoded != `200 name "", error <nil>` {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-lambda-go@v1.55.1 github.com/labstack/echo/v4@v4.16.4 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-lambda-go github.com/labstack/echo/v4
go run .
