package lambda

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend-lambda/internal/jsonreply"
	"github.com/devopsfaith/krakend-lambda/internal/sdkv1"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/encoding"
	"github.com/devopsfaith/krakend/logging"
	"github.com/devopsfaith/krakend/proxy"
)

// Invoker is the part of the AWS SDK's Lambda client that the backends call. The
// *lambda.Lambda of github.com/aws/aws-sdk-go/service/lambda implements it.
type Invoker interface {
	InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)
}

// StreamInvoker is the part of the AWS SDK's Lambda client that backends with stream call. An
// Invoker for them must implement it.
type StreamInvoker interface {
	InvokeWithResponseStreamWithContext(aws.Context, *lambda.InvokeWithResponseStreamInput, ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error)
}

// RetryCounter is an optional interface of an Invoker. MaxRetries returns how often a call is tried
// again for backends without max_retries; 0 is never. The AWS SDK's Lambda client implements it. A
// wrapper around that client implements it to keep the client's number.
type RetryCounter interface {
	MaxRetries() int
}

var (
	_ Invoker       = (*lambda.Lambda)(nil)
	_ StreamInvoker = (*lambda.Lambda)(nil)
	_ RetryCounter  = (*lambda.Lambda)(nil)
)

// Option changes what the backends of a BackendFactory work with. It must not be nil.
type Option func(*options)

type options struct {
	logger    backend.Logger
	session   *session.Session                        // nil makes one from the environment and the shared AWS files
	invoker   Invoker                                 // nil makes the calls with this module's client
	transport func(*config.Backend) http.RoundTripper // nil for none
	report    func(Report)                            // nil for none
	observe   func(context.Context, Invocation)       // nil for none
	checkOnly bool
}

