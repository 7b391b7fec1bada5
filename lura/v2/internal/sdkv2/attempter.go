package sdkv2

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// NewAttempter returns what makes attempts with an Invoker of the build's own. One attempt is one
// call of it: where it is a client of the SDK, or hands the options on to one, its own retries
// are off.
func NewAttempter(i Invoker) invoke.Attempter { return attempter{i} }

type attempter struct{ invoker Invoker }

// Attempt implements invoke.Attempter.
func (a attempter) Attempt(ctx context.Context, r *invoke.Request, p *invoke.Policy) (*invoke.Response, error) {
	call := &Call{
		Function: r.Function, Qualifier: r.Qualifier, InvocationType: r.InvocationType, ClientContext: r.ClientContext,
		TraceID: r.TraceID, LogTail: r.LogTail, Payload: r.Payload.Bytes(), MaxReply: p.MaxReply,
	}
	var reply *Reply
	var err error
	if streamer, ok := a.invoker.(StreamInvoker); r.Stream && ok {
		reply, err = InvokeStream(ctx, streamer, call)
	} else {
		reply, err = Invoke(ctx, a.invoker, call)
	}
	if err != nil {
		return nil, callFailure(err)
	}
	if reply.FunctionError != "" {
		return nil, functionFailure(reply)
	}
	response := &invoke.Response{
		Header: reply.Header, ExecutedVersion: reply.ExecutedVersion, RequestID: reply.RequestID, LogResult: reply.LogResult, Payload: reply.Payload,
	}
	if reply.Stream == nil {
		return response, nil
	}
	response.Header = reply.Header.Clone()
	if response.Header == nil {
		response.Header = make(http.Header, 1)
	}
	response.Header.Set("Content-Type", reply.ContentType)
	response.Events = newEvents(ctx, reply.Stream, p.MaxReply)
	return response, nil
}

// functionFailure is the error of a function's own.
func functionFailure(reply *Reply) *invoke.Error {
	return &invoke.Error{
		Kind: invoke.KindFunction, Code: reply.FunctionError, Payload: reply.Payload, Status: reply.Status,
		Header: reply.Header, RequestID: reply.RequestID, LogResult: reply.LogResult,
	}
}

// callFailure is the error of an attempt.
func callFailure(err error) *invoke.Error {
	var failed *CallError
	if !errors.As(err, &failed) {
		return &invoke.Error{Kind: invoke.KindConnection, Err: err}
	}
	e := &invoke.Error{
		Kind: invoke.KindAPI, Code: failed.Code, Message: failed.Message, Status: failed.Status, Header: failed.Header,
		RequestID: failed.RequestID, RetryAfter: failed.RetryAfter, Err: failed.Err,
	}
	switch {
	case failed.TooLarge:
		e.Kind = invoke.KindLimit
	case failed.Err == nil:
		e.Kind = invoke.KindInternal
	case failed.Code != "":
	case failed.Status >= http.StatusMultipleChoices:
		e.Message = failed.Error()
	case failed.Status != 0: // an answer that does not decode, most often since it is cut
		e.Kind = invoke.KindTruncated
	default:
		e.Kind = invoke.KindConnection
	}
	return e
}

// events is a stream of the SDK's.
type events struct {
	ctx     context.Context
	stream  *Stream
	release func() bool // of the context's hold on the stream
	limit   int64       // of the reply, in bytes; 0 for none
	read    int64
}

var _ invoke.Events = (*events)(nil)

func newEvents(ctx context.Context, stream *Stream, limit int64) *events {
	e := &events{ctx: ctx, stream: stream, limit: limit}
	// The reader of a reply may never read it.
	e.release = context.AfterFunc(ctx, func() { stream.Close() })
	return e
}

// Next implements invoke.Events.
func (e *events) Next() ([]byte, string, error) {
	for {
		piece, err := e.stream.Next()
		if err != nil {
			return nil, e.stream.LogResult(), e.failure(err)
		}
		if e.read += int64(len(piece)); e.limit > 0 && e.read > e.limit {
			return nil, "", &invoke.Error{Kind: invoke.KindLimit, Err: invoke.TooLong(e.limit)}
		}
		if len(piece) > 0 {
			return piece, "", nil
		}
	}
}

// failure returns why a stream has ended.
func (e *events) failure(err error) error {
	var failed *StreamError
	var call *CallError
	switch {
	case err == io.EOF:
		return err
	case errors.As(err, &failed):
		return &invoke.Error{Kind: invoke.KindFunction, Code: failed.Code, Payload: []byte(failed.Details)}
	case e.ctx.Err() != nil: // which has closed the stream
		return &invoke.Error{Kind: invoke.KindEnded, Progress: "while the function wrote its reply", Err: e.ctx.Err()}
	case errors.As(err, &call) && call.Code != "":
		return callFailure(err)
	case call != nil && call.Malformed:
		return &invoke.Error{Kind: invoke.KindMalformed, Err: call}
	}
	return &invoke.Error{Kind: invoke.KindTruncated, Err: err}
}

// Close implements invoke.Events.
func (e *events) Close() error {
	e.release()
	return e.stream.Close()
}
