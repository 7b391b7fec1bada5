#!/usr/bin/env bash
# A function streams its reply, and the connection breaks in the middle of a message.
# Expected: Err() or Close() of the event stream returns an error.
# What happens: since the new generated client (service/lambda v1.109.0) both return nil. The
# reply just ends, as a complete one does. v1.108.0 reported "unexpected EOF".
# Why it matters: after an update of dependencies, a program stores or serves half of a file as
# the whole. Only the missing InvokeComplete event tells the difference.
set -euo pipefail

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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// chunk returns an event stream message with a piece of the function's reply.
func chunk(payload string) []byte {
	m := eventstream.Message{Payload: []byte(payload)}
	m.Headers.Set(":message-type", eventstream.StringValue("event"))
	m.Headers.Set(":event-type", eventstream.StringValue("PayloadChunk"))
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func main() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
		w.Write(chunk("first half, "))
		second := chunk("second half")
		w.Write(second[:len(second)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // Breaks the connection.
	}))
	defer srv.Close()

	client := lambda.New(lambda.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	out, err := client.InvokeWithResponseStream(context.Background(),
		&lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("report")})
	if err != nil {
		panic(err)
	}
	stream := out.GetStream()
	var reply []byte
	for event := range stream.Events() {
		if c, ok := event.(*types.InvokeWithResponseStreamResponseEventMemberPayloadChunk); ok {
			reply = append(reply, c.Value.Payload...)
		}
	}
	fmt.Printf("reply %q, Err() %v, Close() %v\n", reply, stream.Err(), stream.Close())
}
GO

# run VERSION CORE runs the program with these versions.
run() {
	rm -f go.mod go.sum
	if ! { go mod init example.test/finding &&
		go get "github.com/aws/aws-sdk-go-v2/service/lambda@$1" "github.com/aws/aws-sdk-go-v2@$2" &&
		go mod tidy; } >setup.log 2>&1; then
		cat setup.log >&2
		return 1
	fi
	go run .
}

old=$(run v1.108.0 v1.47.0)
new=$(run v1.114.4 v1.48.0)
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.108.0: $old"
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.114.4: $new"
[[ $old == *'Err() unexpected EOF, Close() unexpected EOF' ]]
[[ $new == 'reply "first half, ", Err() <nil>, Close() <nil>' ]]
