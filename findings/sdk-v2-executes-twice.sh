#!/usr/bin/env bash
# A function answers immediately, with a reply that comes in two parts. The connection is good,
# and nothing is canceled. Only the goroutine that writes the request runs 50 ms late, as on a
# busy machine.
# Expected: one execution.
# What happens: the client closes the request's body as soon as it has the head of the response.
# WriteTo of a closed body returns io.EOF, which net/http takes for a failed write. So net/http
# closes the connection in the middle of the reply. The SDK retries "use of closed network
# connection" and executes the function again. Without the method WriteTo, a closed body only ends
# early. This happens over HTTP/1.1, with http.Client and with the SDK's own client.
# Why it matters: orders are placed twice although no part has failed. Without the added delays,
# the SDK repeated about one call in a thousand: 8 concurrent calls, replies of 10 KB, on two
# cores.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// lateConn returns late from Write.
type lateConn struct{ net.Conn }

func (c lateConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	time.Sleep(50 * time.Millisecond)
	return n, err
}

// plainBodies sends bodies that have no method WriteTo.
type plainBodies struct{ *http.Client }

func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	r.Body = struct{ io.ReadCloser }{r.Body}
	return c.Client.Do(r)
}

func main() {
	var executions atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		executions.Add(1)
		io.WriteString(w, `{"orders":[`)
		w.(http.Flusher).Flush()
		time.Sleep(200 * time.Millisecond)
		io.WriteString(w, `1,2,3]}`)
	}))
	defer srv.Close()

	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return lateConn{conn}, err
		},
	}}
	call := func(name string, c lambda.HTTPClient) {
		executions.Store(0)
		_, err := lambda.New(lambda.Options{
			Region:       "eu-west-1",
			BaseEndpoint: aws.String(srv.URL),
			HTTPClient:   c,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
			}),
		}).Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("order"), Payload: []byte(`{"n":1}`)})
		closed := err != nil && strings.Contains(err.Error(), "use of closed network connection")
		fmt.Printf("%s: %d executions, closed connection %t\n", name, executions.Load(), closed)
	}
	call("as it is", client)
	call("bodies without WriteTo", plainBodies{client})
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4 github.com/aws/aws-sdk-go-v2@v1.48.0 \
		github.com/aws/smithy-go@v1.28.9 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
out=$(go run .)
echo "github.com/aws/aws-sdk-go-v2/service/lambda v1.114.4, github.com/aws/smithy-go v1.28.9, $(go env GOVERSION)"
echo "$out"
[[ $out == 'as it is: 3 executions, closed connection true
bodies without WriteTo: 1 executions, closed connection false' ]]
