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
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

// Invoker is the part of the AWS SDK's Lambda client that the backends call. The
// *lambda.Lambda of github.com/aws/aws-sdk-go/service/lambda implements it.
type Invoker interface {
	InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)
}

var _ Invoker = (*lambda.Lambda)(nil)

// Option changes what the backends of a BackendFactory work with. It must not be nil.
type Option func(*options)

type options struct {
	backend.Options
	report func(Report) // nil for none
}

// WithSession sets the AWS session whose credentials, region, endpoint and HTTP
// client are used where the configuration names none. Without it, or with nil, a
// session is made of the environment and the shared AWS files. The session is not
// changed. What is tried again stays this package's own choice; how often is the
// session's where max_retries is not configured. A session with handlers or a log of
// its own gets the SDK's requests as they are, which cost more.
func WithSession(s *session.Session) Option {
	return func(o *options) { o.Session = s }
}

// WithInvoker sends all calls to i in place of the AWS SDK's clients, for
// instrumentation or tests. Region, endpoint and credentials are then i's to decide,
// and so are retries, unless i is a client of the SDK or hands its options on to one:
// that follows max_retries where it is configured, and keeps its own number where not.
// retry_function_errors works with every Invoker.
// Backends with stream need its InvokeWithResponseStreamWithContext, the SDK's, as
// well. i must be safe for concurrent use. nil is as if the option were not there.
func WithInvoker(i Invoker) Option {
	return func(o *options) {
		if i != nil {
			o.Invoker = i
		}
	}
}

// WithReport hands report what has become of each Lambda backend's configuration, when
// its proxy is made and before BackendFactory's factory returns: for a check of
// krakend.json, or a table at start. nil is as if the option were not there.
func WithReport(report func(Report)) Option {
	return func(o *options) { o.report = report }
}

// CheckOnly makes proxies that call nobody and answer every request with a 500, for a
// command that checks krakend.json. The configuration is checked, logged and reported as
// for a gateway that is to run, but no credentials are looked for.
func CheckOnly() Option {
	return func(o *options) { o.CheckOnly = true }
}

// A Report tells what has become of the configuration of a Lambda backend.
type Report struct {
	// Backend is the configuration that the report is about. It is never nil.
	Backend *config.Backend
	// Invokes says in a few words what a request invokes: "function orders, region
	// us-west-2". It is empty where Err is not nil.
	Invokes string
	// Err tells every key that is wrong, and how. Each request gets a 500 then. It is nil
	// for a good configuration, with CheckOnly as well.
	Err error
}

// BackendFactory returns a factory that makes Lambda backends of the backends
// with the [Namespace] or the [NamespaceAlias] in their extra_config and leaves all
// others to next, which must not be nil. With a nil logger, warnings and errors go
// to standard error.
//
// A bad configuration fails closed: it is logged as an error when the proxy is
// made, and the proxy answers every request with a 500.
//
// Of KrakenD's configuration it changes three things in a Lambda backend. One without a
// host gets one that is never called, because KrakenD's load balancer asks for it. A
// ConcurrentCalls above 1 becomes 1, because the proxy makes those calls itself. HeadersToPass
// that are not empty get the headers that tell events about the client, which the function
// does not see unless they were there. Another proxy that the factory makes of the same
// configuration behaves alike.
//
// The errors of the proxies have StatusCode() int, Encoding() string and Headers()
// map[string][]string, which KrakenD's routers look for. Where the client went away, the
// error is the context's own and has none of them. Their messages are safe to show to a
// client; what they unwrap to is not.
func BackendFactory(logger logging.Logger, next proxy.BackendFactory, opts ...Option) proxy.BackendFactory {
	var o options
	if logger != nil {
		o.Logger = logger
	}
	for _, opt := range opts {
		opt(&o)
	}
	backends := backend.NewFactory(o.Options)
	var first originals

	return func(remote *config.Backend) proxy.Proxy {
		spec, ok := backendSpec(remote)
		if !ok {
			return next(remote)
		}
		first.prepare(remote, &spec)
		b := backends.New(spec)
		if o.report != nil {
			invokes, err := b.Report()
			o.report(Report{Backend: remote, Invokes: invokes, Err: err})
		}
		return newProxy(remote, b)
	}
}

func newProxy(remote *config.Backend, b *backend.Backend) proxy.Proxy {
	check := statusHandler(remote, b)
	parse := responseParser(remote)
	mode := errorModeOf(remote)

	return func(ctx context.Context, r *proxy.Request) (*proxy.Response, error) {
		var response *proxy.Response
		var refusal error // of the status
		request := backend.Request{Method: r.Method, Params: r.Params, Query: r.Query, Headers: r.Headers, Body: r.Body}
		err := b.Invoke(ctx, &request, func(reply *http.Response) (err error) {
			if reply, refusal = check(ctx, reply); refusal != nil {
				return nil
			}
			response, err = parse(ctx, reply)
			return err
		})
		switch {
		case err != nil:
			return mode.response(err)
		case refusal != nil:
			return refused(refusal)
		}
		return response, nil
	}
}

// responseParser returns KrakenD's own parser for the backend's encoding, with
// the metadata that it leaves out.
func responseParser(remote *config.Backend) proxy.HTTPResponseParser {
	if isNoOp(remote) {
		return func(_ context.Context, reply *http.Response) (*proxy.Response, error) {
			return &proxy.Response{
				// Empty: the router would write the headers once for the data and
				// once for the body.
				Data:       map[string]interface{}{},
				IsComplete: true,
				Io:         reply.Body,
				Metadata:   proxy.Metadata{StatusCode: reply.StatusCode, Headers: reply.Header},
			}, nil
		}
	}

	decoder := remote.Decoder
	if decoder == nil { // KrakenD's parser sets it; a configuration made by hand may not
		decoder = encoding.GetRegister().Get(strings.ToLower(remote.Encoding))(remote.IsCollection)
	}
	formatter := proxy.NewEntityFormatter(remote)
	parse := proxy.DefaultHTTPResponseParserFactory(proxy.HTTPResponseParserConfig{
		Decoder:         decoder,
		EntityFormatter: formatter,
	})
	return func(ctx context.Context, reply *http.Response) (*proxy.Response, error) {
		var response proxy.Response
		if reply.Body == http.NoBody {
			response = formatter.Format(proxy.Response{Data: map[string]interface{}{}, IsComplete: true})
		} else {
			parsed, err := parse(ctx, reply)
			if err != nil {
				return nil, err
			}
			response = *parsed
		}
		response.Metadata = proxy.Metadata{StatusCode: reply.StatusCode, Headers: backend.Metadata(reply.Header)}
		return &response, nil
	}
}
