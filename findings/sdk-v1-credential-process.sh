#!/usr/bin/env bash
# credential_process = "/opt/bin/keys" --role reports
# AWS documents double quotes like these for a program whose path may contain a space.
# Expected: the program gets --role reports, as without quotes, and as with AWS's other SDKs.
# What happens: aws-sdk-go (v1, the last release) takes the text in quotes for the whole value.
# The program runs without its arguments, and there is no error. If the path contains a space, the
# quotes are lost as well, and the shell looks for the first word of the path.
# Why it matters: a program with a default role returns that role's keys. Calls fail, or succeed
# in another account than the config says.
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
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	ctx := context.Background()
	got := ""
	for _, profile := range []string{"plain", "quoted", "space"} {
		v1, err := session.NewSessionWithOptions(session.Options{
			Profile: profile, SharedConfigState: session.SharedConfigEnable,
		})
		if err != nil {
			log.Fatal(err)
		}
		one, err1 := v1.Config.Credentials.Get()
		v2, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
		if err != nil {
			log.Fatal(err)
		}
		two, err2 := v2.Credentials.Retrieve(ctx)
		line := fmt.Sprintf("%s v1: %s, failed: %v; v2: %s, failed: %v\n",
			profile, one.AccessKeyID, err1 != nil, two.AccessKeyID, err2 != nil)
		fmt.Print(line)
		got += line
	}
	if got != `plain v1: KEYSOFreports, failed: false; v2: KEYSOFreports, failed: false
quoted v1: KEYSOFbilling, failed: false; v2: KEYSOFreports, failed: false
space v1: , failed: true; v2: KEYSOFreports, failed: false
` {
		log.Fatal("the behaviour has changed")
	}
}
GO
mkdir "with space"
cat >"with space/keys" <<'SH'
#!/bin/sh
# keys [--role NAME] prints credentials of that role, by default of billing.
printf '{"Version": 1, "AccessKeyId": "KEYSOF%s", "SecretAccessKey": "secret"}\n' "${2:-billing}"
SH
chmod +x "with space/keys"
cp "with space/keys" keys
cat >config <<INI
[profile plain]
credential_process = $dir/keys --role reports
[profile quoted]
credential_process = "$dir/keys" --role reports
[profile space]
credential_process = "$dir/with space/keys" --role reports
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
