#!/usr/bin/env bash
# AWS throttles a call (429, TooManyRequestsException), and the caller's deadline passes while the
# SDK waits to retry.
# Expected: the error contains both: errors.As still finds AWS's answer, the throttle.
# What happens: the error is "request canceled, context deadline exceeded", and nothing in it
# leads to AWS's answer. Without a deadline, the same call returns TooManyRequestsException.
# Why it matters: throttling looks like a slow function. Callers answer 504 instead of 429, alarms
# on throttles stay silent, and the wrong team is called.
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func main() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "TooManyRequestsException")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded."}`)
	}))
	defer srv.Close()

	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		// By default the delay before a retry is random. This one is fixed.
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) {
				return 800 * time.Millisecond, nil
			})
		}),
	})
	invoke := func(ctx context.Context) (throttle, answer bool) {
		_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
		var throttled *types.TooManyRequestsException
		var response *smithyhttp.ResponseError
		throttle, answer = errors.As(err, &throttled), errors.As(err, &response)
		fmt.Printf("%v\n  TooManyRequestsException: %v, ResponseError: %v, DeadlineExceeded: %v\n",
			err, throttle, answer, errors.Is(err, context.DeadlineExceeded))
		return throttle, answer
	}

	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	throttle, answer := invoke(ctx)
	patient, _ := invoke(context.Background())
	if throttle || answer || !patient {
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
