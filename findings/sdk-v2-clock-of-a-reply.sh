#!/usr/bin/env bash
# The clock of this machine is right. One reply, a plain 200, has a Date that is an hour ahead: a
# server behind the endpoint has a wrong clock, or a proxy that writes the header.
# Expected: the SDK corrects its clock only when AWS refuses a call for its time.
# What happens: the Date of every reply counts. The SDK signs the client's next call with a time
# that is an hour ahead, and AWS refuses it (more than 5 minutes). A second attempt, with the time
# of that answer, succeeds. If retries are off, the call fails.
# Why it matters: one host with a wrong clock behind a load balancer costs calls to all other
# hosts an attempt and a share of the retry quota, or breaks them.
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
	signed := "" // How far ahead the time in each attempt's signature is.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			log.Fatal(err)
		}
		ahead := time.Until(t).Round(time.Minute)
		signed += " " + ahead.String()
		if ahead > 5*time.Minute { // AWS refuses it too.
			w.Header().Set("X-Amzn-ErrorType", "InvalidSignatureException")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"message":"Signature not yet current"}`)
			return
		}
		if strings.Contains(r.URL.Path, "/ahead/") {
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
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
	got := ""
	for _, attempts := range []int{3, 1} {
		options.RetryMaxAttempts = attempts
		client := lambda.New(options)
		for _, name := range []string{"right", "ahead", "right", "right"} {
			signed = ""
			_, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &name})
			line := fmt.Sprintf("Date of the reply %s: attempts signed ahead by%s, failed: %v\n", name, signed, err != nil)
			fmt.Printf("at most %d attempts; %s", attempts, line)
			got += line
		}
	}
	if got != `Date of the reply right: attempts signed ahead by 0s, failed: false
Date of the reply ahead: attempts signed ahead by 0s, failed: false
Date of the reply right: attempts signed ahead by 1h0m0s 0s, failed: false
Date of the reply right: attempts signed ahead by 0s, failed: false
Date of the reply right: attempts signed ahead by 0s, failed: false
Date of the reply ahead: attempts signed ahead by 0s, failed: false
Date of the reply right: attempts signed ahead by 1h0m0s, failed: true
Date of the reply right: attempts signed ahead by 0s, failed: false
` {
		log.Fatal("the behaviour has changed")
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
