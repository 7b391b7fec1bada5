#!/usr/bin/env bash
# A program on aws-sdk-go (v1, the last release) uses the European Sovereign Cloud,
# eusc-de-east-1.
# Expected: the SDK knows the region's domain, amazonaws.eu, or returns an error for an unknown
# region.
# What happens: without an error, it treats an unknown region as part of the partition "aws":
# https://lambda.eusc-de-east-1.amazonaws.com, a name in another operator's domain. For
# us-isof-south-1, in another partition that is newer than the SDK, it does return an error.
# Why it matters: people choose this cloud for its operator. Their requests look for a host in the
# domain of another operator, and the failure looks like a network fault.
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

	"github.com/aws/aws-sdk-go-v2/aws"
	v2 "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go/aws/endpoints"
)

func main() {
	changed := false
	for _, service := range []string{"lambda", "sqs", "dynamodb"} {
		got, err := endpoints.DefaultResolver().EndpointFor(service, "eusc-de-east-1")
		fmt.Printf("v1: %-8s %s, partition %q, error %v\n", service, got.URL, got.PartitionID, err)
		changed = changed || err != nil || got.URL != "https://"+service+".eusc-de-east-1.amazonaws.com"
	}
	_, err := endpoints.DefaultResolver().EndpointFor("lambda", "us-isof-south-1")
	fmt.Printf("v1: lambda in us-isof-south-1: %v\n", err)
	right, err2 := v2.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(),
		v2.EndpointParameters{Region: aws.String("eusc-de-east-1")})
	if err2 != nil {
		log.Fatal(err2)
	}
	fmt.Println("v2: lambda  ", right.URI.String())
	if changed || err == nil || right.URI.Host != "lambda.eusc-de-east-1.amazonaws.eu" {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go@v1.55.8 github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2/service/lambda
go run .
