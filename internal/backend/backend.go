package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// Host is what a door gives as a host to a backend that has none, because
// KrakenD's load balancer answers for a backend without hosts. It is never
// called; names under .invalid do not resolve (RFC 2606).
const Host = "http://lambda.invalid"

// Options are what a build hands to its backend factory. All may be left out.
type Options struct {
	// Logger is nil for one that writes warnings and errors to standard error.
	Logger Logger
	// Session is nil for one of the environment and the shared AWS files.
	Session *session.Session
	// Invoker, where it is not nil, takes all calls instead of the AWS SDK's client.
	// Region and endpoint are then its own affair, and retries where it is no client
	// of the SDK.
	Invoker Invoker
}

// Factory makes the backends of a gateway.
type Factory struct {
	logger  Logger
	invoker Invoker
	clients clients
}

// NewFactory returns a factory. The AWS session is made with the first backend
// that needs it, so a gateway without Lambda backends touches nothing of AWS.
func NewFactory(o Options) *Factory {
	f := &Factory{logger: o.Logger, invoker: o.Invoker, clients: clients{given: o.Session}}
	if f.logger == nil {
		f.logger = newStderrLogger()
	}
	return f
}

// Spec is what a door knows of a backend.
type Spec struct {
	// Settings are the values of extra_config under the namespaces that are the
	// door's, by namespace. There must be one.
	Settings map[string]any
	// URLPattern, Method and Encoding are the backend's own. An empty method is
	// GET; Encoding is no-op, or names a decoder.
	URLPattern, Method, Encoding string
	// Endpoint and EndpointMethod are those of the endpoint that the backend belongs
	// to, empty where the framework does not tell.
	Endpoint, EndpointMethod string
	// ConcurrentCalls is how often the function is executed for each request, at
	// once. The backend makes the calls: its door has KrakenD make one.
	ConcurrentCalls int
	// SharedBody tells that KrakenD's own concurrent calls share one body, so that
	// configurations which have never worked stay errors.
	SharedBody bool
}

// String tells the backend from others in the log, where many have no url_pattern.
func (s Spec) String() string {
	if s.Endpoint != "" {
		return s.EndpointMethod + " " + s.Endpoint
	}
	name := "this " + cmp.Or(strings.ToUpper(s.Method), http.MethodGet) + " backend"
	for _, settings := range s.Settings {
		m, _ := settings.(map[string]any)
		for _, key := range []string{"function_name", "function_param_name"} {
			if f, ok := m[key].(string); ok && f != "" {
				return name + " (" + key + " " + quote(f) + ")"
			}
		}
	}
	return name
}

// Settings are the values that extra_config has under the namespaces. It is empty
// for a backend that is none of Lambda's.
func Settings(extra map[string]any, namespaces ...string) map[string]any {
	settings := make(map[string]any, 1)
	for _, n := range namespaces {
		if v, ok := extra[n]; ok {
			settings[n] = v
		}
	}
	return settings
}

// Request is what a backend reads of a request. Nothing in it is changed; all
// fields may be nil. The body is read to its end and closed where it is the
// payload.
type Request struct {
	Params  map[string]string
	Query   map[string][]string
	Headers map[string][]string
	Body    io.ReadCloser
}

// Backend invokes one function, or the functions that requests name.
type Backend struct {
	logger  Logger
	prefix  string
	method  string
	format  format
	names   placeholderNames
	cfg     Config
	calls   int // concurrent, for each request; 0 is 1
	invoker Invoker
	broken  *Error // answers every request, where it is not nil
}

// format is what becomes of a reply.
type format int

const (
	structured format = iota // a decoder makes an object of it
	text                     // it becomes a string
	raw                      // its bytes go to the client
)

func formatOf(encoding string) format {
	switch {
	case encoding == "no-op": // KrakenD tells it by this spelling alone
		return raw
	case strings.EqualFold(encoding, "string"):
		return text
	default:
		return structured
	}
}

