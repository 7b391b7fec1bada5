package backend

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// invocation is all that goes out. It shares nothing with the request.
type invocation struct {
	method        string // of the request, in upper case
	function      config.Function
	payload       payload
	clientContext string // base64; empty for none
	traceID       string // empty for none
}

// invocation makes of a request what its function gets.
func (b *Backend) invocation(ctx context.Context, r *Request) (in invocation, e *Error) {
	var err error
	if in.function, err = b.cfg.FunctionOf(r.Params); err != nil {
		return in, refused(err)
	}
	if b.cfg.ClientContext {
		if in.clientContext, e = b.clientContext(r); e != nil {
			return in, e
		}
	}
	in.method = b.methodOf(r)
	in.traceID = apigw.First(r.Headers, traceHeader)
	in.payload, e = b.payload(ctx, r, in.method)
	return in, e
}

// reply is what an execution that succeeded has returned.
type reply struct {
	*http.Response
	requestID string
}

// fastest makes the concurrent calls that the backend is configured for, and
// returns the reply that comes first, or the last error. It does so in KrakenD's
// stead: of a request, whose maps and body the calls would share, nothing is read
// here any more. The calls that have lost are cancelled.
func (b *Backend) fastest(ctx context.Context, in invocation) (r reply, e *Error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type outcome struct {
		reply reply
		err   *Error
	}
	outcomes := make(chan outcome, b.calls)
	for range b.calls {
		go func() {
			var o outcome
			defer func() {
				if v := recover(); v != nil {
					o.err = panicked(v)
				}
				outcomes <- o
			}()
			o.reply, o.err = b.execute(ctx, in, nil)
		}()
	}
	for range b.calls {
		o := <-outcomes
		if r, e = o.reply, o.err; e == nil {
			break
		}
	}
	return r, e
}

// execute makes one call, with its retries, and hands its reply to decode. Where that is
// nil, the reply is whole, and its caller's to decode.
func (b *Backend) execute(ctx context.Context, in invocation, decode func(*http.Response) error) (reply, *Error) {
	c := call{
		retryer: retryer{max: b.cfg.MaxRetries, now: b.now}, traceID: in.traceID, payload: in.payload,
		keeper: b.keeper, prepared: b.client != nil, limit: b.cfg.MaxReply, errorLimit: config.MaxReply,
	}
	if decode != nil && b.passes(ctx) {
		c.ahead, c.decodes = aheadOf(b.format), b.format != raw
	}
	invoke := b.buffered
	if b.cfg.Stream {
		invoke = b.streamed
	}
	for {
		response, e := invoke(ctx, in, &c)
		if e == nil && decode != nil {
			e = c.deliver(ctx, response, decode)
		}
		switch {
		case e == nil:
			return reply{response, c.requestID}, nil
		case !(e.cutOff && c.sdk) && !(e.byFunction && b.cfg.RetryFunctionErrors) || !b.again(ctx, &c):
			return reply{}, e.of(in.function, c.requestID)
		}
		c.last = e
	}
}

// again waits for the time of another execution after one that the SDK takes for a good
// one: the function failed, or its stream ended before it had begun. It is false where there
// is to be none.
func (b *Backend) again(ctx context.Context, c *call) bool {
	delay, ok := c.next(ctx)
	return ok && b.sleep(ctx, delay) == nil
}

// buffered makes a call whose reply comes in one piece.
func (b *Backend) buffered(ctx context.Context, in invocation, c *call) (*http.Response, *Error) {
	input := &lambda.InvokeInput{
		FunctionName:   &in.function.Name,
		Qualifier:      unlessEmpty(in.function.Qualifier),
		InvocationType: unlessEmpty(b.cfg.InvocationType),
		ClientContext:  unlessEmpty(in.clientContext),
		LogType:        b.logType(),
	}
	var output *lambda.InvokeOutput
	var err error
	if b.client != nil {
		output, err = b.client.do(ctx, input, c)
	} else {
		input.Payload = in.payload.bytes()
		output, err = b.invoker.InvokeWithContext(ctx, input, c.option)
	}
	switch {
	case err != nil:
		return nil, b.failed(ctx, err, c)
	case output == nil:
		return nil, internal(errors.New("the Invoker returned neither an output nor an error"))
	}
	b.logTail(in.function, c.requestID, aws.StringValue(output.LogResult))

	a := answer{output.Payload, aws.StringValue(output.ExecutedVersion), c.requestID, c.header}
	if kind := aws.StringValue(output.FunctionError); kind != "" {
		payload, err := a.decompressed(config.MaxReply)
		if err != nil {
			return nil, undecodable(err)
		}
		return nil, functionError(kind, payload)
	}
	if int64(len(a.payload)) > b.cfg.MaxReply { // of an Invoker that is none of the SDK's
		return nil, undecodable(tooLong(b.cfg.MaxReply))
	}
	response, err := a.response(&b.cfg, b.format)
	if err != nil {
		return nil, undecodable(err)
	}
	if c.rest != nil {
		b.passOn(ctx, response, a.payload, c, in)
	}
	return response, nil
}

// failed is the error of a call that brought no reply.
func (b *Backend) failed(ctx context.Context, err error, c *call) *Error {
	switch {
	case c.exceeded != nil:
		return undecodable(c.exceeded)
	case ctx.Err() != nil && !answered(err):
		return ended(ctx, c.progress())
	}
	return invocationError(err, c.header.Get("Retry-After"), b.cfg.ParamName != "")
}

// logType is nil for Lambda's default, which is None.
func (b *Backend) logType() *string {
	if b.cfg.LogTail {
		return aws.String(lambda.LogTypeTail)
	}
	return nil
}

