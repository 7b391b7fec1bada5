#!/usr/bin/env bash
# A middleware turns a function's own error (X-Amz-Function-Error) into an error that the SDK
# retries. The first execution fails, the second one succeeds.
# Expected: each attempt gets its own output, so the second one ends the call.
# What happens: since service/lambda v1.109.0 all attempts of a call fill one output struct.
# Members that a later reply does not set keep their earlier value: FunctionError is still set, so
# the good reply counts as failed, and the SDK executes the function until it has no attempts
# left.
# Why it matters: a retry that worked now executes the function three times and returns an error.
# With v1.108.0 it takes two executions.
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
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go/middleware"
)

var errFunction = errors.New("the function failed")

func functionError(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, md, err := next.HandleDeserialize(ctx, in)
	if reply, ok := out.Result.(*lambda.InvokeOutput); err == nil && ok && reply.FunctionError != nil {
		err = errFunction
	}
	return out, md, err
}

func main() {
	executions := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		executions++
		if executions == 1 {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.WriteString(w, `{"errorMessage":"no connection"}`)
			return
		}
		io.WriteString(w, `{"ok":true}`)
	}))
	defer srv.Close()

	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Deserialize.Add(
				middleware.DeserializeMiddlewareFunc("FunctionError", functionError), middleware.Before)
		}},
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				if errors.Is(err, errFunction) {
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}))
		}),
	})
	_, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("f")})
	fmt.Printf("%d executions, error: %v\n", executions, err)
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
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.108.0: $old"
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.114.4: $new"
[[ $old == '2 executions, error: <nil>' ]]
[[ $new == '3 executions, error: '*'the function failed' ]]
