package lambda_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	sdk "github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"

	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// counted is an Invoker that prints each call of another Invoker.
type counted struct{ lambda.Invoker }

func (c counted) InvokeWithContext(ctx aws.Context, in *sdk.InvokeInput, opts ...request.Option) (*sdk.InvokeOutput, error) {
	out, err := c.Invoker.InvokeWithContext(ctx, in, opts...)
	fmt.Println("called", aws.StringValue(in.FunctionName), "with", string(in.Payload))
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
	own := sdk.New(session.Must(session.NewSession(&aws.Config{
		Region:      aws.String("us-west-2"),
		Endpoint:    aws.String(functions.URL),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	})))

	backendFactory := lambda.BackendFactory(proxy.CustomHTTPProxyFactory(client.NewHTTPClient), lambda.WithInvoker(counted{own}))

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
