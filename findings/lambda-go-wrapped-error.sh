#!/usr/bin/env bash
# A Go function returns its own error type, NotFound. Callers, such as Step Functions, read its
# errorType to decide whether to retry. Someone adds context in the usual way:
# fmt.Errorf("loading: %w", err).
# Expected: nothing changes for callers, because errors.Is and errors.As look through the
# wrapping.
# What happens: errorType is the name of the outermost Go type: "wrapError", or "joinError" for
# errors.Join. The runtime does not even find a wrapped messages.InvokeResponse_Error, which
# exists to set the type.
# Why it matters: one more word in an error's text turns "Catch": ["NotFound"] into a failed
# execution. Neither the compiler nor the package's tests show it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
)

type NotFound struct{}

func (*NotFound) Error() string { return "order 7 not found" }

func fail(how string) error {
	err := error(&NotFound{})
	named := messages.InvokeResponse_Error{Type: "NotFound", Message: "order 7 not found"}
	switch how {
	case "wrapped":
		err = fmt.Errorf("loading: %w", err)
	case "joined":
		err = errors.Join(err, os.ErrDeadlineExceeded)
	case "named":
		err = named
	case "named, wrapped":
		err = fmt.Errorf("loading: %w", named)
	}
	return err
}

var (
	ways = []string{"plain", "wrapped", "joined", "named", "named, wrapped"}
	want = []string{"NotFound", "wrapError", "joinError", "NotFound", "wrapError"}
)

// This stands in for Lambda's Runtime API: it hands out one invocation for each of the ways, and
// receives the results.
func main() {
	next := 0
	log.SetOutput(io.Discard)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/next") {
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint(next))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			fmt.Fprintf(w, "%q", ways[next])
			return
		}
		var reply struct{ ErrorType, ErrorMessage string }
		if err := json.NewDecoder(r.Body).Decode(&reply); err != nil || !strings.HasSuffix(r.URL.Path, "/error") {
			fmt.Println("no error was reported:", r.URL.Path, err)
			os.Exit(1)
		}
		fmt.Printf("%-15s errorType %q, errorMessage %q\n", ways[next], reply.ErrorType, reply.ErrorMessage)
		if reply.ErrorType != want[next] {
			fmt.Println("the behaviour has changed")
			os.Exit(1)
		}
		w.WriteHeader(http.StatusAccepted)
		if next++; next == len(ways) {
			os.Exit(0)
		}
	}))
	os.Setenv("AWS_LAMBDA_RUNTIME_API", strings.TrimPrefix(api.URL, "http://"))
	lambda.Start(fail)
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
