package invoke

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// The client sends the same request as aws-sdk-go: URL, host, headers, length, body and signature.
func TestRequestIsTheSDKs(t *testing.T) {
	requests := map[string]*Request{
		"name":            {Function: "my-function_1"},
		"qualifier":       {Function: "f", Qualifier: "$LATEST"},
		"alias":           {Function: "f", Qualifier: "live_1-b"},
		"partial ARN":     {Function: "123456789012:function:f"},
		"ARN":             {Function: "arn:aws:lambda:us-west-2:123456789012:function:f", Qualifier: "7"},
		"payload":         {Function: "f", Payload: PayloadOf([]byte(`{"a":"é"}`))},
		"empty payload":   {Function: "f", Payload: PayloadOf([]byte{})},
		"long payload":    {Function: "f", Payload: PayloadOf(bytes.Repeat([]byte("x"), 100_000))},
		"invocation type": {Function: "f", InvocationType: "Event"},
		"log tail":        {Function: "f", LogTail: true},
		"client context":  {Function: "f", ClientContext: "eyJhIjoxfQ=="},
		"trace":           {Function: "f", TraceID: "Root=1-2-3;Sampled=1"},
		"published":       {Function: "f", Qualifier: "$LATEST.PUBLISHED"},
		"tenant":          {Function: "f", TenantID: "a/b  c:d=e+f@g-H._1"},
		"durable name":    {Function: "f", DurableExecutionName: "order-7_a", InvocationType: "Event"},
		"stream":          {Function: "f", Stream: true, Payload: PayloadOf([]byte("{}")), Qualifier: "7", LogTail: true, ClientContext: "e30=", TenantID: "blue"},
	}
	for _, endpoint := range []string{
		"https://lambda.us-west-2.amazonaws.com", "http://localhost:4566", "http://localhost:4566/", "http://localhost/a/b/", "http://localhost//a//b", "http://localhost/a%20b",
		"http://localhost/%C3%A9/(x)", "http://[::1]:4566", "https://[::1]", "https://user@localhost/?a=b", "https://localhost:443/a%2Fb", "http://localhost/a/../b",
	} {
		for _, token := range []string{"", "a-token"} {
			svc := lambda.New(session.Must(session.NewSession(&aws.Config{
				Region: aws.String("us-west-2"), Endpoint: &endpoint, Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", token),
			})))
			for name, r := range requests {
				t.Run(fmt.Sprint(name, " at ", endpoint, ", token: ", token != ""), func(t *testing.T) {
					want := sdkRequest(t, svc, r)
					compareRequests(t, ownRequest(t, endpoint, token, want, r), want)
				})
			}
		}
	}
}

// sdkRequest returns the request that aws-sdk-go sends.
func sdkRequest(t *testing.T, svc *lambda.Lambda, r *Request) *http.Request {
	t.Helper()
	optional := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	logType := ""
	if r.LogTail {
		logType = "Tail"
	}
	var sent *request.Request
	if r.Stream {
		sent, _ = svc.InvokeWithResponseStreamRequest(&lambda.InvokeWithResponseStreamInput{
			FunctionName: &r.Function, Qualifier: optional(r.Qualifier), ClientContext: optional(r.ClientContext), LogType: optional(logType), Payload: r.Payload.Bytes(),
		})
	} else {
		sent, _ = svc.InvokeRequest(&lambda.InvokeInput{
			FunctionName: &r.Function, Qualifier: optional(r.Qualifier), InvocationType: optional(r.InvocationType),
			ClientContext: optional(r.ClientContext), LogType: optional(logType), Payload: r.Payload.Bytes(),
		})
	}
	if r.TraceID != "" {
		sent.HTTPRequest.Header.Set("X-Amzn-Trace-Id", r.TraceID)
	}
	if r.TenantID != "" { // the SDK does not support it
		sent.HTTPRequest.Header.Set("X-Amz-Tenant-Id", r.TenantID)
	}
	if r.DurableExecutionName != "" { // the SDK does not support this either
		sent.HTTPRequest.Header.Set("X-Amz-Durable-Execution-Name", r.DurableExecutionName)
	}
	if err := sent.Sign(); err != nil {
		t.Fatal(err)
	}
	return sent.HTTPRequest
}

