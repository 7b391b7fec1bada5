package sdkv1

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// stream makes an attempt whose reply is a stream.
func (a attempter) stream(ctx context.Context, c *exchanges) (*invoke.Response, error) {
	streamer, ok := a.Invoker.(StreamInvoker)
	if !ok {
		return nil, &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker cannot stream"}
	}
	r := c.request
	output, err := streamer.InvokeWithResponseStreamWithContext(ctx, &lambda.InvokeWithResponseStreamInput{
		FunctionName:  aws.String(r.Function),
		Qualifier:     unlessEmpty(r.Qualifier),
		ClientContext: unlessEmpty(r.ClientContext),
		LogType:       logType(r),
		Payload:       r.Payload.Bytes(),
	}, c.option)
	x := c.result()
	x.tellSecrets()
	switch {
	case err != nil:
		return nil, x.failure(err)
	case output == nil || output.GetStream() == nil:
		return nil, &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker returned neither a stream nor an error"}
	}
	if err := c.lost(); err != nil {
		output.GetStream().Close()
		return nil, err
	}
	header := make(http.Header, len(x.header)+1)
	maps.Copy(header, x.header)
	header.Set("Content-Type", aws.StringValue(output.ResponseStreamContentType))
	return &invoke.Response{
		Status:          int(aws.Int64Value(output.StatusCode)),
		Header:          header,
		ExecutedVersion: aws.StringValue(output.ExecutedVersion),
		RequestID:       x.requestID,
		Events:          newEvents(ctx, output.GetStream(), x),
	}, nil
}

// events is an SDK stream.
type events struct {
	ctx     context.Context
	stream  *lambda.InvokeWithResponseStreamEventStream
	x       *exchange
	release func() bool // detaches the stream from the context
	read    int64       // of the reply, in bytes
	log     string
	err     error // of the end of the stream; nil before the end
}

var _ invoke.Events = (*events)(nil)

func newEvents(ctx context.Context, stream *lambda.InvokeWithResponseStreamEventStream, x *exchange) *events {
	e := &events{ctx: ctx, stream: stream, x: x}
	// The user of the reply may never read it.
	e.release = context.AfterFunc(ctx, func() { stream.Close() })
	return e
}

// Next implements invoke.Events.
func (e *events) Next() ([]byte, string, error) {
	for e.err == nil {
		event, ok := <-e.stream.Events()
		if !ok {
			e.err = e.failure()
			break
		}
		switch event := event.(type) {
		case *lambda.InvokeResponseStreamUpdate:
			limit := e.x.policy.MaxReply
			if e.read += int64(len(event.Payload)); limit > 0 && e.read > limit {
				e.err = &invoke.Error{Kind: invoke.KindLimit, Err: invoke.TooLong(limit)}
			} else if len(event.Payload) > 0 {
				return event.Payload, "", nil
			}
		case *lambda.InvokeWithResponseStreamCompleteEvent:
			e.log, e.err = aws.StringValue(event.LogResult), io.EOF
			if code := aws.StringValue(event.ErrorCode); code != "" {
				e.err = &invoke.Error{Kind: invoke.KindFunction, Code: code, Payload: []byte(aws.StringValue(event.ErrorDetails))}
			}
		}
	}
	return nil, e.log, e.err
}

// failure returns why a stream ended without reporting its end. The SDK has finished reading.
func (e *events) failure() error {
	err := e.stream.Err()
	var aerr awserr.Error
	switch {
	case e.ctx.Err() != nil: // the end of ctx has closed the stream
		return &invoke.Error{Kind: invoke.KindEnded, Progress: "while the function wrote its reply", Err: e.ctx.Err()}
	case err == nil:
		return &invoke.Error{Kind: invoke.KindTruncated, Err: io.ErrUnexpectedEOF}
	case e.x.framing != nil && e.x.framing.exception != nil:
		code, message := e.x.framing.exception.read()
		return &invoke.Error{Kind: invoke.KindAPI, Code: code, Message: message, Err: err}
	case errors.As(err, &aerr) && aerr.Code() != request.ErrCodeSerialization: // a message of the type error
		return &invoke.Error{Kind: invoke.KindAPI, Code: aerr.Code(), Message: messageOf(aerr), Err: err}
	case e.x.body != nil && e.x.body.Failure() == nil && !errors.Is(causeOf(err), io.ErrUnexpectedEOF): // everything received was read
		return &invoke.Error{Kind: invoke.KindMalformed, Err: errors.New(describe(err))}
	}
	return &invoke.Error{Kind: invoke.KindTruncated, Message: describe(err), Err: err}
}

// Close implements invoke.Events.
func (e *events) Close() error {
	e.release()
	return e.stream.Close()
}
