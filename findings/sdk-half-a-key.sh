#!/usr/bin/env bash
# A deployment sets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for a Go program. The second one
# does not arrive: its secret has another name, or the variable is empty. The machine has other
# credentials, here in the shared file.
# Expected: an error that names the missing half. botocore (boto3, 1.43.11) stops with "Partial
# credentials found in env, missing: AWS_SECRET_ACCESS_KEY".
# What happens: both Go SDKs treat half of a key as no key, and search the next place, without an
# error or a line in the log. The program runs with the key of the file.
# Why it matters: the calls succeed in another account, or with the role of the machine. If there
# are no other credentials, the error is about the metadata service of EC2, and not about the
# variable.
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
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	ctx := context.Background()
	got := ""
	for _, names := range [][]string{
		{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, {"AWS_ACCESS_KEY_ID"}, {"AWS_SECRET_ACCESS_KEY"},
	} {
		os.Unsetenv("AWS_ACCESS_KEY_ID")
		os.Unsetenv("AWS_SECRET_ACCESS_KEY")
		for _, name := range names {
			os.Setenv(name, "AKIDENV")
		}
		fmt.Println("set:", names)

		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			log.Fatal(err)
		}
		v2, err := cfg.Credentials.Retrieve(ctx)
		line := fmt.Sprintf("v2: key %s, error %v\n", v2.AccessKeyID, err)
		fmt.Print("  ", line)
		got += line

		s, err := session.NewSession()
		if err != nil {
			log.Fatal(err)
		}
		v1, err := s.Config.Credentials.Get()
		line = fmt.Sprintf("v1: key %s, error %v\n", v1.AccessKeyID, err)
		fmt.Print("  ", line)
		got += line
	}
	if got != `v2: key AKIDENV, error <nil>
v1: key AKIDENV, error <nil>
v2: key AKIDFILE, error <nil>
v1: key AKIDFILE, error <nil>
v2: key AKIDFILE, error <nil>
v1: key AKIDFILE, error <nil>
` {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >credentials <<'INI'
[default]
aws_access_key_id = AKIDFILE
aws_secret_access_key = not-a-secret
INI

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/config@v1.33.18 github.com/aws/aws-sdk-go@v1.55.8 &&
	go mod tidy && go build -o finding .; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2/config github.com/aws/aws-sdk-go
env -i AWS_REGION=eu-west-1 AWS_CONFIG_FILE=none AWS_SHARED_CREDENTIALS_FILE=credentials \
	AWS_EC2_METADATA_DISABLED=true ./finding
