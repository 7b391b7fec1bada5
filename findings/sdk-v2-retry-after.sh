#!/usr/bin/env bash
# Lambda throttles a call and says when to come again: 429 with Retry-After: 2. The SDKs read it
# as TooManyRequestsException.RetryAfterSeconds.
# Expected: the retry comes after 2 seconds or more, as in aws-sdk-go (v1).
# What happens: aws-sdk-go-v2 returns the number with the error, but does not wait for it. The
# retry comes within a second, the next one within two. Only the header X-Amz-Retry-After makes it
# wait.
# Why it matters: after a move from v1 to v2, a throttled client calls sooner than AWS allows, and
# uses up its attempts before the throttle ends.
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
	"time"

	v2 "github.com/aws/aws-sdk-go-v2/aws"
	lambda2 "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	v1 "github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	lambda1 "github.com/aws/aws-sdk-go/service/lambda"
)

func main() {
	var calls []time.Time
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, time.Now())
		w.Header().Set("X-Amzn-ErrorType", "TooManyRequestsException")
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded."}`)
	}))
	defer srv.Close()

	sess := session.Must(session.NewSession(v1.NewConfig().WithRegion("eu-west-1").WithEndpoint(srv.URL).
		WithMaxRetries(1).WithCredentials(credentials.NewStaticCredentials("AKIDEXAMPLE", "secret", ""))))
	_, err := lambda1.New(sess).Invoke(&lambda1.InvokeInput{FunctionName: v1.String("f")})
	var one *lambda1.TooManyRequestsException
	if !errors.As(err, &one) || len(calls) != 2 {
		log.Fatal(err, len(calls))
	}
	wait1 := calls[1].Sub(calls[0])
	fmt.Printf("v1: RetryAfterSeconds %s, retried after %.1f s\n", v1.StringValue(one.RetryAfterSeconds), wait1.Seconds())

	calls = nil
	client := lambda2.New(lambda2.Options{
		Region:           "eu-west-1",
		BaseEndpoint:     v2.String(srv.URL),
		RetryMaxAttempts: 2,
		Credentials: v2.CredentialsProviderFunc(func(context.Context) (v2.Credentials, error) {
			return v2.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	_, err = client.Invoke(context.Background(), &lambda2.InvokeInput{FunctionName: v2.String("f")})
	var two *types.TooManyRequestsException
	if !errors.As(err, &two) || len(calls) != 2 {
		log.Fatal(err, len(calls))
	}
	wait2 := calls[1].Sub(calls[0])
	fmt.Printf("v2: RetryAfterSeconds %s, retried after %.1f s\n", v2.ToString(two.RetryAfterSeconds), wait2.Seconds())

	if wait1 < 2*time.Second || wait2 > 1500*time.Millisecond {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go@v1.55.8 \
		github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 github.com/aws/aws-sdk-go-v2@v1.48.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2 github.com/aws/aws-sdk-go-v2/service/lambda
go run .
