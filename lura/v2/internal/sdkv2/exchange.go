package sdkv2

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// exchanges has the SDK's calls of one attempt: usually one call, no call if the Invoker drops options,
// and several calls if it hedges. It is safe for concurrent use.
type exchanges struct {
	request *invoke.Request
	policy  *invoke.Policy

	mu    sync.Mutex
	ended *exchange // the first successful one, or the last; nil means none
}

// option changes the client's options for one call: no retries, no redirects, the headers that
// the input lacks, and limits. With retries, service/lambda from v1.109.0 on would decode an
// answer into the output of the attempt before.
func (c *exchanges) option(o *lambda.Options) {
	o.Retryer = aws.NopRetryer{}
	if client, ok := o.HTTPClient.(*http.Client); ok { // the SDK's default client never redirects a payload
		withoutRedirects := *client
		withoutRedirects.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		o.HTTPClient = &withoutRedirects
	}
	x := &exchange{request: c.request, policy: c.policy, credentials: o.Credentials}
	if o.Credentials != nil { // nil sends the call unsigned
		o.Credentials = watched{o.Credentials, x}
	}
	o.APIOptions = append(slices.Clip(o.APIOptions), func(stack *middleware.Stack) error {
		return errors.Join(
			stack.Initialize.Add(middleware.InitializeMiddlewareFunc("krakend-lambda/end",
				func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					out, metadata, err := next.HandleInitialize(ctx, in)
					x.complete(err)
					c.end(x)
					return out, metadata, err
				}), middleware.Before),
			// The last one before the HTTP client: custom middleware at this place comes first.
			stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("krakend-lambda/limit", x.deserialize), middleware.After),
		)
	})
}

func (c *exchanges) end(x *exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil || c.ended.failed {
		c.ended = x
	}
}

// result returns the exchange that produced the Invoker's answer. The exchange is empty if the
// Invoker drops options.
func (c *exchanges) result() *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return &exchange{request: c.request, policy: c.policy}
	}
	return c.ended
}

// exchange is one call of the SDK's client, and what it shows about an attempt.
type exchange struct {
	request *invoke.Request
	policy  *invoke.Policy

	credentials aws.CredentialsProvider // the client's; nil if the Invoker drops options
	lookup      error                   // of the credentials; nil if it succeeded
	signed      http.Header             // of the request; nil if unknown
	failed      bool
	answer      *http.Response // its body is the SDK's; nil for none
	body        *invoke.Body   // of the answer; nil for none, and for one beyond a limit
	refused     *invoke.Error  // why the SDK must not read the answer; nil if it may
}

// complete records how the call ended. The client's cache does not see an answer that reports
// expired credentials: complete drops them from the cache, so the next attempt gets others.
func (x *exchange) complete(err error) {
	x.failed = err != nil
	if cache, ok := x.credentials.(interface{ Invalidate() }); ok && x.failed && x.lookup == nil && errorOf(err).IsExpired() {
		cache.Invalidate()
	}
}

func (x *exchange) deserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok { // it is signed, without these two
		var err error
		if r, err = withoutWriteTo(r); err != nil {
			return middleware.DeserializeOutput{}, middleware.Metadata{}, err
		}
		in.Request = r
		// Without it net/http asks for gzip itself, and decompresses the answer without a limit.
		r.Header.Set("Accept-Encoding", "identity")
		if x.request.TraceID != "" {
			r.Header.Set("X-Amzn-Trace-Id", x.request.TraceID)
		}
		x.signed = r.Header
	}
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.Response != nil && response.Body != nil && response.StatusCode != 0 { // 0 without an answer
		x.answer = response.Response
		if x.limit(); x.refused != nil {
			return out, metadata, x.refused
		}
	}
	return out, metadata, err
}

// withoutWriteTo hides the WriteTo of a request's stream. The SDK closes a body as soon as the head
// of the answer is there. From then on WriteTo returns io.EOF, which net/http takes for a failed
// write: it closes the connection in the middle of the answer (smithy-go v1.28.9,
// findings/sdk-v2-executes-twice.sh). Read returns io.EOF too, and there it is just the end.
func withoutWriteTo(r *smithyhttp.Request) (*smithyhttp.Request, error) {
	switch stream := r.GetStream().(type) {
	case nil:
		return r, nil
	case io.ReadSeeker:
		return r.SetStream(struct{ io.ReadSeeker }{stream})
	default:
		return r.SetStream(struct{ io.Reader }{stream})
	}
}

// limit applies the limits to the answer before the SDK reads it. A function's error is not a
// stream, even if the call asked for one.
func (x *exchange) limit() {
	body, err := invoke.LimitAnswer(x.answer, x.request, x.policy)
	if err == nil {
		x.body, x.answer.Body = body, body
		if code := x.answer.Header.Get("X-Amz-Function-Error"); code != "" && x.request.Stream && x.answer.StatusCode < http.StatusMultipleChoices {
			err = functionError(code, x.answer, body)
		}
	}
	x.refused = err
}

// functionError reads the error of a function instead of a stream.
func functionError(code string, answer *http.Response, body *invoke.Body) *invoke.Error {
	defer body.Close()
	payload, err := io.ReadAll(body)
	if e := body.Failure(); err != nil && e != nil {
		return e
	}
	return &invoke.Error{Kind: invoke.KindFunction, Code: code, Payload: payload, LogResult: answer.Header.Get("X-Amz-Log-Result")}
}

// noCode is the SDK's code for an answer without a code.
const noCode = "UnknownError"

// failure returns the error of an attempt.
func (x *exchange) failure(err error) *invoke.Error {
	e := x.refused
	if e == nil && x.body != nil {
		e = x.body.Failure()
	}
	if lookup := x.lookupError(err); e == nil && lookup != nil {
		return &invoke.Error{Kind: invoke.KindCredentials, Message: describe(lookup).Error(), Err: err}
	}
	if e == nil {
		e = errorOf(err)
		if e.Kind == invoke.KindAPI && (e.Code == "" || e.Code == noCode) {
			if message := x.body.Message(); message != "" {
				e.Code, e.Message = "", message
			}
		}
	}
	if x.answer != nil && e.Header == nil {
		e.Status, e.Header = x.answer.StatusCode, x.answer.Header
		e.RequestID = cmp.Or(e.RequestID, e.Header.Get("X-Amzn-Requestid"))
	}
	e.Skew = invoke.DescribeSkew(e.Code, e.Header, time.Now())
	return e
}

// tellSecrets lists what the errors of the attempt must not repeat. The SDK keeps the secret key
// to itself, and does not send it.
func (x *exchange) tellSecrets() {
	x.request.SignedWith(sigv4.Credentials{SessionToken: x.signed.Get("X-Amz-Security-Token")}, x.signed.Get("Authorization"))
}

// errorOf returns the error that an error of the SDK stands for.
func errorOf(err error) *invoke.Error {
	e := &invoke.Error{Kind: invoke.KindAPI, Err: err}
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
	if errors.As(err, &throttled) {
		e.Reason = string(throttled.Reason)
		e.RetryAfter = cmp.Or(e.RetryAfter, aws.ToString(throttled.RetryAfterSeconds))
	}
	var request interface{ ServiceRequestID() string }
	if errors.As(err, &request) {
		e.RequestID = request.ServiceRequestID()
	}
	switch {
	case e.Code != "":
	case e.Status >= http.StatusMultipleChoices:
		e.Message = describe(err).Error()
	case e.Status != 0: // an answer that does not decode, most often because it is cut
		e.Kind = invoke.KindTruncated
	default:
		e.Kind = invoke.KindConnection
	}
	return e
}
