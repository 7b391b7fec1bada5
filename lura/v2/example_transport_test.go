package lambda_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
)

// countedRequests is a transport that counts HTTP requests. It counts each retry of a call.
type countedRequests struct {
	requests *atomic.Int64
}

func (c countedRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	return http.DefaultTransport.RoundTrip(r)
}

// This sets a transport that counts the HTTP requests of a backend. Set transports for proxies or
// tracing in the same way.
func ExampleWithTransport() {
	functions := lambdatest.NewServer(map[string]any{
		"ping": func() (map[string]string, error) { return map[string]string{"ping": "pong"}, nil },
	})
	defer functions.Close()
	functions.Fail("ping", lambdatest.APIError(500, "ServiceException", "try again"))
	cfg := aws.Config{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(functions.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}

	var requests atomic.Int64
	backendFactory := lambda.BackendFactory(
		logging.NoOp,
		proxy.CustomHTTPProxyFactory(client.NewHTTPClient),
		lambda.WithConfig(cfg),
		lambda.WithTransport(func(*config.Backend) http.RoundTripper { return countedRequests{&requests} }),
	)
	ping := backendFactory(&config.Backend{ExtraConfig: config.ExtraConfig{
		lambda.Namespace: map[string]any{"function_name": "ping"},
	}})
	response, err := ping(context.Background(), &proxy.Request{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Data["ping"], "after", requests.Load(), "HTTP requests")
	// Output: pong after 2 HTTP requests
}
