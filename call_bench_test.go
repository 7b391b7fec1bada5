package lambda_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
)

// hundredBytes are a payload and a reply.
var hundredBytes = `{"a":"` + strings.Repeat("b", 92) + `"}`

// inMemory is a Lambda that replies with what it got, without a network.
type inMemory struct{}

func (inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header: http.Header{
			"Content-Type":           {"application/json"},
			"X-Amzn-Requestid":       {"6bc28136-xmpl-4365-b021-0ce6b2e64ab0"},
			"X-Amz-Executed-Version": {"$LATEST"},
		},
		ContentLength: int64(len(hundredBytes)),
		Body:          io.NopCloser(strings.NewReader(hundredBytes)),
		Request:       r,
	}, nil
}

// BenchmarkCall measures a call of 100 bytes each way, without network and without decoding.
// It keeps to what every version of this module exports: make compare runs it on two.
func BenchmarkCall(b *testing.B) {
	b.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	b.Setenv("AWS_SESSION_TOKEN", "not-a-token")
	before := http.DefaultTransport
	http.DefaultTransport = inMemory{}
	b.Cleanup(func() { http.DefaultTransport = before })

	read := 0
	call := lambda.BackendFactory(nil)(&config.Backend{
		Method:  http.MethodPost,
		Timeout: time.Minute,
		Decoder: func(body io.Reader, data *map[string]interface{}) error {
			*data = map[string]interface{}{}
			n, err := io.Copy(io.Discard, body)
			read += int(n)
			return err
		},
		ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{
			"function_name": "echo", "region": "us-west-2",
		}},
	})
	calls := 0
	b.ReportAllocs()
	for b.Loop() {
		calls++
		body := io.NopCloser(strings.NewReader(hundredBytes))
		if _, err := call(context.Background(), &proxy.Request{Method: http.MethodPost, Body: body}); err != nil {
			b.Fatal(err)
		}
	}
	if read != calls*len(hundredBytes) {
		b.Fatalf("read %d bytes in %d calls", read, calls)
	}
}