// newOptions returns the options that opts set.
func newOptions(opts []Option) (o options) {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// backend converts the options for internal/backend.
func (o options) backend() backend.Options {
	b := backend.Options{Logger: backend.NewLogger(o.logger), OnInvocation: o.onInvocation(), CheckOnly: o.checkOnly}
	if o.invoker == nil {
		b.SDK = sdkv1.New(o.session, b.Logger, o.checkOnly)
		return b
	}
	b.Invoker, b.InvokerRetries = sdkv1.NewAttempter(o.invoker), sdkv1.MaxRetries(o.invoker)
	_, b.InvokerStreams = o.invoker.(StreamInvoker)
	return b
}

// WithLogger sets the logger. Without it, or with nil, warnings and errors go to
// standard error.
func WithLogger(l logging.Logger) Option {
	return func(o *options) {
		if l != nil {
			o.logger = l
		}
	}
}

// WithSession sets the AWS session. The backends use its credentials, region, endpoint, number
// of retries and HTTP transport where the configuration does not set them. Without it, or with
// nil, the environment and the shared AWS files give a session. The session is not changed, and
// its handlers do not run: a build that needs them passes WithInvoker(lambda.New(session)).
func WithSession(s *session.Session) Option {
	return func(o *options) { o.session = s }
}

// WithInvoker makes all calls with i: an AWS SDK client with custom handlers, a wrapper around
// one, or a replacement for one. i decides on region, endpoint and credentials. Each attempt is
// one call of i, and this module makes the retries. It turns off the SDK client's own retries
// through the options of each call, so a wrapper must pass these options on to its client.
//
// Without max_retries, the number of retries comes from a [RetryCounter], or is 3. Backends with
// stream need a [StreamInvoker]. i must be safe for concurrent use. A nil i has no effect.
func WithInvoker(i Invoker) Option {
	return func(o *options) { o.invoker = i }
}

// WithTransport sends the calls of each Lambda backend through the http.RoundTripper that
// transport returns for it. Use it for a proxy server, for other certificates, or to count or
// trace HTTP requests. The factory calls transport once for each proxy with a good
// configuration, with CheckOnly as well, and never during a request. If transport panics, the
// configuration is bad. It must not change the backend.
//
// A nil transport has no effect. If transport returns a nil http.RoundTripper, the calls of that
// backend go through the transport of the HTTP client of [WithSession], or through
// http.DefaultTransport as it is at the time of the call, with the certificates of
// AWS_CA_BUNDLE. Any other http.RoundTripper replaces all of these: AWS_CA_BUNDLE has no effect
// on its calls, but the timeout of that HTTP client still bounds each attempt.
//
// The http.RoundTripper gets each attempt signed, with the function's payload in its body and
// the gateway's session token in X-Amz-Security-Token. It may add headers, but must not change
// others. It must not follow redirects, and must be safe for concurrent use. Lookups of
// credentials do not use it, and neither do the calls of [WithInvoker]: a warning says that the
// option has no effect then.
func WithTransport(transport func(*config.Backend) http.RoundTripper) Option {
	return func(o *options) { o.transport = transport }
}

// WithReport calls report with the result of checking each Lambda backend's configuration, when
// its proxy is made and before BackendFactory's factory returns. Use it to check krakend.json,
// or to print a table at start. A nil report has no effect.
func WithReport(report func(Report)) Option {
	return func(o *options) { o.report = report }
}

// CheckOnly makes proxies that call nothing and answer every request with a 500, for a command
// that checks krakend.json. The configuration is checked, logged and reported as in a running
// gateway, but no credentials are looked up.
func CheckOnly() Option {
	return func(o *options) { o.checkOnly = true }
}

// BackendFactory returns a factory that makes a Lambda backend of each backend with the
// [Namespace] in its extra_config and passes all others to next, which must not be nil.
//
// A bad configuration fails closed: it is logged as an error when the proxy is
// made, and the proxy answers every request with a 500.
//
// The factory changes two things in KrakenD's configuration of a Lambda backend. A backend
// without a host gets one that is never called, because KrakenD's load balancer needs one. A
// ConcurrentCalls above 1 becomes 1, because the proxy makes these calls itself. A second proxy
// made from the same configuration works the same way.
//
// The errors of the proxies have StatusCode() int, which KrakenD's routers look for, Encoding()
// string and Headers() map[string][]string. Go code can also call
//
//   - Code() string: AWS's error code, such as TooManyRequestsException, or this module's own, such as
//     DeadlineExceeded. It is empty for a function's error
//   - FunctionError() string: the errorType of a function's error, "Unhandled" if the function
//     reports none. It is empty for all other errors
//   - RequestID() string: AWS's request id, empty if AWS sent no response
//
// If the client went away, the error is the context's own and has none of these methods. If
// KrakenD does not accept the status of an HTTP response, the error is KrakenD's own and has
// StatusCode only. The messages are safe to show to a client; the wrapped errors are not.
func BackendFactory(next proxy.BackendFactory, opts ...Option) proxy.BackendFactory {
	o := newOptions(opts)
	backends := backend.NewFactory(o.backend())
	var configured configuredBackends

	return func(remote *config.Backend) proxy.Proxy {
		spec, ok := backendSpec(remote)
		if !ok {
			if _, short := remote.ExtraConfig[shortNamespace]; short {
				backends.WarnOfNamespace(spec, shortNamespace, Namespace)
			}
			return next(remote)
		}
		configured.prepare(remote, &spec)
		spec.Transport = o.transportOf(remote)
		if o.report != nil {
			spec.Report = func(r backend.Report) { o.report(newReport(remote, r)) }
		}
		b := backends.New(spec)
		return newProxy(remote, b)
	}
}

func newProxy(remote *config.Backend, b *backend.Backend) proxy.Proxy {
	check := statusHandler(remote, b)
	parser := newResponseParser(remote)
	details := detailsName(remote)

	return func(ctx context.Context, r *proxy.Request) (*proxy.Response, error) {
		var result struct { // in one allocation
			response *proxy.Response
			answer   *http.Response // that the status check has refused
			refusal  error          // of that check
		}
		request := backend.Request{Method: r.Method, Params: r.Params, Query: r.Query, Headers: r.Headers, Body: r.Body}
		err := b.Invoke(ctx, &request, func(reply *http.Response) (err error) {
			checked, refusal := check(ctx, reply)
			if refusal != nil {
				result.answer, result.refusal = reply, refusal
				return nil
			}
			result.response, err = parser.response(ctx, checked)
			return err
		})
		switch {
		case err != nil:
			return withDetails(details, err)
		case result.refusal != nil:
			b.ReportStatus(&request, result.answer, result.refusal)
			return refused(result.refusal)
		}
		return result.response, nil
	}
}

// krakendJSON are KrakenD's decoders for JSON. jsonreply does the same in one pass.
var krakendJSON = jsonreply.NewKnown(encoding.JSONDecoder, encoding.JSONCollectionDecoder, encoding.SafeJSONDecoder)

// responseParser is KrakenD's own parser for a backend's encoding. It adds the metadata that this
// parser leaves out.
type responseParser struct {
	parse     proxy.HTTPResponseParser // nil for no-op
	formatter proxy.EntityFormatter
}

func newResponseParser(remote *config.Backend) responseParser {
	if isNoOp(remote) {
		return responseParser{}
	}
	decoder := remote.Decoder
	if decoder == nil { // KrakenD's parser sets it; a configuration made by hand may not
		decoder = encoding.Get(strings.ToLower(remote.Encoding))(remote.IsCollection)
	}
	formatter := proxy.NewEntityFormatter(remote)
	return responseParser{
		parse: proxy.DefaultHTTPResponseParserFactory(proxy.HTTPResponseParserConfig{
			Decoder:         krakendJSON.OnePass(decoder),
			EntityFormatter: formatter,
		}),
		formatter: formatter,
	}
}

func (p responseParser) response(ctx context.Context, reply *http.Response) (*proxy.Response, error) {
	if p.parse == nil {
		return &proxy.Response{
			// The headers stay empty: otherwise the router would write them twice, once for
			// the data and once for the body.
			Data:       map[string]interface{}{},
			IsComplete: true,
			Io:         reply.Body,
			Metadata:   proxy.Metadata{StatusCode: reply.StatusCode, Headers: reply.Header},
		}, nil
	}
	var response proxy.Response
	if reply.Body == http.NoBody {
		response = p.formatter.Format(proxy.Response{Data: map[string]interface{}{}, IsComplete: true})
	} else {
		parsed, err := p.parse(ctx, reply)
		if err != nil {
			return nil, err
		}
		response = *parsed
	}
	response.Metadata = proxy.Metadata{StatusCode: reply.StatusCode, Headers: backend.Metadata(reply.Header)}
	return &response, nil
}
