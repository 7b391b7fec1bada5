package backend

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// invocation is a call: what it sends, and its reply. It shares nothing with the request.
type invocation struct {
	backend  *Backend
	watch    *watch // nil for none
	method   string // of the request, in upper case
	function config.Function
	call     invoke.Request // of the single call, or of each concurrent one

	// Of execute.
	ctx    context.Context
	policy *invoke.Policy
	decode func(*http.Response) error // nil if the caller of execute decodes the reply
	reply  reply
}

const traceHeader = "X-Amzn-Trace-Id"

// invocation builds the input of the function from a request.
func (b *Backend) invocation(ctx context.Context, f config.Function, w *watch, r *Request) (in *invocation, e *Error) {
	in = &invocation{
		backend: b, watch: w, method: b.methodOf(r), function: f,
		call: invoke.Request{
			Function: f.Name, Qualifier: f.Qualifier, InvocationType: b.cfg.InvocationType, LogTail: b.cfg.LogTail, Stream: b.cfg.Stream,
		},
	}
	trace := w.headers()
	values := b.requestValues(r)
	var err error
	if in.call.TenantID, err = b.cfg.TenantOf(values); err != nil {
		return in, invalidTenant(err)
	}
	in.call.DurableExecutionName = b.cfg.ExecutionName(values)
	if b.cfg.ClientContext {
		if in.call.ClientContext, e = b.clientContext(r, trace); e != nil {
			return in, e
		}
	}
	if in.call.TraceID = trace[traceHeader]; in.call.TraceID == "" {
		in.call.TraceID = apigw.First(r.Headers, traceHeader)
	}
	in.call.Payload, e = b.payload(ctx, r, in.method, trace)
	w.update(func(i *Invocation) { i.PayloadSize = int64(in.call.Payload.Size()) })
	return in, e
}

// reply is the result of an execution that succeeded.
type reply struct {
	*http.Response
	requestID string
	streams   bool // the reply is still arriving
	page      bool // isPage
}

// fastest makes the concurrent calls that the backend is configured for, and returns the first
// reply, or the last error. It replaces KrakenD's own concurrent calls, which would share the
// request's maps and body: by now nothing reads the request any more. It cancels the calls that
// lost.
func (b *Backend) fastest(ctx context.Context, in *invocation) (reply, *Error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type outcome struct {
		reply reply
		err   *Error
		watch *watch
	}
	outcomes := make(chan outcome, b.calls)
	for range b.calls {
		go func() {
			own := *in
			own.watch = in.watch.concurrent()
			o := outcome{watch: own.watch}
			defer func() {
				if v := recover(); v != nil {
					o.err = panicked(v)
				}
				outcomes <- o
			}()
			o.reply, o.err = b.execute(ctx, &own, nil)
		}()
	}
	var o outcome
	for range b.calls {
		if o = <-outcomes; o.err == nil {
			break
		}
	}
	in.watch.settle(o.watch)
	return o.reply, o.err
}

// execute makes one call, with its retries, and passes its reply to decode. If decode is nil, it
// returns the whole reply for its caller to decode.
func (b *Backend) execute(ctx context.Context, in *invocation, decode func(*http.Response) error) (reply, *Error) {
	in.ctx, in.policy, in.decode = ctx, &b.policy, decode
	if decode != nil && b.canStream(ctx) {
		in.policy = &b.peek
	}
	if b.cfg.LogTail || in.watch != nil {
		own := *in.policy
		own.OnAttempt = in.watch.begins
		own.OnFailure = func(e *invoke.Error) {
			in.watch.failed(e, func() string { return b.attemptCode(ctx, in, e) })
			b.logTail(in.function, in.watch, e.RequestID, e.LogResult)
		}
		in.policy = &own
	}
	err := b.client.Invoke(ctx, &in.call, in.policy, in.use)
	out := in.reply
	// What a stream's connection holds includes in. With the reply it would hold the stream, which
	// then never ends where its reader drops it.
	in.reply, in.decode = reply{}, nil
	if err == nil {
		return out, nil
	}
	var own *Error
	if errors.As(err, &own) {
		return reply{}, own.withPage(out.page).withInvocation(in.function, out.requestID)
	}
	return reply{}, b.failed(in, err)
}

