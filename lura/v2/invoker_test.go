package lambda_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

// counter is an Invoker that hides the SDK's client and has its own number of retries.
type counter struct{ lambda.Invoker }

var _ lambda.RetryCounter = counter{}

func (counter) MaxRetries() int { return 1 }

// Without max_retries, the Invoker sets the number of retries.
func TestRetriesOfInvokers(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	defer s.Close()
	client := awslambda.NewFromConfig(aws.Config{
		BaseEndpoint:     aws.String(s.URL),
		Region:           "us-west-2",
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	})
	for name, tc := range map[string]struct {
		invoker lambda.Invoker
		want    int // calls
	}{
		"the SDK's client": {client, 1},
		"a RetryCounter":   {counter{client}, 2},
		"a wrapper":        {struct{ lambda.Invoker }{client}, 3},
	} {
		s.Reset()
		s.Fail("f", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())
		call := lambda.BackendFactory(logging.NoOp, nil, lambda.WithInvoker(tc.invoker))(&config.Backend{
			Method:      http.MethodPost,
			Timeout:     time.Minute,
			ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{"function_name": "f"}},
		})
		_, err := call(t.Context(), &proxy.Request{Method: http.MethodPost, Body: io.NopCloser(strings.NewReader("{}"))})
		if got := len(s.Calls()); err == nil || got != tc.want {
			t.Errorf("%s: got %v after %d calls, want %d", name, err, got, tc.want)
		}
	}
}

// The SDK's own client can stream as an Invoker.
func TestInvokerThatStreams(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() (io.Reader, error) { return strings.NewReader("tea"), nil }})
	defer s.Close()
	client := awslambda.NewFromConfig(aws.Config{
		BaseEndpoint: aws.String(s.URL),
		Region:       "us-west-2",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	})
	call := lambda.BackendFactory(logging.NoOp, nil, lambda.WithInvoker(client))(&config.Backend{
		Method:   http.MethodPost,
		Encoding: "no-op",
		Timeout:  time.Minute,
		ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{
			"function_name": "f", "stream": true,
		}},
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	response, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: io.NopCloser(strings.NewReader("{}"))})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(response.Io)
	if calls := s.Calls(); err != nil || string(got) != "tea" || len(calls) != 1 || !calls[0].Streaming {
		t.Errorf("got %q, %v and the calls %+v", got, err, calls)
	}
}