// New returns the backend for spec, never nil. A bad configuration fails closed:
// it is logged, and the backend answers every request with a 500.
func (f *Factory) New(spec Spec) *Backend {
	b := &Backend{
		logger:  f.logger,
		prefix:  "[BACKEND: " + spec.URLPattern + "][Lambda]",
		method:  cmp.Or(strings.ToUpper(spec.Method), http.MethodGet),
		format:  formatOf(spec.Encoding),
		names:   placeholdersOf(spec.Endpoint), // nil for none
		calls:   spec.ConcurrentCalls,
		invoker: f.invoker,
	}
	warnings, err := b.configure(f, spec)
	for _, w := range warnings {
		b.logger.Warning(b.prefix, w)
	}
	if err != nil {
		b.broken = badConfig(err)
		b.logger.Error(b.prefix, b.broken.detail+"; each request to "+spec.String()+" gets a 500")
		return b
	}
	if p := b.cfg.ParamName; p != "" && !b.names.may(p) {
		b.logger.Info(b.prefix, fmt.Sprintf("function_param_name: %q is no placeholder of the endpoint, so another component has to set it", p))
	}
	b.logger.Debug(b.prefix, "Component enabled:", b.cfg.String())
	return b
}

// configure works out all that does not depend on a request.
func (b *Backend) configure(f *Factory, spec Spec) (warnings []string, err error) {
	if len(spec.Settings) == 1 {
		for _, settings := range spec.Settings {
			b.cfg, warnings, err = ParseConfig(settings)
		}
		b.verbatimUnlessPlaceholder(spec)
	} else {
		err = fmt.Errorf("one of %s may be there, not both", strings.Join(slices.Sorted(maps.Keys(spec.Settings)), " and "))
	}

	if spec.ConcurrentCalls > 1 {
		if spec.SharedBody && b.method != http.MethodGet {
			err = errors.Join(err, fmt.Errorf("concurrent_calls: must be 1 for %s, is %d: the calls would share one body", b.method, spec.ConcurrentCalls))
		} else {
			warnings = append(warnings, fmt.Sprintf("concurrent_calls: each request executes the function %d times", spec.ConcurrentCalls))
		}
	}
	if err != nil || b.invoker != nil {
		return warnings, err
	}

	c, more, err := f.clients.client(b.cfg)
	warnings = append(warnings, more...)
	if err != nil {
		return warnings, err
	}
	b.invoker = c
	b.cfg.Region, b.cfg.Endpoint = aws.StringValue(c.Config.Region), c.Endpoint
	return warnings, nil
}

// verbatimUnlessPlaceholder takes the function's name as it is from a param that the
// endpoint, where it is known, has no placeholder for: KrakenD has not capitalized
// it, whatever its spelling. function_name_case decides where it is set.
func (b *Backend) verbatimUnlessPlaceholder(spec Spec) {
	for _, settings := range spec.Settings {
		m, _ := settings.(map[string]any)
		if _, set := m["function_name_case"]; !set && b.cfg.ParamName != "" && !b.names.may(b.cfg.ParamName) {
			b.cfg.Verbatim = true
		}
	}
}

// Invoke executes the function that r is for and hands the reply to decode, which
// runs the framework's parts. Its error is an *Error, or the context's where the
// client went away, and is logged already. A panic, decode's included, is such an
// error too: in a merge it would run outside the router's recovery and end the
// process.
func (b *Backend) Invoke(ctx context.Context, r *Request, decode func(*http.Response) error) (err error) {
	if b.broken != nil {
		return b.broken // logged when the backend was made
	}
	defer func() {
		if v := recover(); v != nil {
			err = b.report(panicked(v))
		}
	}()
	request := &requestContext{Context: ctx}
	defer request.end()
	if e := b.invoke(request, r, decode); e != nil {
		return b.report(e)
	}
	return nil
}