// use turns a reply into an HTTP response, and passes that to decode.
func (in *invocation) use(r *invoke.Response) (err error) {
	b, out, decodes := in.backend, &in.reply, in.policy.Decodes
	in.watch.replied(r)
	b.logTail(in.function, in.watch, r.RequestID, r.LogResult)
	out.requestID, out.page = r.RequestID, isPage(r.Header, r.RequestID)
	out.streams = r.Events != nil || r.Rest != nil && !decodes
	whole := false
	if r.Rest != nil && decodes {
		defer func() { r.Rest.Finish(whole) }()
	}
	if out.Response, err = b.response(in.ctx, in, r); err != nil {
		return err
	}
	if in.decode == nil {
		return nil
	}
	if err := in.decode(out.Response); err != nil {
		return undecodableReply(err, r.Payload)
	}
	if r.Rest != nil && in.ctx.Err() != nil {
		if e := r.Rest.Failure(); e != nil {
			return e // the value is complete, but the rest of the reply did not end in time
		}
	}
	whole = true
	if r.Rest != nil && decodes {
		in.watch.update(func(i *Invocation) { i.ReplySize = r.Rest.Size() })
	}
	return nil
}

// response returns the HTTP response for a reply. Its error is an *Error of this package or of
// internal/invoke.
func (b *Backend) response(ctx context.Context, in *invocation, r *invoke.Response) (*http.Response, error) {
	if r.Events != nil {
		return b.streamed(ctx, in, r)
	}
	if int64(len(r.Payload)) > b.cfg.MaxReply { // from an Invoker, which enforces no limit
		return nil, undecodable(invoke.TooLong(b.cfg.MaxReply))
	}
	response, err := answer{r.Payload, metadataOf(r), r.Header}.response(&b.cfg, b.format)
	if err != nil {
		return nil, undecodableReply(err, r.Payload)
	}
	if r.Rest != nil {
		b.attachBody(ctx, response, r, in)
	}
	return response, nil
}

// capitalHints say what to do about errors that may come from the capital in a function's name.
// IAM policies distinguish upper and lower case, and AWS checks them before it says whether the
// function exists.
var capitalHints = map[string]string{
	resourceNotFound: "the gateway put the first letter of the name into upper case: to keep the name as it is, set function_name_case to 'verbatim'",
	accessDenied:     "the gateway put the first letter of the name into upper case: if the function or the policy has it in lower case, set function_name_case to 'verbatim'",
}

// failed returns the error of a call that brought no reply.
func (b *Backend) failed(in *invocation, err error) *Error {
	var failure *invoke.Error
	if !errors.As(err, &failure) {
		return internal(err).withInvocation(in.function, "")
	}
	if failure.Kind == invoke.KindTruncated && (failure.ReplyUsed || b.cfg.Stream) {
		e := truncated(quoted(failure))
		e.err = failure
		return e.withInvocation(in.function, failure.RequestID)
	}
	e := invocationError(failure, &b.cfg).withPage(isPage(failure.Header, failure.RequestID)).withInvocation(in.function, failure.RequestID)
	if failure.Kind == invoke.KindAPI && in.function.Capitalized {
		e.detail = joined("; ", e.detail, capitalHints[failure.Code])
	}
	e.attempts = failure.Attempts
	if failure.Kind == invoke.KindConnection || failure.Kind == invoke.KindTruncated {
		e.endpoint = b.endpoint // errors such as "unexpected EOF" do not have it
	}
	return e
}

// attemptCode returns the code, or the function's errorType, for a call whose last attempt
// failed with e.
func (b *Backend) attemptCode(ctx context.Context, in *invocation, e *invoke.Error) string {
	if ctx.Err() != nil && e.Kind != invoke.KindAPI && e.Kind != invoke.KindFunction && e.Kind != invoke.KindLimit {
		if errors.Is(ctx.Err(), context.Canceled) {
			return codeClientGone
		}
		return codeDeadline
	}
	failure := b.failed(in, e)
	return cmp.Or(failure.FunctionError(), failure.Code())
}

// maxLogTail is how much of a function's log Lambda returns, in bytes.
const maxLogTail = 4 << 10

// logTail logs the end of a function's own log, which Lambda returns in base64.
func (b *Backend) logTail(f config.Function, w *watch, requestID, logResult string) {
	if logResult == "" {
		return
	}
	tail, err := base64.StdEncoding.DecodeString(logResult)
	if err != nil {
		b.logger.Warning(b.prefix, "the function's log is not base64: "+joined(", ", "function "+f.String(), labelled("request id ", requestID)))
		return
	}
	tail = tail[max(0, len(tail)-maxLogTail):]
	w.update(func(i *Invocation) { i.measure(tail) })
	for line := range strings.Lines(string(tail)) {
		b.logger.Debug(b.prefix, joined(": ", joined(", ", "log of "+f.String(), labelled("request id ", requestID)), strings.TrimRight(line, "\r\n")))
	}
}
