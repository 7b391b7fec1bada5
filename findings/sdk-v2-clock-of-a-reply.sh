#!/usr/bin/env bash
# The clock of this machine is right. One reply, a plain 200, carries a Date that is an hour ahead:
# a server behind the endpoint, or a proxy that writes the header itself, has a wrong clock.
# Guess: the SDK corrects its clock when AWS refuses a call for its time, and only then.
# What happens: the Date of every reply counts. The next call of this client is signed with a time
# that is an hour ahead, which AWS refuses (the window is 5 minutes), and it goes on until a reply
# with a right Date arrives.
# Why it matters: one host with a wrong clock behind a load balancer makes calls to others fail.
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
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func main() {
	var signed time.Duration // How far ahead the last call's signature was.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			log.Fatal(err)
		}
		signed = time.Until(t).Round(time.Minute)
		if strings.Contains(r.URL.Path, "/ahead/") {
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		}
		io.WriteString(w, `{}`)
	}))
	defer srv.Close()

	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	var offsets []string
	for _, name := range []string{"right", "ahead", "right", "right"} {
		if _, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &name}); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("call signed %v ahead; Date of its reply: %s\n", signed, name)
		offsets = append(offsets, signed.String())
	}
	if got := strings.Join(offsets, " "); got != "0s 0s 1h0m0s 0s" {
		log.Fatal("the behaviour has changed: ", got)
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
