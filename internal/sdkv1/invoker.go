package sdkv1

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Invoker is the part of the SDK's Lambda client that backends call. *lambda.Lambda implements
// it.
type Invoker interface {
	InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)
}

// StreamInvoker is the part of the SDK's Lambda client that backends with stream call.
// *lambda.Lambda implements it.
type StreamInvoker interface {
	InvokeWithResponseStreamWithContext(aws.Context, *lambda.InvokeWithResponseStreamInput, ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error)
}

// RetryCounter is an optional interface of an Invoker that returns its number of retries.
// *lambda.Lambda implements it.
type RetryCounter interface {
	MaxRetries() int
}

// NewAttempter returns an Attempter that calls the build's Invoker once for each attempt. It
// turns off the retries of an SDK client, and of an Invoker that passes its options on to one.
func NewAttempter(i Invoker) invoke.Attempter { return attempter{i} }

// MaxRetries returns the number of retries for backends with an Invoker that configure none:
// that of a RetryCounter, otherwise the SDK's.
func MaxRetries(i Invoker) int {
	if counter, ok := i.(RetryCounter); ok {
		return counter.MaxRetries()
	}
	return defaultRetries
}

// defaultRetries is the SDK's default number of retries.
const defaultRetries = 3

type attempter struct{ Invoker }

// Attempt implements invoke.Attempter.
func (a attempter) Attempt(ctx context.Context, r *invoke.Request, p *invoke.Policy) (*invoke.Response, error) {
	c := &exchanges{request: r, policy: p}
	if r.Stream {
		return a.stream(ctx, c)
	}
	output, err := a.InvokeWithContext(ctx, &lambda.InvokeInput{
		FunctionName:   aws.String(r.Function),
		Qualifier:      unlessEmpty(r.Qualifier),
		InvocationType: unlessEmpty(r.InvocationType),
		ClientContext:  unlessEmpty(r.ClientContext),
		LogType:        logType(r),
		Payload:        r.Payload.Bytes(),
	}, c.option)
	x := c.result()
	x.tellSecrets()
	switch {
	case err != nil:
		return nil, x.failure(err)
	case output == nil:
		return nil, &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker returned neither an output nor an error"}
	}
	if err := c.lost(); err != nil {
		return nil, err
	}
	if code := aws.StringValue(output.FunctionError); code != "" {
		return nil, &invoke.Error{
			Kind: invoke.KindFunction, Code: code, Payload: output.Payload, Status: int(aws.Int64Value(output.StatusCode)), Header: x.header, RequestID: x.requestID,
			LogResult: aws.StringValue(output.LogResult),
		}
	}
	return &invoke.Response{
		Status:              int(aws.Int64Value(output.StatusCode)),
		Header:              x.header,
		ExecutedVersion:     aws.StringValue(output.ExecutedVersion),
		RequestID:           x.requestID,
		DurableExecutionARN: x.header.Get("X-Amz-Durable-Execution-Arn"),
		LogResult:           aws.StringValue(output.LogResult),
		Payload:             output.Payload,
	}, nil
}

func logType(r *invoke.Request) *string {
	if r.LogTail {
		return aws.String(lambda.LogTypeTail)
	}
	return nil
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
