#!/usr/bin/env bash
# One client invokes many functions. One of them is broken for a while, another one fails once.
# Expected: the SDK retries the single failure, as AWS_MAX_ATTEMPTS or its default of 3 says. The
# retry quota of 500 tokens, at 5 for each retry, lasts for 50 failed calls.
# What happens: since v1.48.0 a retry costs 14 tokens. 18 calls of the broken function use up the
# quota, and with it the retries of all other functions, until enough calls have succeeded: each
# gives back one token. The constant retry.DefaultRetryCost still says 5.
# Why it matters: one broken function makes calls of healthy functions fail at their first error.
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
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func main() {
	attempts := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.Split(r.URL.Path, "/")[3]
		attempts[name]++
		if name == "broken" || attempts[name] == 1 {
			w.Header().Set("X-Amzn-ErrorType", "ServiceException")
			w.WriteHeader(http.StatusInternalServerError)
		}
		io.WriteString(w, `{}`)
	}))
	defer srv.Close()

	options := lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	invoke := func(client *lambda.Client, name string) error {
		_, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &name})
		return err
	}

	client := lambda.New(options)
	fmt.Println("retry.DefaultRetryCost:", retry.DefaultRetryCost)
	fmt.Println("healthy1, failing once, at first:", invoke(client, "healthy1"))
	start := time.Now()
	for range 18 {
		invoke(client, "broken")
	}
	fmt.Printf("broken: 18 calls, %d executions, %.1f s\n", attempts["broken"], time.Since(start).Seconds())
	err := invoke(client, "healthy2")
	fmt.Println("healthy2, failing once, afterwards:", err)
	if err == nil || !strings.Contains(err.Error(), "retry quota exceeded") ||
		attempts["healthy1"] != 2 || attempts["healthy2"] != 1 || attempts["broken"] != 53 {
		log.Fatal("the behaviour has changed: ", attempts)
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 github.com/aws/aws-sdk-go-v2@v1.48.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2 github.com/aws/aws-sdk-go-v2/service/lambda
go run .
