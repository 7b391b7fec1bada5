#!/usr/bin/env bash
# A struct has a price in text, as APIs send amounts: float64 with the tag `json:"price,string"`.
# The same code is built with Go 1.26 and with Go 1.27.
# Expected: encoding/json accepts the same texts as before. Go 1.27 has a new implementation, whose
# documentation says that it preserves the behaviour.
# What happens: with Go 1.27 the texts NaN, Inf, +1 and .5 are prices, without an error. With Go 1.26
# each one is an error. Go's issue 81062 is about a similar change: of a number that is too large,
# Unmarshal still returns an error, but leaves Inf in the field.
# Why it matters: sums with NaN are NaN, and json.Marshal of the order fails, so the program accepts
# an order that it can neither send nor store as JSON.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >go.mod <<'MOD'
module example.test/finding

go 1.26.0
MOD
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"runtime"
	"strings"
)

type order struct {
	Price float64 `json:"price,string"`
}

func main() {
	fmt.Println("encoding/json of", runtime.Version())
	changed := false
	for _, text := range []string{"19.99", "NaN", "Inf", "+1", ".5", "1,5"} {
		var o order
		err := json.Unmarshal(fmt.Appendf(nil, `{"price": %q}`, text), &o)
		_, reply := json.Marshal(o)
		fmt.Printf("  %-7s price %-5v error: %v; json.Marshal: %v\n", text, o.Price, err, reply)
		want := text == "19.99" || text != "1,5" && strings.HasPrefix(runtime.Version(), "go1.27")
		changed = changed || (err == nil) != want
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO
GOTOOLCHAIN=go1.26.8 go run .
GOTOOLCHAIN=go1.27.4 go run .
