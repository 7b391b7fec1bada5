package sdkv2

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// stream makes an attempt whose reply is a stream.
func (a attempter) stream(ctx context.Context, c *exchanges) (*invoke.Response, error) {
	streamer, ok := a.Invoker.(StreamInvoker)
	if !ok {
		return nil, &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker cannot stream"}
	}
	r := c.request
	output, err := streamer.InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{
		FunctionName:   aws.String(r.Function),
		Qualifier:      unlessEmpty(r.Qualifier),
		InvocationType: types.ResponseStreamingInvocationType(r.InvocationType),
		ClientContext:  unlessEmpty(r.ClientContext),
		TenantId:       unlessEmpty(r.TenantID),
		LogType:        logType(r),
		Payload:        r.Payload.Bytes(),
	}, c.option)
	c.result().tellSecrets()
	switch {
	case err != nil:
		return nil, c.result().failure(err)
	case output == nil || output.GetStream() == nil:
		return nil, &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker returned neither a stream nor an error"}
	}
	header, requestID := answerOf(output.ResultMetadata)
	if header = header.Clone(); header == nil {
		header = make(http.Header, 1)
	}
	header.Set("Content-Type", aws.ToString(output.ResponseStreamContentType))
	return &invoke.Response{
		Status:          int(output.StatusCode),
		Header:          header,
		ExecutedVersion: aws.ToString(output.ExecutedVersion),
		RequestID:       requestID,
		Events:          newEvents(ctx, output.GetStream(), c.result()),
	}, nil
}

// events is a stream of the SDK's client.
type events struct {
	ctx     context.Context
	stream  *lambda.InvokeWithResponseStreamEventStream
	x       *exchange
	release func() bool // removes the callback that ends the stream with the context
	read    int64       // of the reply, in bytes
	log     string
	err     error // why the stream has ended
}

var _ invoke.Events = (*events)(nil)

func newEvents(ctx context.Context, stream *lambda.InvokeWithResponseStreamEventStream, x *exchange) *events {
	e := &events{ctx: ctx, stream: stream, x: x}
	// The reader of a reply may never read it.
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
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			payload, limit := event.Value.Payload, e.x.policy.MaxReply
			if e.read += int64(len(payload)); limit > 0 && e.read > limit {
				e.err = &invoke.Error{Kind: invoke.KindLimit, Err: invoke.TooLong(limit)}
			} else if len(payload) > 0 {
				return payload, "", nil
			}
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			e.log, e.err = aws.ToString(event.Value.LogResult), io.EOF
			if code := aws.ToString(event.Value.ErrorCode); code != "" {
				e.err = &invoke.Error{Kind: invoke.KindFunction, Code: code, Payload: []byte(aws.ToString(event.Value.ErrorDetails))}
			}
		}
	}
	return nil, e.log, e.err
}

// failure returns why a stream has ended without InvokeComplete. The SDK treats a stream that is cut
// between two messages as complete. It then has read everything that arrived.
func (e *events) failure() error {
	if e.ctx.Err() != nil { // which has closed the stream
		return &invoke.Error{Kind: invoke.KindEnded, Progress: "while the function wrote its reply", Err: e.ctx.Err()}
	}
	err := e.stream.Err()
	if err == nil {
		return &invoke.Error{Kind: invoke.KindTruncated, Message: "the stream ended before InvokeComplete", Err: io.ErrUnexpectedEOF}
	}
	failed := errorOf(err)
	switch {
	case failed.Code != "": // an exception, or a message of the type error
		return failed
	case e.x.body != nil && e.x.body.Failure() == nil && !errors.Is(err, io.ErrUnexpectedEOF): // everything that arrived was read
		return &invoke.Error{Kind: invoke.KindMalformed, Err: describe(err)}
	}
	return &invoke.Error{Kind: invoke.KindTruncated, Message: describe(err).Error(), Err: err}
}

// Close implements invoke.Events.
func (e *events) Close() error {
	e.release()
	return e.stream.Close()
}
