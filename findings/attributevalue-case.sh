#!/usr/bin/env bash
# Two programs write to a DynamoDB table: one in Go, whose struct has no tags (the attribute Total), and
# one in Node.js (the attribute total). Some items have both, because names of attributes are
# case-sensitive. The Go program reads such an item.
# Expected: the field Total has the value of the attribute Total. The documentation speaks of names that
# differ in case only where no exact match is found.
# What happens: attributevalue looks for a field for each attribute. The attribute total has no exact
# match, so it also goes into Total. The order is that of a Go map: chance decides which value is left.
# A tag with the exact name does not change that. Issue 2527 asks for names that are case-sensitive.
# Why it matters: the same item has another total in each call. A program that reads, changes and
# writes items stores the wrong one.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type order struct{ Total int }

type tagged struct {
	Total int `dynamodbav:"Total"`
}

func main() {
	item := map[string]types.AttributeValue{
		"Total": &types.AttributeValueMemberN{Value: "100"},
		"total": &types.AttributeValueMemberN{Value: "7"},
	}
	plain, withTag := map[int]int{}, map[int]int{}
	for range 1000 {
		var o order
		var t tagged
		if err := attributevalue.UnmarshalMap(item, &o); err != nil {
			log.Fatal(err)
		}
		if err := attributevalue.UnmarshalMap(item, &t); err != nil {
			log.Fatal(err)
		}
		plain[o.Total]++
		withTag[t.Total]++
	}
	fmt.Printf("Total is 100, total is 7. Total of 1000 reads: %v; with a tag: %v\n", plain, withTag)
	for _, totals := range []map[int]int{plain, withTag} {
		if totals[100] == 0 || totals[7] == 0 {
			log.Fatal("the behaviour has changed")
		}
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue@v1.21.21 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue
go run .