// ownRequest returns the request that a client sends at the time of another request.
func ownRequest(t *testing.T, endpoint, token string, at *http.Request, r *Request) *http.Request {
	t.Helper()
	now, err := time.Parse("20060102T150405Z", at.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	var got *http.Request
	w := newWorld(func(r *http.Request) (*http.Response, error) { got = r; return good(r) })
	w.Endpoint, w.UserAgent = endpoint, at.UserAgent()
	w.Now = func() time.Time { return now }
	w.Credentials = &tokenCredentials{token}
	if err := w.client(t).Invoke(t.Context(), r, all(), func(*Response) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return got
}

func compareRequests(t *testing.T, got, want *http.Request) {
	t.Helper()
	host := func(r *http.Request) string {
		if r.Host != "" {
			return r.Host
		}
		return r.URL.Host
	}
	target := func(u *url.URL) string {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port) + u.RequestURI()
	}
	if got, want := target(got.URL), target(want.URL); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got.Method != want.Method || host(got) != host(want) || got.ContentLength != want.ContentLength {
		t.Errorf("got %s %s, %d bytes; want %s %s, %d", got.Method, host(got), got.ContentLength, want.Method, host(want), want.ContentLength)
	}
	h := maps.Clone(got.Header)
	delete(h, "Accept-Encoding") // net/http sets it, and it is not signed
	if got.Header.Get("Accept-Encoding") != "identity" || strings.Contains(h.Get("Authorization"), "accept-encoding") {
		t.Errorf("got %v", got.Header)
	}
	if !maps.EqualFunc(h, want.Header, slices.Equal) {
		t.Errorf("got  %v\nwant %v", h, want.Header)
	}
	if h.Get("Authorization") == "" {
		t.Error("the request is not signed")
	}
	if got, want := bodyOf(t, got), bodyOf(t, want); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

// bodyOf returns the body of a request, from its copy if it was sent.
func bodyOf(t *testing.T, r *http.Request) string {
	t.Helper()
	body := r.Body
	if r.GetBody != nil {
		body, _ = r.GetBody()
	}
	if body == nil {
		return ""
	}
	p, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// tokenCredentials never change.
type tokenCredentials struct{ token string }

// Retrieve implements Credentials.
func (c *tokenCredentials) Retrieve(context.Context) (sigv4.Credentials, uint64, error) {
	return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret", SessionToken: c.token}, 0, nil
}

func (*tokenCredentials) MarkValid(uint64)   {}
func (*tokenCredentials) MarkExpired(uint64) {}
func (*tokenCredentials) MarkInvalid(uint64) {}

// The default port is not sent. aws-sdk-go then also drops the brackets of an IPv6 address, and sends
// an invalid host.
func TestDefaultPorts(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://localhost:80": "localhost", "http://localhost:443": "localhost:443", "https://localhost:443/": "localhost", "https://localhost:80": "localhost:80",
		"http://[::1]:80": "[::1]", "https://[::1]:443": "[::1]", "http://[::1]:81": "[::1]:81", "http://localhost": "localhost",
	} {
		w := newWorld(good)
		w.Endpoint = endpoint
		if _, err := invoke(t.Context(), w.client(t), all()); err != nil || w.attempts[0].URL.Host != want {
			t.Errorf("%s: got %v to %s, want %s", endpoint, err, w.attempts[0].URL.Host, want)
		}
	}
}

// An endpoint that is not a URL is a bad configuration.
func TestNew(t *testing.T) {
	for _, endpoint := range []string{"http://a b", "http://[::1", "%zz"} {
		if c, err := New(Target{Endpoint: endpoint}, nil); c != nil || err == nil || strings.Contains(err.Error(), endpoint) {
			t.Errorf("%s: got %v, %v", endpoint, c, err)
		}
	}
}
