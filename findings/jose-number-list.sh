#!/usr/bin/env bash
# A token says which account its user has, and which accounts the user may read:
# {"account":1048576,"accounts":[1048576,42]}. KrakenD passes both on as headers
# (propagate_claims), and the list in the url_pattern "/reports?in={JWT.accounts}".
# Expected: X-Account: 1048576 and X-Accounts: 1048576,42.
# What happens: krakend-jose writes a claim that is a number without an exponent, but the numbers
# of a list with %v. From a million on, they become 1.048576e+06. With
# "propagate_claims_preserve_array" it is the same.
# Why it matters: the backend finds no such account or rejects the request, but not for the users
# whose numbers have up to six digits. The list of a token from a test has those.
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
	gojose "github.com/go-jose/go-jose/v3"
	"github.com/go-jose/go-jose/v3/jwt"
	jose "github.com/krakend/krakend-jose/v2"
	ginjose "github.com/krakend/krakend-jose/v2/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	ginlura "github.com/luraproject/lura/v2/router/gin"
)

const (
	key = "not-a-secret-not-a-secret-not-a-secret"
	jwk = `{"keys":[{"kty":"oct","alg":"HS256","kid":"test","k":"bm90LWEtc2VjcmV0LW5vdC1hLXNlY3JldC1ub3QtYS1zZWNyZXQ"}]}`
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	got := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/jwk.json" {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, jwk)
			return
		}
		got = fmt.Sprintf("X-Account: %s, X-Accounts: %s, %s",
			r.Header.Get("X-Account"), r.Header.Get("X-Accounts"), r.URL.RequestURI())
		io.WriteString(w, `{"found":true}`)
	}))
	defer server.Close()

	service := config.ServiceConfig{Version: config.ConfigVersion, Port: 8080, Endpoints: []*config.EndpointConfig{{
		Endpoint:      "/reports",
		Method:        http.MethodGet,
		Timeout:       10 * time.Second,
		HeadersToPass: []string{"X-Account", "X-Accounts"},
		Backend:       []*config.Backend{{Host: []string{server.URL}, URLPattern: "/reports?in={JWT.accounts}"}},
		ExtraConfig: config.ExtraConfig{jose.ValidatorNamespace: map[string]any{
			"alg":                  "HS256",
			"jwk_url":              server.URL + "/jwk.json",
			"disable_jwk_security": true,
			"propagate_claims":     []any{[]any{"account", "X-Account"}, []any{"accounts", "X-Accounts"}},
		}},
	}}}
	if err := service.Init(); err != nil {
		log.Fatal(err)
	}
	endpoint := service.Endpoints[0]
	pipe, err := proxy.DefaultFactory(logging.NoOp).New(endpoint)
	if err != nil {
		log.Fatal(err)
	}
	gateway := gin.New()
	gateway.GET("/reports", ginjose.HandlerFactory(ginlura.EndpointHandler, logging.NoOp, nil)(endpoint, pipe))

	signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.HS256, Key: []byte(key)},
		(&gojose.SignerOptions{}).WithHeader("kid", "test"))
	if err != nil {
		log.Fatal(err)
	}
	changed := false
	for _, test := range []struct {
		account int
		want    string
	}{
		{999_999, "X-Account: 999999, X-Accounts: 999999,42, /reports?in=999999,42"},
		{1_048_576, "X-Account: 1048576, X-Accounts: 1.048576e+06,42, /reports?in=1.048576e+06,42"},
	} {
		token, err := jwt.Signed(signer).Claims(map[string]any{
			"account": test.account, "accounts": []int{test.account, 42}, "exp": time.Now().Add(time.Hour).Unix(),
		}).CompactSerialize()
		if err != nil {
			log.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodGet, "/reports", http.NoBody)
		request.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		got = ""
		gateway.ServeHTTP(answer, request)
		fmt.Printf("account %d: status %d\n  the backend gets %s\n", test.account, answer.Code, got)
		changed = changed || got != test.want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/krakend/krakend-jose/v2@v2.12.3 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/krakend-jose/v2 github.com/luraproject/lura/v2
go run .
