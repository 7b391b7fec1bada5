#!/usr/bin/env bash
# Something between the program and AWS answers in place of Lambda, in plain text: a proxy or a
# wrong endpoint with "404 page not found", or a load balancer with "502 Bad Gateway".
# Expected: the error shows the text, or is at least an API error with the status, so that a
# switch over smithy.APIError finds it.
# What happens: the SDK parses the status number in the text as JSON. The error is "json: cannot
# unmarshal number into Go value", without the text, and errors.As finds no smithy.APIError. For
# an empty body it does: "UnknownError: UnknownError".
# Why it matters: a wrong endpoint looks like a function's reply that is not JSON.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
)

func main() {
	changed := false
	for _, answer := range []struct {
		status     int
		body, want string
		api        bool
	}{
		{404, "404 page not found\n", "cannot unmarshal number", false},
		{502, "502 Bad Gateway\n", "cannot unmarshal number", false},
		{503, "no healthy upstream\n", "invalid character 'o' in literal null", false},
		{404, "", "UnknownError: UnknownError", true},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(answer.status)
			io.WriteString(w, answer.body)
		}))
		client := lambda.New(lambda.Options{
			Region:       "eu-west-1",
			BaseEndpoint: aws.String(srv.URL),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
			}),
			Retryer: aws.NopRetryer{},
		})
		_, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("f")})
		srv.Close()
		var api smithy.APIError
		found := errors.As(err, &api)
		fmt.Printf("%d %q\n  %v\n  smithy.APIError: %v\n", answer.status, answer.body, err, found)
		changed = changed || err == nil || found != answer.api || !strings.Contains(err.Error(), answer.want) ||
			answer.body != "" && strings.Contains(err.Error(), strings.TrimSpace(answer.body))
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 github.com/aws/aws-sdk-go-v2@v1.48.0 \
		github.com/aws/smithy-go@v1.28.9 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2 github.com/aws/aws-sdk-go-v2/service/lambda github.com/aws/smithy-go
go run .
