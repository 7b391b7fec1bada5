#!/usr/bin/env bash
# A program reads two streamed replies at the same time, with one client of aws-sdk-go-v2.
# Expected: a client is safe for concurrent use, as its documentation says, and `go test -race`
# agrees.
# What happens: since service/lambda v1.109.0 all streams of a client share one decoder of
# messages, without a lock, and the race detector reports it. v1.108.0 has a decoder for each
# stream.
# Why it matters: after an update, tests of such a program fail under -race in code that its
# authors cannot change, so they turn off the check that finds their own races.
set -euo pipefail

command -v "${CC:-gcc}" >/dev/null || {
	echo "the race detector needs a C compiler" >&2
	exit 1
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func message(event string) []byte {
	m := eventstream.Message{Payload: []byte(`{}`)}
	m.Headers.Set(":message-type", eventstream.StringValue("event"))
	m.Headers.Set(":event-type", eventstream.StringValue(event))
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func main() {
	var both sync.WaitGroup // No stream sends anything before both are open.
	both.Add(2)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
		w.(http.Flusher).Flush()
		both.Done()
		both.Wait()
		for range 100 {
			w.Write(message("PayloadChunk"))
		}
		w.Write(message("InvokeComplete"))
	}))
	defer srv.Close()

	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	var streams sync.WaitGroup
	for range 2 {
		streams.Go(func() {
			out, err := client.InvokeWithResponseStream(context.Background(),
				&lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("report")})
			if err != nil {
				panic(err)
			}
			events := 0
			for range out.GetStream().Events() {
				events++
			}
			if events != 101 || out.GetStream().Err() != nil {
				panic(fmt.Sprint(events, out.GetStream().Err()))
			}
		})
	}
	streams.Wait()
	fmt.Println("both streams read")
}
GO

# run VERSION CORE prints the exit status of the program with these versions, and the data race.
run() {
	rm -f go.mod go.sum
	if ! { go mod init example.test/finding &&
		go get "github.com/aws/aws-sdk-go-v2/service/lambda@$1" "github.com/aws/aws-sdk-go-v2@$2" &&
		go mod tidy && CGO_ENABLED=1 go build -race -o finding .; } >setup.log 2>&1; then
		cat setup.log >&2
		return 1
	fi
	local status=0
	./finding >out 2>&1 || status=$?
	grep -q '^both streams read' out || {
		cat out >&2
		return 1
	}
	echo "exit status $status $(awk '/^  github/ { print "after a data race in", $1; exit }' out)"
}

old=$(run v1.108.0 v1.47.0)
new=$(run v1.114.4 v1.48.0)
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.108.0: $old"
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.114.4: $new"
[[ $old == 'exit status 0 ' ]]
[[ $new == 'exit status 66 '*'internal/eventstream.'* ]]
