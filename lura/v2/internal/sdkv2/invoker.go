package sdkv2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Invoker is the part of the SDK's Lambda client that backends call. It must be safe for
// concurrent use.
type Invoker interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// StreamInvoker is what backends with stream need. The SDK's client alone can make the output of
// a stream.
type StreamInvoker interface {
	Invoker
	InvokeWithResponseStream(context.Context, *lambda.InvokeWithResponseStreamInput, ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error)
}

var _ StreamInvoker = (*lambda.Client)(nil)

// InvokerRetries returns the number of retries of an Invoker's client: attempts without the
// first. It is the SDK's default for an Invoker that does not tell.
func InvokerRetries(i Invoker) int {
	if c, ok := i.(interface{ Options() lambda.Options }); ok {
		if o := c.Options(); o.Retryer != nil {
			return retries(o)
		}
	}
	return retry.DefaultMaxAttempts - 1
}

// Call is one attempt to execute a function. Empty strings are left out.
type Call struct {
	Function, Qualifier  string
	InvocationType       string // RequestResponse, Event or DryRun; RequestResponse where empty
	ClientContext        string // base64
	TenantID             string
	DurableExecutionName string // not for streams
	TraceID              string // X-Amzn-Trace-Id
	LogTail              bool
	Payload              []byte // not changed
	// MaxReply bounds the body of an answer, in bytes; 0 is no bound. Streams have none, and
	// neither have Invokers that drop options. Headers and refusals have the bounds of
	// invoke.LimitAnswer.
	MaxReply int64
}

// Reply is what AWS answered.
type Reply struct {
	Status int
	// Header is nil where the Invoker does not tell. It must not be changed.
	Header          http.Header
	Payload         []byte
	Stream          *Stream // in place of Payload, with InvokeStream; its reader closes it
	ContentType     string  // of a stream
	FunctionError   string
	ExecutedVersion string
	LogResult       string // base64
	RequestID       string
	DurableARN      string
}

// CallError is a call that failed.
type CallError struct {
	// Code and Message are AWS's; empty where the call got no answer.
	Code, Message string
	// Status is 0 where the call got no answer.
	Status     int
	Header     http.Header // nil where the Invoker does not tell
	RetryAfter string      // of the header, else of the error's document
	RequestID  string
	// TooLarge tells that the answer is beyond a limit.
	TooLarge bool
	// Malformed tells that a stream breaks the rules of its format.
	Malformed bool
	Err       error // the SDK's, for errors.As; it may be nil
}

// Error implements error. It is fit for a log.
func (e *CallError) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return describe(e.Err).Error()
}

// Unwrap returns the SDK's error.
func (e *CallError) Unwrap() error { return e.Err }

// Invoke makes one call with an Invoker. An error is a *CallError.
func Invoke(ctx context.Context, i Invoker, c *Call) (*Reply, error) {
	calls := &bounds{call: c}
	out, err := i.Invoke(ctx, &lambda.InvokeInput{
		FunctionName:         &c.Function,
		Qualifier:            unlessEmpty(c.Qualifier),
		InvocationType:       types.InvocationType(c.InvocationType),
		ClientContext:        unlessEmpty(c.ClientContext),
		TenantId:             unlessEmpty(c.TenantID),
		DurableExecutionName: unlessEmpty(c.DurableExecutionName),
		LogType:              logType(c.LogTail),
		Payload:              c.Payload,
	}, calls.options)
	b := calls.result()
	switch {
	case err != nil:
		return nil, b.failure(err)
	case out == nil:
		return nil, &CallError{Message: "the Invoker has returned neither an output nor an error"}
	}
	r := &Reply{
		Status:          int(out.StatusCode),
		Payload:         out.Payload,
		FunctionError:   aws.ToString(out.FunctionError),
		ExecutedVersion: aws.ToString(out.ExecutedVersion),
		LogResult:       aws.ToString(out.LogResult),
		DurableARN:      aws.ToString(out.DurableExecutionArn),
	}
	r.tell(out.ResultMetadata)
	return r, nil
}

