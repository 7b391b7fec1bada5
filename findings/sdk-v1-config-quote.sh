#!/usr/bin/env bash
# Someone forgets the closing quote in one profile of the shared config:
# credential_process = keys --screen "24
# Expected: this profile fails, or the SDK refuses the file with an error. The other profiles
# work.
# What happens: aws-sdk-go (v1, the last release) reads the whole file as empty, and returns no
# error. Even a correct profile has no region and no credentials. aws-sdk-go-v2 reads it.
# Why it matters: one mistake removes all profiles for all programs that share the file. Their
# errors name a missing region and missing credentials, but not the file.
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

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

func main() {
	ctx := context.Background()
	v1, err := session.NewSessionWithOptions(session.Options{
		Profile: "reports", SharedConfigState: session.SharedConfigEnable,
	})
	if err != nil {
		log.Fatal(err)
	}
	one, _ := v1.Config.Credentials.Get()
	_, call := lambda.New(v1).Invoke(&lambda.InvokeInput{FunctionName: aws.String("f")})
	v2, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile("reports"))
	if err != nil {
		log.Fatal(err)
	}
	two, err := v2.Credentials.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("reports v1: region %q, key %q; v2: region %q, key %q\n",
		aws.StringValue(v1.Config.Region), one.AccessKeyID, v2.Region, two.AccessKeyID)
	fmt.Println("a call of v1:", call)
	if aws.StringValue(v1.Config.Region) != "" || one.AccessKeyID != "" || v2.Region != "eu-west-1" || two.AccessKeyID != "KEYSOFREPORTS" ||
		call == nil || call.Error() != "MissingRegion: could not find region configuration" {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >config <<'INI'
[profile reports]
region = eu-west-1
aws_access_key_id = KEYSOFREPORTS
aws_secret_access_key = secret

[profile wall]
credential_process = keys --screen "24
INI

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go@v1.55.8 github.com/aws/aws-sdk-go-v2/config@v1.33.18 &&
	go mod tidy && go build -o finding .; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2/config
env -i PATH="$PATH" AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=none \
	AWS_EC2_METADATA_DISABLED=true ./finding
