package lambda_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/encoding"
	"github.com/devopsfaith/krakend/proxy"
)

// maxAllocations is a little more than the allocations of a call with the newest versions of Go: 36.
var maxAllocations = flag.Int("allocations", 40, "how many allocations BenchmarkCall allows a call; 0 is without a limit")

// hundredBytes are a payload and a reply.
var hundredBytes = `{"a":"` + strings.Repeat("b", 92) + `"}`

// inMemory is a Lambda that always returns this reply, without a network.
type inMemory string

// RoundTrip implements http.RoundTripper.
func (reply inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
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
		ContentLength: int64(len(reply)),
		Body:          io.NopCloser(strings.NewReader(string(reply))),
		Request:       r,
	}, nil
}

// replyWith makes all calls of a benchmark return reply.
func replyWith(b *testing.B, reply string) {
	b.Helper()
	b.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	b.Setenv("AWS_SESSION_TOKEN", "not-a-token")
	before := http.DefaultTransport
	http.DefaultTransport = inMemory(reply)
	b.Cleanup(func() { http.DefaultTransport = before })
}

// orders returns a reply of about size bytes: objects with numbers, strings and lists.
func orders(size int) string {
	var b strings.Builder
	b.WriteString(`{"orders":[`)
	for i := 0; b.Len() < size-250; i++ {
		fmt.Fprintf(&b, `{"id":%d,"customer":"Zoë Müller %d","total":%d.%02d,"paid":%t,"note":"leave it at the door\nand ring twice","items":["tea","cup","pot"],"address":{"street":"High Street %d","city":"Bath","zip":"BA1 %d"},"coupon":null},`,
			1000+i, i, i%500, i%100, i%2 == 0, i%90, i%9)
	}
	b.WriteString(`{"id":0}],"next":"eyJvIjoxMDB9"}`)
	return b.String()
}

// BenchmarkReply measures a call whose reply KrakenD decodes, without a network. It uses only names that
// every version of this module exports, because make compare runs it with two versions.
func BenchmarkReply(b *testing.B) {
	for name, size := range map[string]int{"10KB": 10 << 10, "1MB": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			replyWith(b, orders(size))
			call := lambda.BackendFactory(nil)(&config.Backend{
				Method:  http.MethodPost,
				Timeout: time.Minute,
				Decoder: encoding.JSONDecoder,
				ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{
					"function_name": "orders", "region": "us-west-2",
				}},
			})
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // like KrakenD's requests
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				body := io.NopCloser(strings.NewReader(hundredBytes))
				response, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: body})
				if err != nil || len(response.Data) != 2 {
					b.Fatalf("got %v, %v", response, err)
				}
			}
		})
	}
}

// BenchmarkCall measures a call of 100 bytes each way, without a network and without decoding. It fails
// if a call makes more allocations than the flag -allocations allows. It uses only names that every
// version of this module exports, because make compare runs it with two versions.
func BenchmarkCall(b *testing.B) {
	replyWith(b, hundredBytes)
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
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // like KrakenD's requests
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
