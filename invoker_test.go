package lambda_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	awslambda "github.com/aws/aws-sdk-go/service/lambda"
	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
)

// counter is a wrapper with its own number of retries.
type counter struct{ lambda.Invoker }

func (counter) MaxRetries() int { return 1 }

var _ lambda.RetryCounter = counter{}

// Without max_retries, the Invoker sets the number of retries.
func TestRetriesOfAnInvoker(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	defer s.Close()
	client := awslambda.New(session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(s.URL),
		Region:      aws.String("us-west-2"),
		MaxRetries:  aws.Int(0),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	})))
	for name, tc := range map[string]struct {
		invoker lambda.Invoker
		want    int // calls
	}{
		"the SDK's client": {client, 1},
		"a RetryCounter":   {counter{client}, 2},
		"a wrapper":        {struct{ lambda.Invoker }{client}, 4},
	} {
		s.Reset()
		s.Fail("f", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())
		call := lambda.BackendFactory(nil, lambda.WithInvoker(tc.invoker))(&config.Backend{
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
	client := awslambda.New(session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(s.URL),
		Region:      aws.String("us-west-2"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	})))
	call := lambda.BackendFactory(nil, lambda.WithInvoker(client))(&config.Backend{
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
