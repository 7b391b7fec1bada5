#!/usr/bin/env bash
# The program of a credential_process is a shell script that starts a slow command. The provider's
# Timeout is 0.3 s, and the command takes 2 s.
# Expected: the error comes after 0.3 s, and the program and its children are gone.
# What happens: aws-sdk-go (v1) returns after 0.3 s and leaves the program running. aws-sdk-go-v2
# ends only the shell and then waits for the slow command, which still holds the output: the
# timeout takes 2 s. So does the deadline of the context.
# Why it matters: with v2, a request waits past its deadline for as long as the slow command runs.
# With v1, each new attempt leaves one more program running.
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
	"os"
	"time"

	v2 "github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	v1 "github.com/aws/aws-sdk-go/aws/credentials/processcreds"
)

const timeout = 300 * time.Millisecond

func main() {
	changed := false
	for _, sdk := range []struct {
		name  string
		waits bool // It waits until the command ends.
		get   func() error
	}{
		{"v1, Timeout", false, func() error {
			_, err := v1.NewCredentialsTimeout("./keys", timeout).Get()
			return err
		}},
		{"v2, Timeout", true, func() error {
			_, err := v2.NewProvider("./keys", func(o *v2.Options) { o.Timeout = timeout }).Retrieve(context.Background())
			return err
		}},
		{"v2, deadline", true, func() error {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			_, err := v2.NewProvider("./keys").Retrieve(ctx)
			return err
		}},
	} {
		os.Remove("ended")
		start := time.Now()
		err := sdk.get()
		took := time.Since(start)
		time.Sleep(3*time.Second - took)
		_, missing := os.Stat("ended")
		fmt.Printf("%-13s %.1f s, command ended by itself: %v, %v\n", sdk.name, took.Seconds(), missing == nil, err)
		changed = changed || err == nil || missing != nil || (took > 1900*time.Millisecond) != sdk.waits
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >slow <<'SH'
#!/bin/sh
sleep 2
touch ended
SH
cat >keys <<'SH'
#!/bin/sh
./slow
echo '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret"}'
SH
chmod +x slow keys

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go@v1.55.8 github.com/aws/aws-sdk-go-v2/credentials@v1.21.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2/credentials
go run .