func (b *Backend) invoke(ctx context.Context, r *Request, decode func(*http.Response) error) *Error {
	function, e := b.cfg.function(r.Params)
	if e != nil {
		return e
	}
	payload, e := b.payload(ctx, r)
	if e != nil {
		return e
	}
	if ctx.Err() != nil {
		return ended(ctx, "before the call")
	}
	reply, e := b.fastest(ctx, function, payload, header(r.Headers, traceHeader))
	if e != nil {
		return e
	}
	if err := decode(reply.Response); err != nil {
		return undecodable(err).of(function, reply.requestID)
	}
	return nil
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
func (b *Backend) fastest(ctx context.Context, f Function, payload []byte, traceID string) (r reply, e *Error) {
	if b.calls <= 1 {
		return b.execute(ctx, f, payload, traceID)
	}
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
			o.reply, o.err = b.execute(ctx, f, payload, traceID)
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

// execute makes one call, with its retries.
func (b *Backend) execute(ctx context.Context, f Function, payload []byte, traceID string) (reply, *Error) {
	c := call{retryer: retryer{max: b.cfg.MaxRetries, now: time.Now}, traceID: traceID}
	response, e := b.call(ctx, f, payload, &c)
	if e != nil {
		return reply{}, e.of(f, c.requestID)
	}
	return reply{response, c.requestID}, nil
}

func (b *Backend) call(ctx context.Context, f Function, payload []byte, c *call) (*http.Response, *Error) {
	input := &lambda.InvokeInput{FunctionName: &f.Name, Payload: payload}
	if f.Qualifier != "" {
		input.Qualifier = &f.Qualifier
	}
	output, err := b.invoker.InvokeWithContext(ctx, input, c.option)
	switch {
	case err != nil && ctx.Err() != nil && !answered(err):
		return nil, ended(ctx, c.progress())
	case err != nil:
		return nil, invocationError(err, c.header.Get("Retry-After"), b.cfg.ParamName != "")
	case output == nil:
		return nil, internal(errors.New("the Invoker returned neither an output nor an error"))
	}

	a := answer{output.Payload, aws.StringValue(output.ExecutedVersion), c.requestID, c.header}
	if kind := aws.StringValue(output.FunctionError); kind != "" {
		payload, err := a.decompressed()
		if err != nil {
			return nil, undecodable(err)
		}
		return nil, functionError(kind, payload)
	}
	response, err := a.response(b.format)
	if err != nil {
		return nil, undecodable(err)
	}
	return response, nil
}

// report logs an error, once, and returns what its caller gets.
func (b *Backend) report(e *Error) error {
	if errors.Is(e.err, context.Canceled) && e.status == http.StatusGatewayTimeout {
		b.logger.Debug(b.prefix, "the client went away")
		return e.err
	}
	b.logger.Error(b.prefix, e.detail)
	return e
}

const traceHeader = "X-Amzn-Trace-Id"

// call is what the SDK needs for one invocation and what it tells of it.
type call struct {
	retryer
	traceID   string
	sdk       bool        // the SDK makes the call: an Invoker may do without
	sent      int         // how often it went out
	requestID string      // of the last answer
	header    http.Header // of the last answer
}

// option implements request.Option.
func (c *call) option(r *request.Request) {
	c.sdk = true
	if c.max == sdkMaxRetries {
		c.max = r.MaxRetries() // the client's own
	}
	r.Retryer = &c.retryer
	if c.traceID != "" {
		r.HTTPRequest.Header.Set(traceHeader, c.traceID)
	}
	r.Handlers.Send.PushFront(func(*request.Request) { c.sent++ })
	r.Handlers.Complete.PushBack(func(r *request.Request) {
		c.requestID, c.header = r.RequestID, r.HTTPResponse.Header
	})
}

// progress says how far a call had come when its context ended.
func (c *call) progress() string {
	switch {
	case c.sdk && c.sent == 0:
		return "before there were credentials to sign the call with"
	case c.last != nil:
		return fmt.Sprintf("in attempt %d; the one before failed: %s", c.sent, explain(c.last))
	default:
		return "before the function answered"
	}
}

// header is the first value of a header. KrakenD 1.x keeps headers under the
// names that the configuration gives them, in any case.
func header(headers map[string][]string, name string) string {
	for k, values := range headers {
		if len(values) > 0 && strings.EqualFold(k, name) {
			return values[0]
		}
	}
	return ""
}
