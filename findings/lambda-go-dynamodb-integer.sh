#!/usr/bin/env bash
# A function in Go handles the changes of a DynamoDB table. It reads numbers of an item with the
# Integer method of aws-lambda-go's events: an id of an unsigned 64-bit counter, and a price.
# Expected: 42 is 42. For a number that an int64 cannot represent, the method returns an error: its
# comment promises ErrRange and the largest int64.
# What happens: the method parses such a number as a float64 and converts that, without an error. The
# id 12345678901234567890 becomes a negative number (on amd64; Go leaves the result of this conversion
# to the processor), 9223372036854775808 as well, and the price 19.99 becomes 19. The method Int64
# returns an error for all three. (Issue 454 is about the price; pull request 640 for the ids is open.)
# Why it matters: the function processes another id or amount. Test data with small, whole numbers do
# not show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/aws/aws-lambda-go/events"
)

func main() {
	changed := false
	for _, test := range []struct {
		number string
		right  bool
	}{
		{"42", true},
		{"9223372036854775807", true},
		{"9223372036854775808", false},
		{"12345678901234567890", false},
		{"19.99", false},
	} {
		var event events.DynamoDBEvent
		text := fmt.Sprintf(`{"Records":[{"dynamodb":{"NewImage":{"value":{"N":%q}}}}]}`, test.number)
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			log.Fatal(err)
		}
		value := event.Records[0].Change.NewImage["value"]
		integer, err := value.Integer()
		_, strict := value.Int64()
		fmt.Printf("%-21s Integer: %d, error: %v; Int64, error: %v\n", test.number, integer, err, strict)
		changed = changed || err != nil || (fmt.Sprint(integer) == test.number) != test.right || (strict == nil) != test.right
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-lambda-go@v1.55.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-lambda-go
go run .
