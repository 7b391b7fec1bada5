#!/usr/bin/env bash
# A program takes a function's name from an environment variable that is not set: "", which is not
# nil.
# Expected: an error before the SDK sends anything, as it has done since 2020: "input member
# FunctionName must not be empty". This check prevents requests to another resource.
# What happens: since service/lambda v1.109.0 the check is gone. GetFunction requests
# /2015-03-31/functions/, the path of the list of functions, and takes the answer as its output:
# no error and no function. GetAlias requests the list of aliases, and Invoke calls "functions//".
# Why it matters: code that checks whether a function exists (err == nil) finds the one without a
# name. The first sign is a nil pointer somewhere else.
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
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func main() {
	request := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request = r.Method + " " + r.RequestURI
		switch strings.TrimSuffix(r.URL.Path, "/") {
		case "/2015-03-31/functions":
			io.WriteString(w, `{"Functions":[{"FunctionName":"a"},{"FunctionName":"b"}]}`)
		case "/2015-03-31/functions/a/aliases":
			io.WriteString(w, `{"Aliases":[{"Name":"live"}]}`)
		default:
			w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer srv.Close()

	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	show := func(operation string, found bool, err error) {
		fmt.Printf("  %-11s sent %q, found: %v, failed: %v\n", operation, request, found, err != nil)
		request = ""
	}
	ctx, name := context.Background(), ""
	function, err := client.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
	show("GetFunction", err == nil && function.Configuration != nil, err)
	alias, err := client.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("a"), Name: &name})
	show("GetAlias", err == nil && alias.Name != nil, err)
	reply, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name})
	show("Invoke", err == nil && reply.Payload != nil, err)
}
GO

# run VERSION CORE runs the program with these versions.
run() {
	rm -f go.mod go.sum
	if ! { go mod init example.test/finding &&
		go get "github.com/aws/aws-sdk-go-v2/service/lambda@$1" "github.com/aws/aws-sdk-go-v2@$2" &&
		go mod tidy; } >setup.log 2>&1; then
		cat setup.log >&2
		return 1
	fi
	go run .
}

old=$(run v1.108.0 v1.47.0)
new=$(run v1.114.4 v1.48.0)
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.108.0:"
echo "$old"
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.114.4:"
echo "$new"
[[ $old == '  GetFunction sent "", found: false, failed: true
  GetAlias    sent "", found: false, failed: true
  Invoke      sent "", found: false, failed: true' ]]
[[ $new == '  GetFunction sent "GET /2015-03-31/functions/", found: false, failed: false
  GetAlias    sent "GET /2015-03-31/functions/a/aliases/", found: false, failed: false
  Invoke      sent "POST /2015-03-31/functions//invocations", found: false, failed: true' ]]
