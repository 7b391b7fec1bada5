#!/usr/bin/env bash
# Integration tests run against AWS's own emulator of Lambda, which is in every base image. One
# function returns an error, another one exceeds its timeout.
# Expected: the SDK sees the same as on AWS: InvokeOutput.FunctionError is set.
# What happens: the emulator answers a plain 200 without X-Amz-Function-Error. FunctionError is
# nil, and an error looks like a reply of {"errorMessage", "errorType"}. A timeout is a 200 too,
# with the text "Task timed out after 1.00 seconds", which is not JSON.
# Why it matters: such tests never run the code for errors, or they pass and production fails.
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
	"os"
	"os/exec"
	"time"

	function "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func handle(how string) (string, error) {
	switch how {
	case "error":
		return "", errors.New("order 7 not found")
	case "timeout":
		time.Sleep(time.Minute)
	}
	return "fine", nil
}

func address() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func main() {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		function.Start(handle)
	}
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	endpoint := address()
	emulator := exec.CommandContext(ctx, "./aws-lambda-rie", "--runtime-interface-emulator-address", endpoint,
		"--runtime-api-address", address(), self)
	emulator.Env = append(os.Environ(), "AWS_LAMBDA_FUNCTION_TIMEOUT=1")
	if err := emulator.Start(); err != nil {
		log.Fatal(err)
	}
	ok := test(ctx, "http://"+endpoint)
	emulator.Process.Signal(os.Interrupt)
	emulator.Wait()
	if !ok {
		log.Fatal("the behaviour has changed")
	}
}

func test(ctx context.Context, endpoint string) bool {
	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		RetryMaxAttempts: 30, // Until the emulator listens.
	})
	got := ""
	for _, how := range []string{"success", "error", "timeout"} {
		out, err := client.Invoke(ctx, &lambda.InvokeInput{
			FunctionName: aws.String("function"), Payload: fmt.Appendf(nil, "%q", how),
		})
		if err != nil {
			fmt.Println(err)
			return false
		}
		line := fmt.Sprintf("%d FunctionError: %q, %s\n", out.StatusCode, aws.ToString(out.FunctionError), out.Payload)
		fmt.Printf("%-8s %s", how, line)
		got += line
	}
	return got == `200 FunctionError: "", "fine"
200 FunctionError: "", {"errorMessage":"order 7 not found","errorType":"errorString"}
200 FunctionError: "", Task timed out after 1.00 seconds
`
}
GO

emulator=github.com/aws/aws-lambda-runtime-interface-emulator
if ! { go mod init example.test/finding &&
	go get "$emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d" github.com/aws/aws-lambda-go@v1.55.1 \
		github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 github.com/aws/aws-sdk-go-v2@v1.48.0 &&
	go build -o . "$emulator/cmd/aws-lambda-rie" &&
	go list -m "$emulator" github.com/aws/aws-sdk-go-v2/service/lambda >versions &&
	go mod tidy && go build -o finding .; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat versions
./finding
