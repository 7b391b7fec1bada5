package backend

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// The SDK's names for handlers that are replaced. The constants that it has for them are
// in its private packages.
const (
	buildHandler         = "awssdk.restjson.Build"
	unmarshalHandler     = "awssdk.restjson.Unmarshal"
	unmarshalMetaHandler = "awssdk.restjson.UnmarshalMeta"
)

// sdkClient is a client of the SDK's. Calls of Invoke go through the SDK's requests, with
// their handlers, retries and errors; but what the SDK finds out anew for each request, by
// reflection over what could be any of 66 operations, is worked out once for this one. What
// goes out is the same.
type sdkClient struct {
	*lambda.Lambda
	known bool // to the SDK, is the region
	// plain tells that nobody but the SDK has handlers for its requests. Where somebody
	// has, calls are the SDK's alone, and what follows is not used.
	plain bool

	config    aws.Config
	handlers  request.Handlers
	userAgent []string
	endpoint  url.URL // with the path up to the function's name
	// direct tells that the HTTP client does no more than to hand calls to its transport,
	// once redirects are not followed. The SDK does so by itself then.
	direct bool
}

func newSDKClient(svc *lambda.Lambda) (*sdkClient, error) {
	c := &sdkClient{Lambda: svc, plain: isPlain(svc)}
	if !c.plain {
		return c, nil
	}
	endpoint, err := url.Parse(svc.Endpoint)
	if err != nil {
		return nil, err
	}
	c.endpoint = *endpoint
	c.endpoint.Path = path.Clean(strings.TrimSuffix(endpoint.Path, "/") + "/2015-03-31/functions")
	c.endpoint.RawQuery = ""

	c.config = svc.Config
	// Calls have their own. The SDK would have the session's expire.
	c.config.Credentials = credentials.NewStaticCredentialsFromCreds(credentials.Value{})
	c.direct = c.config.HTTPClient.Timeout == 0 && c.config.HTTPClient.Jar == nil

	h := svc.Handlers.Copy()
	swap := func(list *request.HandlerList, name string, do func(*request.Request)) {
		list.Swap(name, request.NamedHandler{Name: name, Fn: do})
	}
	h.Validate.Remove(corehandlers.ValidateParametersHandler) // parseFunction and the like have done it
	c.userAgent = []string{userAgent(&h.Build)}
	swap(&h.Build, corehandlers.SDKVersionUserAgentHandler.Name, c.setUserAgent)
	swap(&h.Build, buildHandler, build)
	swap(&h.Sign, corehandlers.BuildContentLengthHandler.Name, setLength)
	swap(&h.Sign, v4.SignRequestHandler.Name, signCall)
	h.Send.PushFront(setBody)
	swap(&h.UnmarshalMeta, unmarshalMetaHandler, unmarshalMeta)
	swap(&h.Unmarshal, unmarshalHandler, unmarshalReply)
	attach(&h, callOf)
	c.handlers = h
	return c, nil
}

// isPlain tells whether nobody but the SDK handles a client's requests. Handlers of a session
// may look at a request, and change it, at any point: the X-Ray SDK, a log, a signature of
// their own.
func isPlain(svc *lambda.Lambda) bool {
	untouched := lambda.New(&session.Session{Handlers: defaults.Handlers(), Config: &aws.Config{
		Region: svc.Config.Region, Endpoint: &svc.Endpoint, DisableParamValidation: svc.Config.DisableParamValidation,
	}})
	a, b := svc.Handlers, untouched.Handlers
	return a.Validate.Len() == b.Validate.Len() &&
		a.Build.Len() == b.Build.Len() &&
		a.BuildStream.Len() == b.BuildStream.Len() &&
		a.Sign.Len() == b.Sign.Len() &&
		a.Send.Len() == b.Send.Len() &&
		a.ValidateResponse.Len() == b.ValidateResponse.Len() &&
		a.Unmarshal.Len() == b.Unmarshal.Len() &&
		a.UnmarshalStream.Len() == b.UnmarshalStream.Len() &&
		a.UnmarshalMeta.Len() == b.UnmarshalMeta.Len() &&
		a.UnmarshalError.Len() == b.UnmarshalError.Len() &&
		a.Retry.Len() == b.Retry.Len() &&
		a.AfterRetry.Len() == b.AfterRetry.Len() &&
		a.CompleteAttempt.Len() == b.CompleteAttempt.Len() &&
		a.Complete.Len() == b.Complete.Len() &&
		!svc.Config.LogLevel.AtLeast(aws.LogDebug) &&
		!aws.BoolValue(svc.Config.DisableRestProtocolURICleaning) &&
		svc.Config.Credentials != credentials.AnonymousCredentials &&
		svc.SigningRegion != ""
}

