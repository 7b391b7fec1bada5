#!/usr/bin/env bash
# A function in Go returns an io.Reader, as lambda.Start allows for replies that are not JSON. The
# handler's type is func() (io.Reader, error); the reader unpacks a gzip file, limits another
# reader, or is an io.NopCloser.
# Expected: the reply is what the reader gives, as for strings.NewReader.
# What happens: aws-lambda-go encodes the value as JSON first. It takes the reader only if that
# fails or is "{}", so only if the reader's struct has no exported field. A gzip.Reader has the
# exported fields of the file's header, io.LimitReader has R and N, io.NopCloser embeds Reader.
# The reply is these fields, with success. The documentation says that JSON takes precedence, but
# not that readers of the standard library count as JSON.
# Why it matters: which reader a helper returns decides about the reply. Another wrapper, such as
# a limit, replaces the report by {"R":{},"N":1048576}.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

const report = "tea,grams\nassam,250\n"

func main() {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, report); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	changed := false
	for _, test := range []struct {
		name   string
		reader func() (io.Reader, error)
		want   string
	}{
		{"strings.NewReader", func() (io.Reader, error) { return strings.NewReader(report), nil }, report},
		{"bufio.NewReader", func() (io.Reader, error) { return bufio.NewReader(strings.NewReader(report)), nil }, report},
		{"gzip.NewReader", func() (io.Reader, error) { return gzip.NewReader(&packed) },
			`{"Comment":"","Extra":null,"ModTime":"0001-01-01T00:00:00Z","Name":"","OS":255}`},
		{"io.LimitReader", func() (io.Reader, error) { return io.LimitReader(strings.NewReader(report), 1<<20), nil },
			`{"R":{},"N":1048576}`},
		{"io.NopCloser", func() (io.Reader, error) { return io.NopCloser(strings.NewReader(report)), nil },
			`{"Reader":{}}`},
	} {
		reply, err := lambda.NewHandler(test.reader).Invoke(context.Background(), []byte("{}"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-18s %q\n", test.name, reply)
		changed = changed || string(reply) != test.want
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
