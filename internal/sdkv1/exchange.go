package sdkv1

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// exchanges holds the SDK's requests for one attempt: usually one, none if the Invoker drops
// options, and several at once if it hedges. It is safe for concurrent use.
type exchanges struct {
	request *invoke.Request
	policy  *invoke.Policy

	mu    sync.Mutex
	ended *exchange // the first that succeeded, otherwise the last; nil for none
}

// option implements request.Option.
func (c *exchanges) option(r *request.Request) {
	x := &exchange{request: c.request, policy: c.policy}
	x.prepare(r)
	r.Handlers.Complete.PushBack(func(r *request.Request) { // the last handler of a request
		x.complete(r)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.ended == nil || c.ended.failed {
			c.ended = x
		}
	})
}

// result returns the exchange that produced the Invoker's answer. It is empty if the Invoker
// drops options.
func (c *exchanges) result() *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return &exchange{request: c.request, policy: c.policy}
	}
	return c.ended
}

// lost returns an error if the Invoker has answered without using the options. They carry what
// the SDK's inputs have no fields for, so the call used no tenant, or started an execution
// without its name. It returns nil for a request that has neither.
func (c *exchanges) lost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil || c.request.TenantID == "" && c.request.DurableExecutionName == "" {
		return nil
	}
	return &invoke.Error{Kind: invoke.KindInternal, Message: "the Invoker dropped the options of the call, and with them tenant_id and durable_execution_name: it must pass them on to the SDK's client"}
}

// exchange is one SDK request, and its result for an attempt. Without one, only the Invoker's
// own limits apply.
type exchange struct {
	request *invoke.Request
	policy  *invoke.Policy

	signed    http.Header // of the request; nil if unknown
	signing   bool        // the SDK has begun to sign the request, and has not succeeded
	failed    bool
	header    http.Header // of the answer
	requestID string
	body      *invoke.Body  // of the answer; nil for none, or beyond a limit
	framing   *framing      // of a stream; nil for none
	refused   *invoke.Error // why the SDK could not read the answer, or nil
}

// prepare adds what the Invoker's input lacks to a request: no retries, headers, limits.
func (x *exchange) prepare(r *request.Request) {
	r.Retryer = noRetries{}
	if client := r.Config.HTTPClient; client != nil {
		c := *client
		c.CheckRedirect = useLastResponse
		r.Config.HTTPClient = &c
	}
	for name, value := range map[string]string{ // signed, since the SDK builds the request after this
		"X-Amzn-Trace-Id":                 x.request.TraceID,
		invoke.TenantIDHeader:             x.request.TenantID,
		invoke.DurableExecutionNameHeader: x.request.DurableExecutionName,
	} {
		if value != "" {
			r.HTTPRequest.Header.Set(name, value)
		}
	}
	r.Handlers.Sign.PushFront(func(*request.Request) { x.signing = true })
	r.Handlers.Sign.PushBack(func(r *request.Request) { x.signing = r.Error != nil })
	r.Handlers.Send.PushFront(func(r *request.Request) {
		// Otherwise net/http asks for gzip, and decompresses the answer without limits.
		r.HTTPRequest.Header.Set("Accept-Encoding", "identity")
	})
	r.Handlers.Send.PushBack(x.limit)
	if x.request.Stream {
		r.Handlers.Unmarshal.PushFront(x.checkFraming)
	}
}

// limit is registered as an SDK handler: it limits an answer before anything reads it. It reads
// a function's error completely, even for a stream.
func (x *exchange) limit(r *request.Request) {
	if r.Error != nil || r.HTTPResponse == nil || r.HTTPResponse.Body == nil {
		return
	}
	body, err := invoke.LimitAnswer(r.HTTPResponse, x.request, x.policy)
	if err == nil {
		x.body = body
		r.HTTPResponse.Body = body
		if code := r.HTTPResponse.Header.Get("X-Amz-Function-Error"); code != "" && x.request.Stream && r.HTTPResponse.StatusCode < http.StatusMultipleChoices {
			err = functionError(code, r.HTTPResponse, body)
		}
	}
	if err != nil {
		x.refused, r.Error = err, err
	}
}

// functionError reads the error of a function that should have sent a stream.
func functionError(code string, answer *http.Response, body *invoke.Body) *invoke.Error {
	defer body.Close()
	payload, err := io.ReadAll(body)
	if e := body.Failure(); err != nil && e != nil {
		return e
	}
	return &invoke.Error{Kind: invoke.KindFunction, Code: code, Payload: payload, LogResult: answer.Header.Get("X-Amz-Log-Result")}
}

