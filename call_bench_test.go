package lambda_test

import (
	"context"
	"flag"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
)

// maxAllocations is a little more than what a call makes with the newest versions of Go: 52.
var maxAllocations = flag.Int("allocations", 60, "how many allocations BenchmarkCall allows a call; 0 is without a limit")

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

// BenchmarkCall measures a call of 100 bytes each way, without network and without decoding, and
// fails where it makes more allocations than the flag -allocations allows. It keeps to what every
// version of this module exports: make compare runs it on two.
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
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // as KrakenD's requests have one
	defer cancel()
	calls := 0
	once := func() {
		calls++
		body := io.NopCloser(strings.NewReader(hundredBytes))
		if _, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: body}); err != nil {
			b.Fatal(err)
		}
	}
	if got := int(testing.AllocsPerRun(200, once)); *maxAllocations > 0 && got > *maxAllocations {
		b.Fatalf("a call makes %d allocations, want %d at most", got, *maxAllocations)
	}
	b.ReportAllocs()
	for b.Loop() {
		once()
	}
	if read != calls*len(hundredBytes) {
		b.Fatalf("read %d bytes in %d calls", read, calls)
	}
}
