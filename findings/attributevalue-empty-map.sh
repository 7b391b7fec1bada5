#!/usr/bin/env bash
# A Go program stores a struct in DynamoDB. Fields have the types decimal.Decimal, big.Int,
# netip.Addr, and a type of the program that embeds time.Time. All of them have MarshalText, and
# encoding/json writes them as text or as a number.
# Expected: attributevalue writes them as text, too, or returns an error, as both directions do for
# types that they cannot convert.
# What happens: these structs have no exported fields, so each becomes a map without members. There
# is no error, neither now nor when the program reads the item: the total is 0 then. A time.Time is
# written as text only if it is not embedded. The option UseEncodingMarshalers (off by default)
# writes them as text, but see attributevalue-text-ttl.sh.
# Why it matters: amounts and dates are lost for good. The item has all of its attributes, so
# checks that these exist pass.
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
	"math/big"
	"net/netip"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/shopspring/decimal"
)

type day struct{ time.Time }

type order struct {
	Total   decimal.Decimal
	Number  *big.Int
	Client  netip.Addr
	Paid    day
	Created time.Time
}

func main() {
	at := time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC)
	sent := order{
		Total: decimal.RequireFromString("19.99"), Number: big.NewInt(42),
		Client: netip.MustParseAddr("192.0.2.1"), Paid: day{at}, Created: at,
	}
	text, err := json.Marshal(sent)
	if err != nil {
		log.Fatal(err)
	}
	item, err := attributevalue.MarshalMap(sent)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("encoding/json: %s\nattributevalue:\n", text)
	var empty []string
	for _, name := range []string{"Total", "Number", "Client", "Paid", "Created"} {
		switch v := item[name].(type) {
		case *types.AttributeValueMemberM:
			fmt.Printf("  %-8s a map with %d members\n", name, len(v.Value))
			if len(v.Value) == 0 {
				empty = append(empty, name)
			}
		case *types.AttributeValueMemberS:
			fmt.Printf("  %-8s %q\n", name, v.Value)
		}
	}
	var read order
	err = attributevalue.UnmarshalMap(item, &read)
	fmt.Printf("read again: Total %s, Number %s, Client %s, Paid %s, Created %s, error %v\n", read.Total, read.Number,
		read.Client, read.Paid.Format(time.DateOnly), read.Created.Format(time.DateOnly), err)
	if !slices.Equal(empty, []string{"Total", "Number", "Client", "Paid"}) || err != nil || !read.Total.IsZero() {
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
