#!/usr/bin/env bash
# A function in Go logs with lambdacontext.NewLogger of aws-lambda-go, which follows the log level
# that is configured in Lambda (AWS_LAMBDA_LOG_LEVEL). Lambda has six levels, from TRACE, the most
# detailed one, to FATAL.
# Expected: TRACE logs at least as much as DEBUG, and FATAL at most as much as ERROR.
# What happens: the logger knows DEBUG, INFO, WARN and ERROR. It takes all other values for INFO,
# without a warning. TRACE hides the debug lines that DEBUG shows, and FATAL prints the infos and
# warnings that ERROR hides.
# Why it matters: the developer who looks for a fault sets the most detailed level and sees less
# than before.
# Rule: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "request-7"})
	logger := lambdacontext.NewLogger()
	logger.DebugContext(ctx, "order read")
	logger.InfoContext(ctx, "order accepted")
	logger.WarnContext(ctx, "stock is low")
	logger.ErrorContext(ctx, "payment failed")
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-lambda-go@v1.55.1 &&
	go mod tidy && go build -o finding .; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-lambda-go
changed=
for test in "TRACE INFO WARN ERROR" "DEBUG DEBUG INFO WARN ERROR" "INFO INFO WARN ERROR" "WARN WARN ERROR" "ERROR ERROR" "FATAL INFO WARN ERROR"; do
	level=${test%% *}
	AWS_LAMBDA_LOG_FORMAT=JSON AWS_LAMBDA_LOG_LEVEL=$level ./finding >"$level.log"
	got=$(sed 's/.*"level":"\([A-Z]*\)".*/\1/' "$level.log" | paste -s -d ' ' -)
	echo "AWS_LAMBDA_LOG_LEVEL=$level: $got"
	if [ "$got" != "${test#* }" ]; then
		changed=yes
	fi
done
if [ -n "$changed" ]; then
	echo "the behaviour has changed"
	exit 1
fi