// checkFraming is registered as an SDK handler: it keeps malformed messages from the SDK's
// decoder, which would panic in a goroutine where this module cannot recover.
func (x *exchange) checkFraming(r *request.Request) {
	x.framing = &framing{ReadCloser: r.HTTPResponse.Body}
	r.HTTPResponse.Body = x.framing
}

// complete copies the data that a request has at its end.
func (x *exchange) complete(r *request.Request) {
	x.signed = r.HTTPRequest.Header
	x.failed = r.Error != nil
	x.requestID = r.RequestID
	if r.HTTPResponse != nil {
		x.header = r.HTTPResponse.Header
	}
	if r.Error != nil && r.IsErrorExpired() && r.Config.Credentials != nil {
		// The SDK does this before its own retries, which are off.
		r.Config.Credentials.Expire()
	}
}

// failure returns the error of an attempt.
func (x *exchange) failure(err error) *invoke.Error {
	e := x.classify(err)
	if e.Header == nil {
		e.Header = x.header
	}
	e.RequestID = cmp.Or(e.RequestID, x.requestID, x.header.Get("X-Amzn-Requestid"))
	e.Skew = invoke.DescribeSkew(e.Code, e.Header, time.Now())
	return e
}

// tellSecrets records what the errors of the attempt must not repeat. The SDK does not expose
// the secret key, and sends it nowhere.
func (x *exchange) tellSecrets() {
	x.request.SignedWith(sigv4.Credentials{SessionToken: x.signed.Get("X-Amz-Security-Token")}, x.signed.Get("Authorization"))
}

// classify converts an error of the Invoker to an error of invoke, by its kind. failure adds the
// header and the request id of the answer.
func (x *exchange) classify(err error) *invoke.Error {
	if x.refused != nil {
		return x.refused
	}
	if x.body != nil {
		if e := x.body.Failure(); e != nil {
			return e
		}
	}
	if x.signing || lookupFailed(err) {
		return &invoke.Error{Kind: invoke.KindCredentials, Message: describe(err), Err: err}
	}
	var aerr awserr.Error
	if !errors.As(err, &aerr) {
		return &invoke.Error{Kind: invoke.KindConnection, Err: err}
	}
	e := &invoke.Error{Kind: invoke.KindAPI, Code: aerr.Code(), Message: messageOf(aerr), RetryAfter: x.header.Get("Retry-After"), Err: err}
	var failure awserr.RequestFailure
	if errors.As(err, &failure) {
		e.Status, e.RequestID = failure.StatusCode(), failure.RequestID()
	}
	var throttled *lambda.TooManyRequestsException
	if errors.As(err, &throttled) {
		e.Reason = aws.StringValue(throttled.Reason)
		e.RetryAfter = cmp.Or(e.RetryAfter, aws.StringValue(throttled.RetryAfterSeconds))
	}
	switch code := aerr.Code(); {
	case code == request.ErrCodeSerialization && e.Status >= http.StatusMultipleChoices: // a page from a proxy in between
		e.Code = ""
	case code == request.ErrCodeSerialization:
		e.Kind, e.Err = invoke.KindTruncated, causeOf(err)
	case e.Status != 0:
	case code == request.ErrCodeRequestError, code == request.ErrCodeResponseTimeout, code == request.CanceledErrorCode:
		e.Kind, e.Code, e.Message, e.Err = invoke.KindConnection, "", "", causeOf(err)
	}
	if e.Kind == invoke.KindAPI && e.Code == "" {
		e.Message = cmp.Or(x.body.Message(), e.Message)
	}
	return e
}

// causeOf returns the innermost cause of an error of the SDK.
func causeOf(err error) error {
	for {
		aerr, ok := err.(awserr.Error)
		if !ok || aerr.OrigErr() == nil {
			return err
		}
		err = aerr.OrigErr()
	}
}

// noRetries implements request.Retryer: invoke decides on retries.
type noRetries struct{}

var _ request.Retryer = noRetries{}

func (noRetries) MaxRetries() int                           { return 0 }
func (noRetries) ShouldRetry(*request.Request) bool         { return false }
func (noRetries) RetryRules(*request.Request) time.Duration { return 0 }
