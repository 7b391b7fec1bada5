package lambda

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend-lambda/internal/jsonreply"
	"github.com/devopsfaith/krakend-lambda/lura/v2/internal/sdkv2"
	"github.com/devopsfaith/krakend-lambda/lura/v2/internal/telemetry"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"go.opentelemetry.io/otel/metric"
)

// Invoker is the part of the AWS SDK's Lambda client that the backends call. The
// *lambda.Client of github.com/aws/aws-sdk-go-v2/service/lambda implements it.
type Invoker interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// StreamInvoker is the part of the AWS SDK's Lambda client that backends with stream call. An
// Invoker for them must implement it.
type StreamInvoker interface {
	InvokeWithResponseStream(context.Context, *lambda.InvokeWithResponseStreamInput, ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error)
}

var (
	_ Invoker       = (*lambda.Client)(nil)
	_ StreamInvoker = (*lambda.Client)(nil)
)

// RetryCounter is an optional interface of an Invoker. MaxRetries returns the number of retries
// for backends without max_retries; 0 means no retries. A wrapper around the SDK's client
// implements it to keep the client's number.
type RetryCounter interface {
	MaxRetries() int
}

// Option configures the backends of a BackendFactory. It must not be nil.
type Option func(*options)

type options struct {
	config    *aws.Config                             // nil reads the environment and the shared AWS files
	invoker   Invoker                                 // nil makes the calls with this module's client
	transport func(*config.Backend) http.RoundTripper // nil for none
	report    func(Report)                            // nil for none
	observe   func(context.Context, Invocation)       // nil for none
	checkOnly bool

	meterProvider metric.MeterProvider // nil for the global one
}

// newOptions returns the options that opts set.
func newOptions(opts []Option) (o options) {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// backend returns the options of the backends.
func (o options) backend(logger logging.Logger) backend.Options {
	b := backend.Options{OnInvocation: o.onInvocation(), CheckOnly: o.checkOnly}
	if logger != nil {
		b.Logger = logger
	}
	b.Logger = backend.NewLogger(b.Logger)
	var onLookup func(error)
	if !o.checkOnly { // a check makes no calls to report
		t, err := telemetry.New(o.meterProvider)
		if err != nil {
			b.Logger.Warning("[Lambda]", "cannot export metrics: "+err.Error())
		}
		b.Observer, onLookup = t, t.CredentialsLookup
	}
	if o.invoker == nil {
		sdk := sdkv2.NewSDK(o.config, b.Logger, o.checkOnly)
		sdk.OnLookup = onLookup
		b.SDK = sdk
		return b
	}
	b.Invoker, b.InvokerRetries = sdkv2.NewAttempter(o.invoker), sdkv2.MaxRetries(o.invoker)
	_, b.InvokerStreams = o.invoker.(StreamInvoker)
	return b
}

// WithConfig sets an AWS SDK config. Its credentials, region, endpoint, number of
// attempts and HTTP transport apply if krakend.json does not set them. Without WithConfig,
// the config comes from the environment and the shared AWS files. Calls do not use the config's
// middleware (APIOptions), and of its Retryer only the number of attempts: a build that needs
// them passes WithInvoker(lambda.NewFromConfig(cfg)).
func WithConfig(cfg aws.Config) Option {
	return func(o *options) { o.config = &cfg }
}

// WithInvoker makes all calls with i: an AWS SDK client with custom middleware, a wrapper around
// one, or a replacement for one. i decides on region, endpoint and credentials. Each attempt is
// one call of i, and this module makes the retries. It turns off the SDK client's own retries
// through the options of each call, so a wrapper must pass these options on to its client. The
// options also drop the client's cached credentials if AWS says that they have expired.
//
// Without max_retries, the number of retries comes from a [RetryCounter], from RetryMaxAttempts or
// the Retryer in the Options() of the SDK's client, or is 2. Backends with stream need a
// [StreamInvoker]. i must be safe for concurrent use. A nil i has no effect.
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
// backend go through the transport of the HTTP client of [WithConfig], or through
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
// [Namespace] or the [NamespaceAlias] in its extra_config, and passes all others to next, which
// must not be nil. With a nil logger, warnings and errors go to standard error.
//
// A bad configuration fails closed: it is logged as an error when the proxy is
// made, and the proxy answers every request with a 500.
//
// The factory changes four things in KrakenD's configuration of a Lambda backend. A backend
// without a host gets one that is never called, because KrakenD's load balancer needs one. A
// ConcurrentCalls above 1 becomes 1, because the proxy makes these calls itself. A HeadersToPass
// that is not empty gets the headers that describe the client in events; the function gets them
// only if the configuration lists them. The URLPattern gets the claims in placeholders of
// templates, because KrakenD's validator sets only claims that a pattern contains. A second proxy
// made from the same configuration works the same way.
//
// The errors of the proxies have StatusCode() int, Encoding() string and Headers()
// map[string][]string, which KrakenD's routers look for. Go code can also call
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
func BackendFactory(logger logging.Logger, next proxy.BackendFactory, opts ...Option) proxy.BackendFactory {
	o := newOptions(opts)
	backends := backend.NewFactory(o.backend(logger))
	var configured configuredBackends

	return func(remote *config.Backend) proxy.Proxy {
		spec, ok := backendSpec(remote)
		if !ok {
			return next(remote)
		}
		configured.prepare(remote, &spec)
		spec.Transport = o.transportOf(remote)
		if o.report != nil {
			spec.Report = func(r backend.Report) { o.report(newReport(remote, r)) }
		}
		b := backends.New(spec)
		p := newProxy(remote, b)
		configured.requireClaims(remote, b.Claims())
		return p
	}
}

func newProxy(remote *config.Backend, b *backend.Backend) proxy.Proxy {
	check := statusHandler(remote, b)
	parser := newResponseParser(remote)
	mode := errorModeOf(remote)

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
			return mode.response(err)
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
		decoder = encoding.GetRegister().Get(strings.ToLower(remote.Encoding))(remote.IsCollection)
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
