#!/usr/bin/env bash
# aws configure --profile "two words" writes the section [profile 'two words'], and the AWS CLI
# finds it again. A Go program runs with AWS_PROFILE="two words".
# Expected: all of AWS's tools read the same config file in the same way.
# What happens: for the Go SDKs the quotes are part of the name. aws-sdk-go-v2 fails to load its
# config, although AWS_PROFILE="'two words'" works. aws-sdk-go (v1) returns no error: the session
# has no region and no credentials, as if the profile were empty.
# Why it matters: what works in the shell fails in the program. v1's later error is about
# something else: a missing region, or the credentials of the machine's role.
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

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	ctx := context.Background()
	got := ""
	for _, profile := range []string{"two words", "'two words'"} {
		os.Setenv("AWS_PROFILE", profile)
		fmt.Printf("AWS_PROFILE=%q\n", profile)

		v2, err := config.LoadDefaultConfig(ctx)
		line := fmt.Sprintf("v2: error %v, region %q\n", err, v2.Region)
		if err == nil {
			credentials, err := v2.Credentials.Retrieve(ctx)
			line = fmt.Sprintf("v2: region %q, key %q, error %v\n", v2.Region, credentials.AccessKeyID, err)
		}
		fmt.Print("  ", line)
		got += line

		v1, err := session.NewSession()
		if err != nil {
			log.Fatal(err)
		}
		credentials, err := v1.Config.Credentials.Get()
		line = fmt.Sprintf("v1: region %q, key %q, error %v\n",
			aws.StringValue(v1.Config.Region), credentials.AccessKeyID, err != nil)
		fmt.Print("  ", line)
		got += line
	}
	if got != `v2: error failed to get shared config profile, two words, region ""
v1: region "", key "", error true
v2: region "eu-west-1", key "AKIDTWO", error <nil>
v1: region "eu-west-1", key "AKIDTWO", error false
` {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >config <<'INI'
[profile 'two words']
region = eu-west-1
aws_access_key_id = AKIDTWO
aws_secret_access_key = secret
INI

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/config@v1.33.18 github.com/aws/aws-sdk-go@v1.55.8 &&
	go mod tidy && go build -o finding .; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2/config github.com/aws/aws-sdk-go
env -i AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=none AWS_SDK_LOAD_CONFIG=1 \
	AWS_EC2_METADATA_DISABLED=true ./finding
