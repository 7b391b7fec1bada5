package lambdatest_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

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

	client := lambda.New(session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(server.URL),
		Region:      aws.String("eu-west-1"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	})))

	for _, payload := range []string{`{"item":"tea","amount":2}`, `{"item":"tea"}`} {
		out, err := client.Invoke(&lambda.InvokeInput{
			FunctionName: aws.String("price"),
			Payload:      []byte(payload),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(aws.StringValue(out.FunctionError), string(out.Payload))
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

// A call that Lambda fails to execute, and a client that may try again once.
func ExampleServer_Fail() {
	server := lambdatest.NewServer(map[string]any{
		"ping": func() (string, error) { return "pong", nil },
	})
	defer server.Close()
	server.Fail("ping", lambdatest.APIError(500, "ServiceException", "try again"))

	client := lambda.New(session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(server.URL),
		Region:      aws.String("eu-west-1"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
		MaxRetries:  aws.Int(1),
	})))
	out, err := client.Invoke(&lambda.InvokeInput{FunctionName: aws.String("ping")})
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

	client := lambda.New(session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(server.URL),
		Region:      aws.String("eu-west-1"),
		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
	})))
	out, err := client.InvokeWithResponseStream(&lambda.InvokeWithResponseStreamInput{
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
		case *lambda.InvokeResponseStreamUpdate:
			fmt.Printf("%q\n", event.Payload)
		case *lambda.InvokeWithResponseStreamCompleteEvent:
			fmt.Println(aws.StringValue(event.ErrorCode), aws.StringValue(event.ErrorDetails))
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