// tell sets what the metadata of an output knows.
func (r *Reply) tell(m middleware.Metadata) {
	r.RequestID, _ = awsmiddleware.GetRequestIDMetadata(m)
	if raw, ok := awsmiddleware.GetRawResponse(m).(*smithyhttp.Response); ok && raw.Response != nil {
		r.Header = raw.Header
	}
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func logType(tail bool) types.LogType {
	if tail {
		return types.LogTypeTail
	}
	return ""
}

// bounds are the calls that an Invoker makes of a client for one Call: one, none where it drops
// options, and several at once where it hedges. It is safe for concurrent use.
type bounds struct {
	call   *Call
	stream bool

	mu    sync.Mutex
	ended *bound // the first that succeeded, else the last; nil for none
}

// options are what a call adds to the client's: no retries of its own, headers that the input
// lacks, and limits. With retries, service/lambda from v1.109.0 on would decode an answer into the
// output of the attempt before.
func (c *bounds) options(o *lambda.Options) {
	o.Retryer = aws.NopRetryer{}
	if client, ok := o.HTTPClient.(*http.Client); ok { // the SDK's own client carries no payload elsewhere
		own := *client
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		o.HTTPClient = &own
	}
	b := &bound{call: c.call, stream: c.stream}
	o.APIOptions = append(slices.Clip(o.APIOptions), func(stack *middleware.Stack) error {
		return errors.Join(
			stack.Initialize.Add(middleware.InitializeMiddlewareFunc("krakend-lambda/end",
				func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					out, metadata, err := next.HandleInitialize(ctx, in)
					b.failed = err != nil
					c.end(b)
					return out, metadata, err
				}), middleware.Before),
			// The last one before the client: what the build's own middleware puts there comes first.
			stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("krakend-lambda/limit", b.deserialize), middleware.After),
		)
	})
}

func (c *bounds) end(b *bound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil || c.ended.failed {
		c.ended = b
	}
}

// result returns the bound of the call that the Invoker's answer is of. It knows nothing where the
// Invoker drops options.
func (c *bounds) result() *bound {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return new(bound)
	}
	return c.ended
}

// bound is one call of a client, with what it has met.
type bound struct {
	call   *Call
	stream bool
	failed bool

	body    *invoke.Body  // of the answer; nil before it, and for one beyond a limit
	refused *invoke.Error // the limit that the answer is beyond; nil for none
	report  *Reply        // of a function that failed before its stream; nil for none
}

func (b *bound) deserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok { // signed, without these two
		r.Header.Set("Accept-Encoding", "identity") // else net/http undoes gzip by itself
		if b.call.TraceID != "" {
			r.Header.Set("X-Amzn-Trace-Id", b.call.TraceID)
		}
	}
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.Response != nil && response.Body != nil {
		if failed := b.hold(response.Response); failed != nil {
			return out, metadata, failed
		}
	}
	return out, metadata, err
}

// hold holds an answer to its limits before the SDK reads it. A function's error is no stream,
// whatever was asked for: that one is read here, and errReported returned.
func (b *bound) hold(answer *http.Response) error {
	body, refused := invoke.LimitAnswer(answer, &invoke.Request{Stream: b.stream}, &invoke.Policy{MaxReply: b.call.MaxReply})
	if refused != nil {
		b.refused = refused
		return badAnswer(refused.Error())
	}
	b.body, answer.Body = body, body
	code := answer.Header.Get("X-Amz-Function-Error")
	if !b.stream || code == "" || answer.StatusCode >= http.StatusMultipleChoices {
		return nil
	}
	defer body.Close()
	payload, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	b.report = &Reply{
		Status: answer.StatusCode, Header: answer.Header, Payload: payload, FunctionError: code,
		LogResult: answer.Header.Get("X-Amz-Log-Result"), RequestID: answer.Header.Get("X-Amzn-Requestid"),
	}
	return errReported
}

// errReported ends a call for a stream whose function has failed before.
const errReported = badAnswer("the function failed")

// tooLarge tells whether the answer is beyond a limit.
func (b *bound) tooLarge() bool {
	if b.refused != nil || b.body == nil {
		return b.refused != nil
	}
	e := b.body.Failure()
	return e != nil && e.Kind == invoke.KindLimit
}

// failure makes a CallError of the SDK's error for a call whose answer is read.
func (b *bound) failure(err error) *CallError {
	e := callError(err)
	e.TooLarge = b.tooLarge()
	return e
}

// callError makes a CallError of the SDK's error.
func callError(err error) *CallError {
	e := &CallError{Err: err}
	var api smithy.APIError
	if errors.As(err, &api) {
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 { // 0 without an answer
		e.Status, e.Header = response.HTTPStatusCode(), response.Response.Header
		e.RetryAfter = e.Header.Get("Retry-After")
	}
	var throttled *types.TooManyRequestsException
	if e.RetryAfter == "" && errors.As(err, &throttled) {
		e.RetryAfter = aws.ToString(throttled.RetryAfterSeconds)
	}
	var request interface{ ServiceRequestID() string }
	if errors.As(err, &request) {
		e.RequestID = request.ServiceRequestID()
	}
	return e
}
