#!/usr/bin/env bash
# A writer keeps the first 1024 bytes: a struct that embeds bytes.Buffer and has its own Write
# method.
# Expected: Write limits all output, whether fmt.Fprint, a loop or exec.Cmd writes it.
# What happens: the struct also has the ReadFrom method of bytes.Buffer, and io.Copy prefers that.
# exec.Cmd copies a program's output with io.Copy, so it never calls Write, and the struct keeps
# all of the output. An upload that io.Copy stores is not limited either.
# Why it matters: the limit works in a unit test that calls Write, but not in use. The fix is a
# field in place of the embedding.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os/exec"
	"strings"
)

const limit = 1024

type embedded struct{ bytes.Buffer }

func (w *embedded) Write(p []byte) (int, error) {
	w.Buffer.Write(p[:min(len(p), limit-w.Len())])
	return len(p), nil
}

type field struct{ buffer bytes.Buffer }

func (w *field) Write(p []byte) (int, error) {
	w.buffer.Write(p[:min(len(p), limit-w.buffer.Len())])
	return len(p), nil
}

func main() {
	text := strings.Repeat("0123456789abcdef", 625)

	var written, run embedded
	fmt.Fprint(&written, text)
	cmd := exec.Command("cat")
	cmd.Stdin, cmd.Stdout = strings.NewReader(text), &run
	if err := cmd.Run(); err != nil {
		log.Fatal(err)
	}
	var copied embedded
	// Like the body of a request, the reader has no WriteTo.
	if _, err := io.Copy(&copied, io.LimitReader(strings.NewReader(text), 10000)); err != nil {
		log.Fatal(err)
	}
	var safe field
	cmd = exec.Command("cat")
	cmd.Stdin, cmd.Stdout = strings.NewReader(text), &safe
	if err := cmd.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("limit %d, text %d\nembedded: fmt.Fprint keeps %d, exec.Cmd %d, io.Copy %d\nfield: exec.Cmd keeps %d\n",
		limit, len(text), written.Len(), run.Len(), copied.Len(), safe.buffer.Len())
	if written.Len() != limit || run.Len() != len(text) || copied.Len() != len(text) || safe.buffer.Len() != limit {
		log.Fatal("the behaviour has changed")
	}
}
GO

go mod init example.test/finding >setup.log 2>&1
go version
go run .
