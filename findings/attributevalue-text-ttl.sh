#!/usr/bin/env bash
# A Go program stores a struct in DynamoDB. One field is a decimal.Decimal, so the program sets the
# option UseEncodingMarshalers: types with a MarshalText method become strings. Another field is
# the table's time to live: time.Time with the tag `unixtime`.
# Expected: the option is for types that attributevalue does not know. A time.Time with `unixtime`
# stays a number, as DynamoDB's time to live needs it.
# What happens: time.Time has a MarshalText method as well, and the encoder looks for that first.
# The field becomes a string such as 2026-11-28T13:00:00Z. The tag and the options EncodeTime and
# OmitEmptyTime have no effect. Decoding with the matching option reads the string, and old numbers
# too, so a test that writes and reads an item passes. The type attributevalue.UnixTime still
# becomes a number. The option's comment does not mention times.
# Why it matters: DynamoDB ignores a time to live that is not a number
# (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html): items no
# longer expire. Conditions that compare the field with a number no longer match.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/shopspring/decimal"
)

type basket struct {
	Total   decimal.Decimal
	Expires time.Time `dynamodbav:",unixtime"`
	Closed  time.Time `dynamodbav:",omitempty"`
}

func text(v types.AttributeValue) string {
	switch v := v.(type) {
	case nil:
		return "omitted"
	case *types.AttributeValueMemberS:
		return "S " + v.Value
	case *types.AttributeValueMemberN:
		return "N " + v.Value
	case *types.AttributeValueMemberM:
		return fmt.Sprintf("M with %d members", len(v.Value))
	default:
		return fmt.Sprintf("%T", v)
	}
}

func main() {
	b := basket{
		Total:   decimal.RequireFromString("19.99"),
		Expires: time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC),
	}
	changed := false
	for _, test := range []struct {
		option                 bool
		total, expires, closed string
	}{
		{false, "M with 0 members", "N 1795870800", "omitted"},
		{true, "S 19.99", "S 2026-11-28T13:00:00Z", "S 0001-01-01T00:00:00Z"},
	} {
		item, err := attributevalue.MarshalMapWithOptions(b, func(o *attributevalue.EncoderOptions) {
			o.OmitEmptyTime = true
			o.UseEncodingMarshalers = test.option
		})
		if err != nil {
			log.Fatal(err)
		}
		var back basket
		if err := attributevalue.UnmarshalMapWithOptions(item, &back, func(o *attributevalue.DecoderOptions) {
			o.UseEncodingUnmarshalers = test.option
		}); err != nil {
			log.Fatal(err)
		}
		total, expires, closed := text(item["Total"]), text(item["Expires"]), text(item["Closed"])
		fmt.Printf("UseEncodingMarshalers: %t\n  Total %s, Expires %s, Closed %s\n  read back: %s, %s\n",
			test.option, total, expires, closed, back.Total, back.Expires.Format(time.RFC3339))
		changed = changed || total != test.total || expires != test.expires || closed != test.closed ||
			!back.Expires.Equal(b.Expires)
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue@v1.21.21 github.com/shopspring/decimal@v1.6.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue github.com/shopspring/decimal
go run .