// userAgent is what the SDK's own handlers say in the User-Agent. It removes them, but for
// the first.
func userAgent(list *request.HandlerList) string {
	r := &request.Request{HTTPRequest: &http.Request{Header: make(http.Header)}}
	corehandlers.SDKVersionUserAgentHandler.Fn(r)
	for _, handler := range []request.NamedHandler{corehandlers.AddAwsInternal, corehandlers.AddHostExecEnvUserAgentHander} {
		handler.Fn(r)
		list.Remove(handler)
	}
	return r.HTTPRequest.UserAgent()
}

// setUserAgent is a handler of the SDK's.
func (c *sdkClient) setUserAgent(r *request.Request) {
	r.HTTPRequest.Header["User-Agent"] = c.userAgent
}

var invokeOperation = request.Operation{
	Name:       "Invoke",
	HTTPMethod: http.MethodPost,
	HTTPPath:   "/2015-03-31/functions/{FunctionName}/invocations",
}

// do makes a call of Invoke. Requests share the handlers, which nobody changes.
func (c *sdkClient) do(ctx context.Context, input *lambda.InvokeInput, call *call) (*lambda.InvokeOutput, error) {
	output := new(lambda.InvokeOutput)
	r := &request.Request{
		Config:     c.config,
		ClientInfo: c.ClientInfo,
		Handlers:   c.handlers,
		Retryer:    c.Retryer,
		Time:       time.Now(),
		Operation:  &invokeOperation,
		HTTPRequest: &http.Request{
			Method:     http.MethodPost,
			URL:        c.target(aws.StringValue(input.FunctionName), aws.StringValue(input.Qualifier)),
			Proto:      "HTTP/1.1",
			ProtoMajor: 1,
			ProtoMinor: 1,
			Header:     make(http.Header, 8),
		},
		Params: input,
		Data:   output,
		Body:   call.payload.reader(), // for the SDK to see that it can be sent again

		DisableFollowRedirects: c.direct,
	}
	r.SetContext(ctx)
	call.option(r)
	return output, r.Send()
}

// target is the URL of a function, in the SDK's spelling.
func (c *sdkClient) target(function, qualifier string) *url.URL {
	u := c.endpoint
	prefix := u.Path
	u.Path = prefix + "/" + function + "/invocations"
	u.RawPath = prefix + "/" + strings.ReplaceAll(function, ":", "%3A") + "/invocations"
	if qualifier != "" {
		u.RawQuery = "Qualifier=" + url.QueryEscape(qualifier)
	}
	return &u
}

// build is a handler of the SDK's. URL and body are there already.
func build(r *request.Request) {
	input := r.Params.(*lambda.InvokeInput)
	setUnlessEmpty(r.HTTPRequest.Header, "X-Amz-Client-Context", aws.StringValue(input.ClientContext))
	setUnlessEmpty(r.HTTPRequest.Header, "X-Amz-Invocation-Type", aws.StringValue(input.InvocationType))
	setUnlessEmpty(r.HTTPRequest.Header, "X-Amz-Log-Type", aws.StringValue(input.LogType))
}

// setLength is a handler of the SDK's.
func setLength(r *request.Request) {
	size := callOf(r).payload.size
	r.HTTPRequest.ContentLength = int64(size)
	if size > 0 {
		r.HTTPRequest.Header["Content-Length"] = []string{strconv.Itoa(size)}
	}
}

// setBody is a handler of the SDK's. Each attempt has a reader of its own: the connection of
// the one before may still be reading. Where it is one of the standard library's that reads
// from memory, net/http does not send the headers ahead, in a packet of their own.
func setBody(r *request.Request) {
	p := callOf(r).payload
	if p.size == 0 {
		r.HTTPRequest.Body = http.NoBody
		return
	}
	reader := func() (io.ReadCloser, error) { return io.NopCloser(p.reader()), nil }
	r.HTTPRequest.Body, _ = reader()
	r.HTTPRequest.GetBody = reader
}

// unmarshalMeta is a handler of the SDK's.
func unmarshalMeta(r *request.Request) {
	h := r.HTTPResponse.Header
	if r.RequestID = h.Get(requestIDHeader); r.RequestID == "" {
		r.RequestID = h.Get("X-Amz-Request-Id")
	}
	output := r.Data.(*lambda.InvokeOutput)
	status := int64(r.HTTPResponse.StatusCode)
	*output = lambda.InvokeOutput{
		StatusCode:      &status,
		ExecutedVersion: first(h[versionHeader]),
		FunctionError:   first(h[functionErrorHeader]),
		LogResult:       first(h["X-Amz-Log-Result"]),
	}
}

func first(values []string) *string {
	if len(values) == 0 {
		return nil
	}
	return &values[0]
}

// unmarshalReply is a handler of the SDK's.
func unmarshalReply(r *request.Request) {
	payload, err := callOf(r).read(r.HTTPResponse)
	if err != nil {
		r.Error = awserr.New(request.ErrCodeSerialization, "failed to read the reply", err)
		return
	}
	r.Data.(*lambda.InvokeOutput).Payload = payload
}
