#!/usr/bin/env bash
# A connection is refused: AWS never answers. The caller uses errors.As with *ResponseError to
# tell an answer of AWS from a broken connection.
# Expected: there is no response, so errors.As returns false. In aws-sdk-go (v1) it finds no
# RequestFailure.
# What happens: aws-sdk-go-v2 wraps this error in a ResponseError too. Its response is not nil,
# and has status 0 and no headers.
# Why it matters: code that was moved from v1 passes on the status 0. net/http panics for
# w.WriteHeader(0), and "status < 500" counts the failure as the client's.
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
	"log"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	one "github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	lambda1 "github.com/aws/aws-sdk-go/service/lambda"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	endpoint := "http://" + listener.Addr().String()
	listener.Close() // Connections are refused from now on.

	v1 := lambda1.New(session.Must(session.NewSession(&one.Config{
		Region:      one.String("eu-west-1"),
		Endpoint:    &endpoint,
		MaxRetries:  one.Int(0),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "secret", ""),
	})))
	_, err = v1.Invoke(&lambda1.InvokeInput{FunctionName: one.String("f")})
	var failure awserr.RequestFailure
	answered1 := errors.As(err, &failure)
	fmt.Printf("v1: %v\n  RequestFailure: %v\n", err, answered1)

	v2 := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		Retryer: aws.NopRetryer{},
	})
	_, err = v2.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("f")})
	var response *smithyhttp.ResponseError
	answered2 := errors.As(err, &response)
	fmt.Printf("v2: %v\n  ResponseError: %v\n", err, answered2)
	if answered1 || !answered2 || response.HTTPResponse() == nil || response.HTTPStatusCode() != 0 {
		log.Fatal("the behaviour has changed")
	}
	fmt.Printf("  response: %T, status %d, headers %v\n",
		response.HTTPResponse(), response.HTTPStatusCode(), response.HTTPResponse().Header)
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 github.com/aws/aws-sdk-go-v2@v1.48.0 \
		github.com/aws/smithy-go@v1.28.9 github.com/aws/aws-sdk-go@v1.55.8 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2 github.com/aws/aws-sdk-go-v2/service/lambda \
	github.com/aws/smithy-go
go run .
