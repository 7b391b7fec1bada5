package sdkv2

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Invoker is the part of the SDK's Lambda client that backends call. *lambda.Client implements
// it. It must be safe for concurrent use.
type Invoker interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// StreamInvoker is the part of the SDK's Lambda client that backends with stream call.
// *lambda.Client implements it, and only it can make the output.
type StreamInvoker interface {
	InvokeWithResponseStream(context.Context, *lambda.InvokeWithResponseStreamInput, ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error)
}

var (
	_ Invoker       = (*lambda.Client)(nil)
	_ StreamInvoker = (*lambda.Client)(nil)
)

// NewAttempter returns an Attempter that uses a custom Invoker. Each attempt calls it once.
// If the Invoker is a client of the SDK, or passes the options on to one, the client makes no
// retries.
func NewAttempter(i Invoker) invoke.Attempter { return attempter{i} }

// RetryCounter is an optional interface of an Invoker. It returns its number of retries.
type RetryCounter interface {
	MaxRetries() int
}

// MaxRetries returns the number of retries of an Invoker, for backends that configure none: the
// number of a RetryCounter, or the attempts in the Options of the SDK's client, without the first.
// For an Invoker with neither it is the SDK's default.
func MaxRetries(i Invoker) int {
	if counter, ok := i.(RetryCounter); ok {
		return counter.MaxRetries()
	}
	if client, ok := i.(interface{ Options() lambda.Options }); ok { // *lambda.Client, and types that embed it
		if o := client.Options(); o.Retryer != nil {
			return retries(o)
		}
	}
	return retry.DefaultMaxAttempts - 1
}

type attempter struct{ Invoker }

var _ invoke.Attempter = attempter{}

// Attempt implements invoke.Attempter.
func (a attempter) Attempt(ctx context.Context, r *invoke.Request, p *invoke.Policy) (*invoke.Response, error) {
	c := &exchanges{request: r, policy: p}
	if r.Stream {
		return a.stream(ctx, c)
	}
	output, err := a.Invoke(ctx, &lambda.InvokeInput{
		FunctionName:         aws.String(r.Function),
		Qualifier:            unlessEmpty(r.Qualifier),
		InvocationType:       types.InvocationType(r.InvocationType),
		ClientContext:        unlessEmpty(r.ClientContext),
		TenantId:             unlessEmpty(r.TenantID),
		DurableExecutionName: unlessEmpty(r.DurableExecutionName),
		LogType:              logType(r),
		Payload:              r.Payload.Bytes(),
	}, c.option)
	c.result().tellSecrets()
	switch {
	case err != nil:
		return nil, c.result().failure(err)
	case output == nil:
		return nil, &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker returned neither an output nor an error"}
	}
	header, requestID := answerOf(output.ResultMetadata)
	if code := aws.ToString(output.FunctionError); code != "" {
		return nil, &invoke.Error{
			Kind: invoke.KindFunction, Code: code, Payload: output.Payload, Status: int(output.StatusCode), Header: header, RequestID: requestID,
			LogResult: aws.ToString(output.LogResult),
		}
	}
	return &invoke.Response{
		Status:              int(output.StatusCode),
		Header:              header,
		ExecutedVersion:     aws.ToString(output.ExecutedVersion),
		RequestID:           requestID,
		DurableExecutionARN: aws.ToString(output.DurableExecutionArn),
		LogResult:           aws.ToString(output.LogResult),
		Payload:             output.Payload,
	}, nil
}

// answerOf returns the header and the request id of the answer that an output comes from. Both
// are empty for a fake.
func answerOf(m middleware.Metadata) (header http.Header, requestID string) {
	requestID, _ = awsmiddleware.GetRequestIDMetadata(m)
	if answer, ok := awsmiddleware.GetRawResponse(m).(*smithyhttp.Response); ok && answer.Response != nil {
		header = answer.Header
	}
	return header, requestID
}

func logType(r *invoke.Request) types.LogType {
	if r.LogTail {
		return types.LogTypeTail
	}
	return ""
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
