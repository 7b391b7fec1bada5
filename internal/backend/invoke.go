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
	"github.com/aws/aws-sdk-go/aws/request"
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

// sdkClient is the SDK's client. Its calls of Invoke go through the SDK's requests, with
// their handlers, retries and errors; but what the SDK finds out anew for each request, by
// reflection over what could be any of 66 operations, is worked out once for this one. What
// goes out is the same.
type sdkClient struct {
	*lambda.Lambda
	invoke request.Handlers
	// given tells that the build's own session may have brought handlers, which may do
	// with a request what they like.
	given     bool
	userAgent []string
	endpoint  url.URL // with the path up to the function's name
	known     bool    // to the SDK, is the region
	// direct tells that the HTTP client does no more than to hand calls to its transport,
	// once redirects are not followed. The SDK does so by itself then.
	direct bool
}

// newSDKClient prepares a client of the SDK's, which becomes its own.
func newSDKClient(svc *lambda.Lambda, given bool) (*sdkClient, error) {
	endpoint, err := url.Parse(svc.Endpoint)
	if err != nil {
		return nil, err
	}
	endpoint.Path = path.Clean(strings.TrimSuffix(endpoint.Path, "/") + "/2015-03-31/functions")
	endpoint.RawQuery = ""
	c := &sdkClient{Lambda: svc, given: given, endpoint: *endpoint}
	c.direct = svc.Config.HTTPClient.Timeout == 0 && svc.Config.HTTPClient.Jar == nil

	if svc.Config.Credentials != credentials.AnonymousCredentials {
		// Calls have their own. The SDK would have the session's expire.
		svc.Config.Credentials = credentials.NewStaticCredentialsFromCreds(credentials.Value{})
	}
	if svc.SigningRegion == "" { // the SDK's signer would do so
		svc.SigningRegion = aws.StringValue(svc.Config.Region)
	}
	attach(&svc.Handlers)
	svc.Handlers.Sign.Swap(v4.SignRequestHandler.Name, request.NamedHandler{Name: v4.SignRequestHandler.Name, Fn: signCall})

	c.invoke = svc.Handlers.Copy()
	h := &c.invoke
	h.Send.PushFront(setBody)
	h.Validate.Remove(corehandlers.ValidateParametersHandler) // parseFunction and the like have done it
	c.userAgent = []string{c.prepareUserAgent()}
	h.Build.Swap(buildHandler, request.NamedHandler{Name: buildHandler, Fn: build})
	h.Sign.Swap(corehandlers.BuildContentLengthHandler.Name, request.NamedHandler{Name: corehandlers.BuildContentLengthHandler.Name, Fn: setLength})
	h.UnmarshalMeta.Swap(unmarshalMetaHandler, request.NamedHandler{Name: unmarshalMetaHandler, Fn: unmarshalMeta})
	h.Unmarshal.Swap(unmarshalHandler, request.NamedHandler{Name: unmarshalHandler, Fn: unmarshalReply})
	// A copy has no room for more: a handler that a request is given makes a list of its own.
	c.invoke = h.Copy()
	return c, nil
}

// prepareUserAgent takes the SDK's own handlers for the User-Agent out of those of Invoke,
// and returns what they would say.
func (c *sdkClient) prepareUserAgent() string {
	r := &request.Request{HTTPRequest: &http.Request{Header: make(http.Header)}}
	name := corehandlers.SDKVersionUserAgentHandler.Name
	for _, handler := range []request.NamedHandler{corehandlers.SDKVersionUserAgentHandler, corehandlers.AddAwsInternal, corehandlers.AddHostExecEnvUserAgentHander} {
		handler.Fn(r)
		if handler.Name != name {
			c.invoke.Build.Remove(handler)
		}
	}
	c.invoke.Build.Swap(name, request.NamedHandler{Name: name, Fn: func(r *request.Request) {
		r.HTTPRequest.Header["User-Agent"] = c.userAgent
	}})
	return r.HTTPRequest.Header.Get("User-Agent")
}

var invokeOperation = request.Operation{
	Name:       "Invoke",
	HTTPMethod: http.MethodPost,
	HTTPPath:   "/2015-03-31/functions/{FunctionName}/invocations",
}

// do makes a call of Invoke.
func (c *sdkClient) do(ctx context.Context, input *lambda.InvokeInput, call *call) (*lambda.InvokeOutput, error) {
	handlers, operation := c.invoke, &invokeOperation
	if c.given { // whatever its handlers look at and change
		own := invokeOperation
		handlers, operation = handlers.Copy(), &own
		input.Payload = call.payload.bytes()
	}
	output := new(lambda.InvokeOutput)
	r := &request.Request{
		Config:     c.Config,
		ClientInfo: c.ClientInfo,
		Handlers:   handlers,
		Retryer:    c.Retryer,
		Time:       time.Now(),
		Operation:  operation,
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

		DisableFollowRedirects: c.direct,
	}
	call.body = call.payload.reader()
	r.Body = call.body // for the SDK to see that it can be sent again
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
	c := callOf(r)
	delete(r.HTTPRequest.Header, "Content-Length") // of the attempt before
	if r.Body != c.body {
		corehandlers.BuildContentLengthHandler.Fn(r)
		return
	}
	r.HTTPRequest.ContentLength = int64(c.payload.size)
	if c.payload.size > 0 {
		r.HTTPRequest.Header.Set("Content-Length", strconv.Itoa(c.payload.size))
	}
}

// setBody is a handler of the SDK's. Each attempt has a reader of its own: the connection of
// the one before may still be reading. Where it is one of the standard library's that reads
// from memory, net/http does not send the headers ahead, in a packet of their own.
func setBody(r *request.Request) {
	c := callOf(r)
	if r.Body != c.body {
		return // a handler of the build's has set another
	}
	if c.payload.size == 0 {
		r.HTTPRequest.Body = http.NoBody
		return
	}
	reader := func() (io.ReadCloser, error) { return io.NopCloser(c.payload.reader()), nil }
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
