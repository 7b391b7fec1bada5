package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
)

// This wraps the backend factory of a build, and calls an endpoint whose backend is a function.
func ExampleBackendFactory() {
	functions := lambdatest.NewServer(map[string]any{
		"hello": func(event struct{ Name string }) (map[string]string, error) {
			return map[string]string{"message": "Hello, " + event.Name + "!"}, nil
		},
	})
	defer functions.Close()
	os.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	os.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	defer os.Unsetenv("AWS_ACCESS_KEY_ID")
	defer os.Unsetenv("AWS_SECRET_ACCESS_KEY")

	// The endpoint, as in krakend.json.
	endpoint := &config.EndpointConfig{
		Endpoint: "/hello/{name}",
		Method:   "GET",
		Backend: []*config.Backend{{
			ExtraConfig: config.ExtraConfig{
				lambda.Namespace: map[string]any{
					"function_name": "hello",
					"region":        "us-west-2",
					"endpoint":      functions.URL, // without it, calls go to AWS
				},
			},
		}},
	}

	// The build wraps its backend factory. Other backends stay HTTP backends.
	logger := logging.NoOp
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)

	backendFactory = lambda.BackendFactory(logger, backendFactory)

	pipe, err := proxy.NewDefaultFactory(backendFactory, logger).New(endpoint)
	if err != nil {
		fmt.Println(err)
		return
	}

	// KrakenD's router makes this request from GET /hello/Ada.
	response, err := pipe(context.Background(), &proxy.Request{Method: "GET", Params: map[string]string{"Name": "Ada"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Data["message"])
	// Output: Hello, Ada!
}

// Middleware of a build reads an error and returns it unchanged.
func ExampleBackendFactory_errors() {
	functions := lambdatest.NewServer(map[string]any{"busy": func() error { return nil }})
	defer functions.Close()
	functions.Fail("busy", lambdatest.APIError(429, "TooManyRequestsException", "slow down"))
	cfg := aws.Config{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(functions.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}

	look := func(next proxy.Proxy) proxy.Proxy {
		return func(ctx context.Context, request *proxy.Request) (*proxy.Response, error) {
			response, err := next(ctx, request)
			switch coded, ok := err.(interface{ StatusCode() int }); {
			case errors.Is(err, context.Canceled):
				fmt.Println("the client went away")
			case errors.Is(err, context.DeadlineExceeded):
				fmt.Println("a 504: the endpoint's timeout passed")
			case ok && coded.StatusCode() == http.StatusTooManyRequests:
				fmt.Println("throttled; the error's Headers() may say for how long")
			}
			return response, err
		}
	}

	backendFactory := lambda.BackendFactory(
		logging.NoOp,
		proxy.CustomHTTPProxyFactory(client.NewHTTPClient),
		lambda.WithConfig(cfg),
	)
	busy := look(backendFactory(&config.Backend{ExtraConfig: config.ExtraConfig{
		lambda.Namespace: map[string]any{"function_name": "busy", "max_retries": 0},
	}}))
	_, err := busy(context.Background(), &proxy.Request{})
	fmt.Println(err)
	// Output:
	// throttled; the error's Headers() may say for how long
	// lambda: too many requests
}

// The build's own config sets the credentials, the region and the endpoint, if the configuration does
// not set them.
func ExampleWithConfig() {
	functions := lambdatest.NewServer(map[string]any{
		"ping": func() (map[string]string, error) { return map[string]string{"ping": "pong"}, nil },
	})
	defer functions.Close()
	functions.RequireCredentials("AKIDEXAMPLE", "not-a-secret")

	cfg := aws.Config{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(functions.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}
	backendFactory := lambda.BackendFactory(logging.NoOp, proxy.CustomHTTPProxyFactory(client.NewHTTPClient), lambda.WithConfig(cfg))

	ping := backendFactory(&config.Backend{ExtraConfig: config.ExtraConfig{
		lambda.Namespace: map[string]any{"function_name": "ping"},
	}})
	response, err := ping(context.Background(), &proxy.Request{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Data["ping"], "from", functions.Calls()[0].Region)
	// Output: pong from us-west-2
}

// This checks a configuration without calling anything.
func ExampleCheckOnly() {
	backendFactory := lambda.BackendFactory(
		logging.NoOp,
		proxy.CustomHTTPProxyFactory(client.NewHTTPClient),
		lambda.CheckOnly(),
		lambda.WithReport(func(r lambda.Report) {
			if r.Err != nil {
				fmt.Println(r.Backend.URLPattern, "is wrong:", r.Err)
				return
			}
			fmt.Println(r.Backend.URLPattern, "invokes the", r.Invokes)
		}),
	)

	for _, b := range []*config.Backend{
		{URLPattern: "/orders", ExtraConfig: config.ExtraConfig{
			lambda.Namespace: map[string]any{"function_name": "orders:live", "region": "us-west-2", "endpoint": "http://127.0.0.1:4566"},
		}},
		{URLPattern: "/basket", ExtraConfig: config.ExtraConfig{
			lambda.Namespace: map[string]any{"function_name": "basket", "region": "us-west-2", "max_retries": "1"},
		}},
	} {
		backendFactory(b)
	}
	// Output:
	// /orders invokes the function orders:live, region us-west-2, endpoint http://127.0.0.1:4566
	// /basket is wrong: max_retries: must be an integer, is the string '1'
}

// This checks each backend of krakend.json. It needs no gateway and makes no calls.
func ExampleCheck() {
	for _, b := range []*config.Backend{
		{URLPattern: "/orders", ConcurrentCalls: 2, ExtraConfig: config.ExtraConfig{
			lambda.Namespace: map[string]any{"function_name": "orders:live", "region": "us-west-2"},
		}},
		{URLPattern: "/basket", ExtraConfig: config.ExtraConfig{
			lambda.Namespace: map[string]any{"function_name": "basket", "region": "us-west-2", "max_retries": -2},
		}},
		{URLPattern: "/news", Host: []string{"http://127.0.0.1:8000"}},
	} {
		r := lambda.Check(b)
		for _, w := range r.Warnings {
			fmt.Println(b.URLPattern, "warning:", w)
		}
		switch {
		case r.Err != nil:
			fmt.Println(b.URLPattern, "error:", r.Err)
		case r.Invokes == "":
			fmt.Println(b.URLPattern, "is not Lambda's")
		default:
			fmt.Println(b.URLPattern, "invokes", r.Function, "in", r.Region)
		}
	}
	// Output:
	// /orders warning: concurrent_calls: each request executes the function 2 times
	// /orders invokes orders:live in us-west-2
	// /basket error: max_retries: must be -1 or more, is -2
	// /news is not Lambda's
}
