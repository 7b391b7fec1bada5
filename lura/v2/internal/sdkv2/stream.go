package sdkv2

import (
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// ErrCutOff is the error of a stream that ended before InvokeComplete. The SDK takes some of them
// for complete.
var ErrCutOff = errors.New("the stream ended before InvokeComplete")

// InvokeStream makes one call whose reply is a stream, which has no bound: its reader counts. A
// function that failed before its stream is a Reply with a Payload and no Stream. An error is a
// *CallError.
func InvokeStream(ctx context.Context, i StreamInvoker, c *Call) (*Reply, error) {
	calls := &bounds{call: c, stream: true}
	out, err := i.InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{
		FunctionName:   &c.Function,
		Qualifier:      unlessEmpty(c.Qualifier),
		InvocationType: types.ResponseStreamingInvocationType(c.InvocationType),
		ClientContext:  unlessEmpty(c.ClientContext),
		TenantId:       unlessEmpty(c.TenantID),
		LogType:        logType(c.LogTail),
		Payload:        c.Payload,
	}, calls.options)
	b := calls.result()
	switch {
	case b.report != nil:
		return b.report, nil
	case err != nil:
		return nil, b.failure(err)
	case out == nil || out.GetStream() == nil:
		return nil, &CallError{Message: "the Invoker has returned neither a stream nor an error"}
	}
	r := &Reply{
		Status:          int(out.StatusCode),
		ContentType:     aws.ToString(out.ResponseStreamContentType),
		ExecutedVersion: aws.ToString(out.ExecutedVersion),
		Stream:          &Stream{events: out.GetStream(), body: b.body},
	}
	r.tell(out.ResultMetadata)
	return r, nil
}

// Stream is a reply in pieces. Its methods are called by one goroutine, Close by any.
type Stream struct {
	events *lambda.InvokeWithResponseStreamEventStream
	body   *invoke.Body // that they are read from; nil behind an Invoker that drops options
	end    error        // nil before the end
	log    string
}

// StreamError is how a function, or AWS, ended a stream after it had begun.
type StreamError struct{ Code, Details string }

// Error implements error. It leaves out the details: they are the function's.
func (e *StreamError) Error() string { return "the function failed in its stream: " + e.Code }

// Next returns the next piece, which may be empty. Its error is io.EOF at the end of a complete
// stream, a *StreamError where the function failed, ErrCutOff where the stream broke off, and a
// *CallError for what the SDK says else. It waits until the call's context is done.
func (s *Stream) Next() ([]byte, error) {
	for s.end == nil {
		event, ok := <-s.events.Events()
		if !ok {
			s.end = ErrCutOff
			if err := s.events.Err(); err != nil {
				failed := callError(err)
				failed.Malformed = failed.Code == "" && s.body != nil && s.body.Failure() == nil && !errors.Is(err, io.ErrUnexpectedEOF)
				s.end = failed
			}
			break
		}
		switch event := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			return event.Value.Payload, nil
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			s.log = aws.ToString(event.Value.LogResult)
			s.end = io.EOF
			if code := aws.ToString(event.Value.ErrorCode); code != "" {
				s.end = &StreamError{code, aws.ToString(event.Value.ErrorDetails)}
			}
		}
	}
	return nil, s.end
}

// LogResult returns the end of the function's log in base64, after the end of the stream.
func (s *Stream) LogResult() string { return s.log }

// Close ends the stream.
func (s *Stream) Close() error { return s.events.Close() }
