package lambdatest_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func Example() {
	type order struct {
		Item   string `json:"item"`
		Amount int    `json:"amount"`
	}
	server := lambdatest.NewServer(map[string]any{
		"price": func(_ context.Context, o order) (map[string]int, error) {
			if o.Amount == 0 {
				return nil, errors.New("nothing ordered")
			}
			return map[string]int{"cents": 250 * o.Amount}, nil
		},
	})
	defer server.Close()

	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, nil
		}),
	})

	for _, payload := range []string{`{"item":"tea","amount":2}`, `{"item":"tea"}`} {
		out, err := client.Invoke(context.Background(), &lambda.InvokeInput{
			FunctionName: aws.String("price"),
			Payload:      []byte(payload),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(aws.ToString(out.FunctionError), string(out.Payload))
	}
	for _, call := range server.Calls() {
		fmt.Println(call.Function, call.Region, string(call.Payload))
	}

	// Output:
	//  {"cents":500}
	// Unhandled {"errorMessage":"nothing ordered","errorType":"errorString"}
	// price eu-west-1 {"item":"tea","amount":2}
	// price eu-west-1 {"item":"tea"}
}

// Lambda fails to execute a call, and the client retries once.
func ExampleServer_Fail() {
	server := lambdatest.NewServer(map[string]any{
		"ping": func() (string, error) { return "pong", nil },
	})
	defer server.Close()
	server.Fail("ping", lambdatest.APIError(500, "ServiceException", "try again"))

	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, nil
		}),
		RetryMaxAttempts: 2,
	})
	out, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("ping")})
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(string(out.Payload))
	for _, call := range server.Calls() {
		fmt.Println(call.Function, "executed:", call.Executed)
	}

	// Output:
	// "pong"
	// ping executed: false
	// ping executed: true
}

// Functions that need more than a handler: one for tenants, a durable one, and one with
// versions.
func ExampleFunction() {
	report := func(ctx context.Context) (string, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		return "report for " + lc.TenantID, nil
	}
	orders := 0
	order := func() (string, error) { orders++; return fmt.Sprint("order ", orders), nil }
	price := func() (int, error) { return 250, nil }
	firstPrice := func() (int, error) { return 200, nil }

	functions := lambdatest.NewServer(map[string]any{
		"report": lambdatest.Function{Handler: report, TenantIsolation: true},
		"order":  lambdatest.Function{Handler: order, Durable: true},
		"price":  lambdatest.Function{Handler: price, Versions: map[string]any{"1": firstPrice, "live": firstPrice}},
	})
	defer functions.Close()

	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(functions.URL),
		Region:       "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, nil
		}),
	})
	for _, in := range []*lambda.InvokeInput{
		{FunctionName: aws.String("report"), TenantId: aws.String("blue")},
		{FunctionName: aws.String("order"), Qualifier: aws.String("7"), DurableExecutionName: aws.String("cart-42")},
		{FunctionName: aws.String("order"), Qualifier: aws.String("7"), DurableExecutionName: aws.String("cart-42")},
		{FunctionName: aws.String("price")},
		{FunctionName: aws.String("price"), Qualifier: aws.String("live")},
	} {
		out, err := client.Invoke(context.Background(), in)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(out.Payload))
	}

	// Output:
	// "report for blue"
	// "order 1"
	// "order 1"
	// 250
	// 200
}

// A function that streams an HTTP response, as for a function URL. Its prelude ends
// with eight NUL bytes.
func Example_stream() {
	server := lambdatest.NewServer(map[string]any{
		"count": func(_ context.Context, to int) (*events.LambdaFunctionURLStreamingResponse, error) {
			body, w := io.Pipe()
			go func() {
				for i := range to {
					fmt.Fprint(w, i+1)
				}
				w.CloseWithError(errors.New("lost count"))
			}()
			return &events.LambdaFunctionURLStreamingResponse{Body: body}, nil
		},
	})
	defer server.Close()

	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, nil
		}),
	})
	out, err := client.InvokeWithResponseStream(context.Background(), &lambda.InvokeWithResponseStreamInput{
		FunctionName: aws.String("count"),
		Payload:      []byte("3"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stream := out.GetStream()
	defer stream.Close()
	for event := range stream.Events() {
		switch event := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			fmt.Printf("%q\n", event.Value.Payload)
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			fmt.Println(aws.ToString(event.Value.ErrorCode), aws.ToString(event.Value.ErrorDetails))
		}
	}
	fmt.Println(stream.Err(), server.Calls()[0].Streaming)

	// Output:
	// "{\"statusCode\":200}\x00\x00\x00\x00\x00\x00\x00\x00"
	// "1"
	// "2"
	// "3"
	// Unhandled {"errorMessage":"lost count","errorType":"errorString"}
	// <nil> true
}
