#!/usr/bin/env bash
# The shared config has [profile reports], and below it [profile team#1].
# Expected: two profiles, as in aws-sdk-go (v1) and older versions of v2. At worst an error.
# What happens: since config v1.24.0, aws-sdk-go-v2 takes the # for a comment, finds no closing
# bracket, and skips the line. Everything below it now belongs to the profile above: "reports"
# gets the keys and the region of "team#1", without an error. A ; has the same effect.
# Why it matters: a new profile at the end of the file changes the account and the region of
# another profile, which was not edited.
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
)

func main() {
	ctx := context.Background()
	got := ""
	for _, profile := range []string{"reports", "team#1"} {
		v1, err := session.NewSessionWithOptions(session.Options{
			Profile: profile, SharedConfigState: session.SharedConfigEnable,
		})
		if err != nil {
			log.Fatal(err)
		}
		one, err := v1.Config.Credentials.Get()
		if err != nil {
			log.Fatal(err)
		}
		line := fmt.Sprintf("%s v1: %s %s; v2: ", profile, one.AccessKeyID, aws.StringValue(v1.Config.Region))
		if v2, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile)); err != nil {
			line += err.Error()
		} else if two, err := v2.Credentials.Retrieve(ctx); err != nil {
			line += err.Error()
		} else {
			line += two.AccessKeyID + " " + v2.Region
		}
		fmt.Println(line)
		got += line + "\n"
	}
	if got != `reports v1: KEYSOFREPORTS eu-west-1; v2: KEYSOFTEAM1 us-east-1
team#1 v1: KEYSOFTEAM1 us-east-1; v2: failed to get shared config profile, team#1
` {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >config <<'INI'
[profile reports]
region = eu-west-1
aws_access_key_id = KEYSOFREPORTS
aws_secret_access_key = secret

[profile team#1]
region = us-east-1
aws_access_key_id = KEYSOFTEAM1
aws_secret_access_key = secret
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
