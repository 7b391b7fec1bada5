#!/usr/bin/env bash
# credential_process = keys --teams red ,blue
# Expected: the program gets these arguments, or loading the config fails.
# What happens: aws-sdk-go (v1, the last release) drops the whole value because one word begins
# with a comma, and returns no error. The profile then has no credentials, and the SDK goes on to
# the next source: here, the role of the container. "red,blue" works, and aws-sdk-go-v2 reads
# both.
# Why it matters: the user chose a profile by name, and the calls run with another role.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"AccessKeyId": "KEYSOFCONTAINER", "SecretAccessKey": "secret",
			"Token": "token", "Expiration": "2099-01-01T00:00:00Z"}`)
	}))
	defer container.Close()
	os.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.URL)

	ctx := context.Background()
	got := ""
	for _, profile := range []string{"close", "apart"} {
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
		v2, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
		if err != nil {
			log.Fatal(err)
		}
		two, err := v2.Credentials.Retrieve(ctx)
		if err != nil {
			log.Fatal(err)
		}
		line := fmt.Sprintf("%s v1: %s; v2: %s\n", profile, one.AccessKeyID, two.AccessKeyID)
		fmt.Print(line)
		got += line
	}
	if got != `close v1: KEYSOF red,blue; v2: KEYSOF red,blue
apart v1: KEYSOFCONTAINER; v2: KEYSOF red ,blue
` {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >keys <<'SH'
#!/bin/sh
# keys --teams TEAMS prints credentials of these teams.
shift
printf '{"Version": 1, "AccessKeyId": "KEYSOF %s", "SecretAccessKey": "secret"}\n' "$*"
SH
chmod +x keys
cat >config <<INI
[profile close]
region = eu-west-1
credential_process = $dir/keys --teams red,blue
[profile apart]
region = eu-west-1
credential_process = $dir/keys --teams red ,blue
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
