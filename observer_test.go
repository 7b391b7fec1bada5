package lambda_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
)

// An observer gets each invocation, with this module's client and with an Invoker.
func TestWithObserver(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"orders": func() error { return errors.New("oh") }})
	defer s.Close()
	sess := session.Must(session.NewSession(&aws.Config{
		Endpoint: aws.String(s.URL), Region: aws.String("us-west-2"), Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	var seen []lambda.Invocation
	type key struct{}
	call := lambda.BackendFactory(nil, lambda.WithSession(sess), lambda.WithObserver(func(ctx context.Context, i lambda.Invocation) {
		if ctx.Value(key{}) != "request" {
			t.Error("the context is not the request's")
		}
		seen = append(seen, i)
	}))(&config.Backend{
		Method:      http.MethodPost,
		Timeout:     time.Minute,
		ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{"function_name": "orders", "qualifier": "live"}},
	})
	ctx := context.WithValue(t.Context(), key{}, "request")
	if _, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: io.NopCloser(strings.NewReader("{}"))}); err == nil {
		t.Error("got no error")
	}
	if len(seen) != 1 {
		t.Fatalf("got %d invocations", len(seen))
	}
	got := seen[0]
	if got.RequestID == "" || got.Duration <= 0 {
		t.Errorf("got the request id %q and %v", got.RequestID, got.Duration)
	}
	got.RequestID, got.Duration = "", 0
	want := lambda.Invocation{
		Function: "orders", Qualifier: "live", Region: "us-west-2", FunctionListed: true, Attempts: 1, Status: 502, APIStatus: 200, FunctionError: "errorString", PayloadSize: 2,
	}
	if got != want {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}
