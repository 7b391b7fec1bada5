#!/usr/bin/env bash
# "aws login" writes login_session into a profile. Another profile assumes a role with it, by
# role_arn and source_profile.
# Expected: the SDK uses the login for AssumeRole, as it does with a source_profile of SSO. The
# profile alone works: the SDK supports logins.
# What happens: aws-sdk-go-v2 does not accept a login as the credentials of a source_profile. It
# refuses the config with an error that ends in "<nil>" and does not name the cause. It accepts a
# source_profile with SSO or credential_process.
# Why it matters: developers who move from SSO to "aws login" cannot start programs that assume a
# role, and search for the mistake in their role.
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
)

func main() {
	got := ""
	for _, profile := range []string{"login", "role-by-login", "role-by-process", "role-by-sso"} {
		_, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile(profile))
		line := fmt.Sprintf("%s: %v\n", profile, err)
		fmt.Print(line)
		got += line
	}
	if got != `login: <nil>
role-by-login: failed to load assume role arn:aws:iam::123456789012:role/deploy, of profile login, <nil>
role-by-process: <nil>
role-by-sso: <nil>
` {
		log.Fatal("the behaviour has changed")
	}
}
GO
cat >config <<'INI'
[profile login]
region = eu-west-1
login_session = arn:aws:iam::123456789012:user/jane
[profile process]
credential_process = keys
[profile role-by-login]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = login
[profile role-by-process]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = process
[sso-session company]
sso_start_url = https://company.example.com/start
sso_region = eu-west-1
[profile sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = developer
[profile role-by-sso]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = sso
INI

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/config@v1.33.18 &&
	go mod tidy && go build -o finding .; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2/config
env -i PATH="$PATH" HOME="$dir" AWS_CONFIG_FILE=config AWS_SHARED_CREDENTIALS_FILE=none \
	AWS_EC2_METADATA_DISABLED=true ./finding
