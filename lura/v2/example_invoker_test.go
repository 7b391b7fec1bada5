package lambda_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
)

// counted is an Invoker that prints each call of another Invoker.
type counted struct{ lambda.Invoker }

func (c counted) Invoke(ctx context.Context, in *sdk.InvokeInput, opts ...func(*sdk.Options)) (*sdk.InvokeOutput, error) {
	out, err := c.Invoker.Invoke(ctx, in, opts...)
	fmt.Println("called", aws.ToString(in.FunctionName), "with", string(in.Payload))
	return out, err
}

// Every call goes through the build's own client, with a wrapper around it.
func ExampleWithInvoker() {
	functions := lambdatest.NewServer(map[string]any{
		"square": func(event struct {
			N int `json:",string"`
		}) (map[string]int, error) {
			return map[string]int{"square": event.N * event.N}, nil
		},
	})
	defer functions.Close()
	custom := sdk.NewFromConfig(aws.Config{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(functions.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	})

	backendFactory := lambda.BackendFactory(logging.NoOp, proxy.CustomHTTPProxyFactory(client.NewHTTPClient), lambda.WithInvoker(counted{custom}))

	square := backendFactory(&config.Backend{ExtraConfig: config.ExtraConfig{
		lambda.Namespace: map[string]any{"function_name": "square"},
	}})
	response, err := square(context.Background(), &proxy.Request{Params: map[string]string{"N": "12"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Data["square"])
	// Output:
	// called square with {"n":"12"}
	// 144
}
