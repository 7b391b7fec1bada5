#!/usr/bin/env bash
# A Go program checks requests with CEL. An expression compares a number of the request's JSON with a
# list of texts, or makes a text with it: string(order.id) in ["1234567"].
# Expected: the number 1234567 becomes "1234567", as in JavaScript and in JSON.
# What happens: numbers of JSON are doubles, and cel-go writes doubles from 1,000,000 on with an
# exponent: "1.234567e+06". Up to 999,999 the text is as expected. The format function of the same
# package (ext.Strings) writes 1234567, and order.id == 1234567 is true. string(int(order.id)) works.
# Why it matters: rules that are right for small ids never match from the millionth on, so customers
# are refused. An ARN gets 1.23456789012e+11 as its account.
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

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

func main() {
	env, err := cel.NewEnv(cel.Variable("order", cel.MapType(cel.StringType, cel.DynType)), ext.Strings())
	if err != nil {
		log.Fatal(err)
	}
	changed := false
	for _, test := range []struct{ text, expression, want string }{
		{`{"id": 999999}`, `string(order.id)`, "999999"},
		{`{"id": 1234567}`, `string(order.id)`, "1.234567e+06"},
		{`{"id": 1234567}`, `"%s".format([order.id])`, "1234567"},
		{`{"id": 1234567}`, `string(int(order.id))`, "1234567"},
		{`{"id": 1234567}`, `order.id == 1234567`, "true"},
		{`{"id": 999999}`, `string(order.id) in ["999999", "1234567"]`, "true"},
		{`{"id": 1234567}`, `string(order.id) in ["999999", "1234567"]`, "false"},
		{`{"account": 123456789012}`, `"arn:aws:iam::" + string(order.account) + ":root"`, "arn:aws:iam::1.23456789012e+11:root"},
	} {
		var order map[string]any
		if err := json.Unmarshal([]byte(test.text), &order); err != nil {
			log.Fatal(err)
		}
		ast, issues := env.Compile(test.expression)
		if err := issues.Err(); err != nil {
			log.Fatal(err)
		}
		program, err := env.Program(ast)
		if err != nil {
			log.Fatal(err)
		}
		value, _, err := program.Eval(map[string]any{"order": order})
		if err != nil {
			log.Fatal(err)
		}
		got := fmt.Sprint(value)
		fmt.Printf("%-26s %-50s %s\n", test.text, test.expression, got)
		changed = changed || got != test.want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get cel.dev/cel-go@v0.33.2 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m cel.dev/cel-go
go run .