// maxLogTail is how much of a function's log Lambda returns, in bytes.
const maxLogTail = 4 << 10

// logTail logs the end of a function's own log, which Lambda returns in base64.
func (b *Backend) logTail(f config.Function, requestID, logResult string) {
	tail, err := base64.StdEncoding.DecodeString(logResult)
	if err != nil {
		b.logger.Warning(b.prefix, "the log of "+text.Quote(f.String())+" is no base64")
		return
	}
	tail = tail[max(0, len(tail)-maxLogTail):]
	for line := range strings.Lines(string(tail)) {
		b.logger.Debug(b.prefix, fmt.Sprintf("log of %s, request id %s: %s", f, requestID, text.Printable(strings.TrimRight(line, "\r\n"))))
	}
}

const streamOperation = "InvokeWithResponseStream"

const (
	traceHeader    = "X-Amzn-Trace-Id"
	acceptEncoding = "Accept-Encoding"
)

// call is what the SDK needs for one invocation and what it tells of it. The SDK's handlers
// find it as the retryer of their request.
type call struct {
	retryer
	traceID    string
	payload    payload
	keeper     *keeper            // nil where the Invoker signs by itself
	lease      int                // of the credentials that the call is signed with
	digest     *[sha256.Size]byte // of the payload; nil before it is signed
	prepared   bool               // the request has the handlers
	limit      int64              // of a reply, in bytes; 0 for none, in streams
	errorLimit int64              // of an answer that is none
	ahead      int                // how much of a reply to read, in bytes; 0 for all
	decodes    bool               // what is read ahead
	rest       io.ReadCloser      // of the reply, behind that; nil for none
	sdk        bool               // the SDK makes the call: an Invoker may do without
	requestID  string             // of the last answer
	header     http.Header        // of the last answer
}

var _ request.Retryer = (*call)(nil)

func callOf(r *request.Request) *call { return r.Retryer.(*call) }

// option implements request.Option.
func (c *call) option(r *request.Request) {
	c.sdk = true
	if c.max == config.SDKMaxRetries {
		c.max = r.MaxRetries() // the client's own
	}
	r.Retryer = c
	if c.traceID != "" {
		r.HTTPRequest.Header.Set(traceHeader, c.traceID)
	}
	if r.Operation.Name == streamOperation {
		r.Handlers.Unmarshal.PushFront(checkFraming)
	}
	if c.keeper != nil && c.refuse == nil {
		c.refuse = func() { c.keeper.refuse(c.lease) }
	}
	if c.prepared {
		return
	}
	attach(&r.Handlers, func(*request.Request) *call { return c })
	if c.keeper != nil {
		r.Handlers.Sign.Swap(v4.SignRequestHandler.Name, request.NamedHandler{Name: v4.SignRequestHandler.Name, Fn: c.signBySDK})
	}
}

// attach adds the handlers that every call needs.
func attach(h *request.Handlers, of func(*request.Request) *call) {
	h.Send.PushFront(func(r *request.Request) {
		of(r).sent++
		// Else net/http asks for gzip by itself, and undoes without bounds what comes. Like
		// that of net/http, it is not part of the signature.
		r.HTTPRequest.Header[acceptEncoding] = identity
	})
	h.Send.PushBack(func(r *request.Request) { of(r).bound(r) })
	h.CompleteAttempt.PushBack(func(r *request.Request) { of(r).judge(r) })
	h.Complete.PushBack(func(r *request.Request) {
		c := of(r)
		c.requestID, c.header = r.RequestID, r.HTTPResponse.Header
	})
}

// identity is the value of a header of every request. Nobody writes to it.
var identity = []string{"identity"}

// credentials are what a request is to be signed with now. Where there are none it ends.
func (c *call) credentials(r *request.Request) (value credentials.Value, ok bool) {
	var err error
	if value, c.lease, err = c.keeper.get(r.Context()); err != nil {
		r.Error = err
		return value, false
	}
	delete(r.HTTPRequest.Header, acceptEncoding) // of the attempt before
	return value, true
}

// signBySDK is a handler of the SDK's.
func (c *call) signBySDK(r *request.Request) {
	if value, ok := c.credentials(r); ok {
		r.Config.Credentials = credentials.NewStaticCredentialsFromCreds(value)
		v4.SignSDKRequest(r)
	}
}

// signCall is a handler of the SDK's, for calls of Invoke.
func signCall(r *request.Request) {
	c := callOf(r)
	value, ok := c.credentials(r)
	if !ok {
		return
	}
	if c.digest == nil {
		c.digest = c.payload.digest()
	}
	now := time.Now()
	key := c.keeper.key(scope{day(now), r.ClientInfo.SigningRegion, r.ClientInfo.SigningName, value.SecretAccessKey})
	if key.sign(r.HTTPRequest, c.digest, &value, now) {
		r.LastSignedAt = now
		return
	}
	r.ResetBody() // the SDK reads what it has set
	c.signBySDK(r)
}

// judge is a handler of the SDK's: it tells the keeper what AWS thinks of the credentials.
func (c *call) judge(r *request.Request) {
	if c.keeper == nil {
		return
	}
	aerr, ok := r.Error.(awserr.Error)
	switch {
	case ok && keyErrors[aerr.Code()]:
		c.keeper.doubt(c.lease)
	case r.Error == nil:
		c.keeper.accept()
	}
}

// progress says how far a call had come when its context ended.
func (c *call) progress() string {
	switch {
	case c.sdk && c.sent == 0:
		return "before there were credentials to sign the call with"
	case c.last != nil:
		return fmt.Sprintf("in attempt %d; the one before failed: %s", max(c.sent, c.spent+1), explain(c.last))
	default:
		return "before the function answered"
	}
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
