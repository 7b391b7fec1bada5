#!/usr/bin/env bash
# A KrakenD endpoint PUT /marketing/{user} calls a GraphQL backend of type "mutation" with
# "variables": {"user": "{user}"}. The first example in KrakenD's documentation of GraphQL has
# this form, although the page also says that a mutation has no variables from the URL
# (krakend-ce, issue 1052).
# Expected: the variable gets the value from the URL, as in an operation of type "query".
# What happens: for a mutation, lura merges the variables of the configuration with the client's
# body and replaces no placeholder. The GraphQL server gets the text {user}. A request without a
# body fails, even if the configuration has all variables.
# Why it matters: GraphQL's type ID takes any text, so the write can succeed for a user "{user}".
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	variables := ""
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var operation struct{ Variables json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&operation); err != nil {
			log.Fatal(err)
		}
		variables = string(operation.Variables)
		io.WriteString(w, `{"data":{"saved":true}}`)
	}))
	defer backend.Close()

	// sent returns the variables that the backend gets for PUT /marketing/7.
	sent := func(operation, body string) string {
		service := config.ServiceConfig{
			Version: config.ConfigVersion,
			Host:    []string{backend.URL},
			Timeout: time.Second,
			Endpoints: []*config.EndpointConfig{{
				Endpoint: "/marketing/{user}",
				Method:   "PUT",
				Backend: []*config.Backend{{
					URLPattern: "/graphql",
					ExtraConfig: config.ExtraConfig{
						// "backend/graphql" in a configuration file
						"github.com/devopsfaith/krakend/transport/http/client/graphql": map[string]any{
							"type":      operation,
							"query":     operation + ` ($user: ID!, $mail: Boolean) { preferences(user: $user, mail: $mail) { saved } }`,
							"variables": map[string]any{"user": "{user}", "mail": true},
						},
					},
				}},
			}},
		}
		if err := service.Init(); err != nil {
			log.Fatal(err)
		}
		pipe, err := proxy.NewDefaultFactory(proxy.HTTPProxyFactory(http.DefaultClient), logging.NoOp).New(service.Endpoints[0])
		if err != nil {
			log.Fatal(err)
		}
		variables = "nothing"
		if _, err := pipe(context.Background(), &proxy.Request{
			Method: "PUT", Params: map[string]string{"User": "7"}, Headers: map[string][]string{},
			Body: io.NopCloser(strings.NewReader(body)),
		}); err != nil {
			return variables + ", error: " + err.Error()
		}
		return variables
	}

	changed := false
	for _, test := range []struct{ operation, body, want string }{
		{"query", ``, `{"mail":true,"user":"7"}`},
		{"mutation", `{"mail":false}`, `{"mail":false,"user":"{user}"}`},
		{"mutation", ``, `nothing, error: unexpected end of JSON input`},
	} {
		got := sent(test.operation, test.body)
		fmt.Printf("PUT /marketing/7, %s, body %q\n  the backend gets %s\n", test.operation, test.body, got)
		changed = changed || got != test.want
	}
	if changed {
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
