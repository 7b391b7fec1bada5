#!/usr/bin/env bash
# credential_process = keys --room "floor #2" --role reports
# Expected: quotes keep the # in the argument, as in a shell, in aws-sdk-go (v1), and in older
# versions of v2.
# What happens: since config v1.24.0, aws-sdk-go-v2 ends the value at the first " #" or " ;", even
# in quotes. The shell gets keys --room "floor and complains about the unclosed quote, although
# the file closes it. The SDK also cuts other values, such as role_session_name, without an error.
# Why it matters: the error points to a line that is right. What worked before an update, or works
# with v1, has no credentials.
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
	for _, profile := range []string{"dash", "hash", "semicolon"} {
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
	if got != `dash v1: [--room] [floor -2], failed: false; v2: [--room] [floor -2], failed: false
hash v1: [--room] [floor #2], failed: false; v2: , failed: true
semicolon v1: [--room] [floor ;2], failed: false; v2: , failed: true
` {
		log.Fatal("the behaviour has changed")
	}
	shared, err := config.LoadSharedConfigProfile(ctx, "named", func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{"config"}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("role_session_name = \"shift #2\" v2: %s\n", shared.RoleSessionName)
	if shared.RoleSessionName != `"shift` {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >keys <<'SH'
#!/bin/sh
# keys prints credentials whose id is its first two arguments.
printf '{"Version": 1, "AccessKeyId": "[%s] [%s]", "SecretAccessKey": "secret"}\n' "$1" "$2"
SH
chmod +x keys
cat >config <<INI
[profile dash]
credential_process = $dir/keys --room "floor -2" --role reports
[profile hash]
credential_process = $dir/keys --room "floor #2" --role reports
[profile semicolon]
credential_process = $dir/keys --room "floor ;2" --role reports
[profile named]
role_session_name = "shift #2"
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
