#!/usr/bin/env bash
# A Go program reads {"größe": 42} with json-iterator, in the configuration that is compatible
# with encoding/json. The sender escapes the name: {"gr\u00f6\u00dfe": 42}. Python's json.dumps
# does that by default.
# Expected: both texts are the same JSON, so the field is 42.
# What happens: for a struct of up to ten fields, json-iterator compares hashes of names. It
# hashes the bytes of a field's name, but the code points of an escaped name. The hashes differ,
# so it skips the member without an error. If the struct has an eleventh field, or a capital
# letter in a field's name, json-iterator uses another decoder, which finds the value. The first
# half is json-iterator's open issue 549.
# Why it matters: whether a value is read or stays 0 depends on the sender's library and on
# unrelated fields.
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

	jsoniter "github.com/json-iterator/go"
)

type small struct {
	Size int `json:"größe"`
	ID   int `json:"id"`
}

type capital struct {
	Size int `json:"größe"`
	ID   int `json:"orderId"`
}

func main() {
	compatible := jsoniter.ConfigCompatibleWithStandardLibrary
	changed := false
	for _, test := range []struct{ text, want string }{
		{`{"größe": 42}`, "42 by encoding/json, 42 by json-iterator, 42 with a field orderId in the place of id"},
		{`{"gr\u00f6\u00dfe": 42}`, "42 by encoding/json, 0 by json-iterator, 42 with a field orderId in the place of id"},
	} {
		var standard, iterator small
		var other capital
		for _, err := range []error{
			json.Unmarshal([]byte(test.text), &standard),
			compatible.Unmarshal([]byte(test.text), &iterator),
			compatible.Unmarshal([]byte(test.text), &other),
		} {
			if err != nil {
				log.Fatal(err)
			}
		}
		got := fmt.Sprintf("%d by encoding/json, %d by json-iterator, %d with a field orderId in the place of id",
			standard.Size, iterator.Size, other.Size)
		fmt.Printf("%s\n  %s\n", test.text, got)
		changed = changed || got != test.want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/json-iterator/go@v1.1.12 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/json-iterator/go
go run .
