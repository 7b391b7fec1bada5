package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Host is the host that an adapter gives to a backend without one, because KrakenD's load
// balancer fails requests to a backend without hosts. It is never called; names under .invalid
// do not resolve (RFC 2606).
const Host = "http://lambda.invalid"

// Options are the options that a build passes to its backend factory.
type Options struct {
	// Logger may be nil: then warnings and errors go to standard error.
	Logger Logger
	// SDK must not be nil, unless Invoker is set.
	SDK invoke.SDK
	// Invoker makes the attempts of all calls if it is not nil. It then decides on region,
	// endpoint and credentials.
	Invoker invoke.Attempter
	// InvokerRetries is the number of retries with an Invoker, for a backend that configures
	// none.
	InvokerRetries int
	// InvokerStreams tells that the Invoker can make calls whose reply is a stream.
	InvokerStreams bool
	// Observer watches all invocations. It may be nil.
	Observer Observer
	// OnInvocation is called at the end of each invocation, in the goroutine that ends it. It
	// may be nil.
	OnInvocation func(context.Context, Invocation)
	// CheckOnly makes every backend answer with a 500. The SDK must not look up credentials.
	CheckOnly bool
}

// Factory makes the backends of a gateway.
type Factory struct {
	Options
	common  *common
	invoker *invoke.Client // nil without an Invoker

	mu       sync.Mutex
	policies map[policyKey]*policies // that backends share
}

// common is what all backends of a factory share.
type common struct {
	logger   Logger
	observer Observer                          // nil for none
	tell     func(context.Context, Invocation) // nil for none
	now      func() time.Time
}

// NewFactory returns a factory.
func NewFactory(o Options) *Factory {
	o.Logger = NewLogger(o.Logger)
	f := &Factory{
		Options:  o,
		common:   &common{logger: o.Logger, observer: o.Observer, tell: o.OnInvocation, now: time.Now},
		policies: make(map[policyKey]*policies),
	}
	if o.Invoker != nil {
		f.invoker = invoke.NewWith(o.Invoker, invoke.Target{MaxRetries: o.InvokerRetries})
	}
	return f
}

// Request is the part of a request that a backend reads. The backend changes nothing in it, and
// all fields may be zero. If the body is the payload, the backend reads it to its end and closes
// it.
type Request struct {
	// Method is the method of the incoming request, in any case. If it is empty, the backend's
	// method counts.
	Method  string
	Params  map[string]string
	Query   map[string][]string
	Headers map[string][]string
	Body    io.ReadCloser
}

// Backend invokes one function, or the functions that requests name.
//
// A gateway may have thousands of them, so it holds only what differs from one to another, and
// pointers to what they share.
type Backend struct {
	*common
	*policies
	client *invoke.Client
	cfg    config.Config
	names  config.Placeholders
	api    *apigw.API // nil if the payload is not an event
	hidden []string   // headers that the function must not see
	method string
	prefix string // of log lines
	// endpoint is the URL of the Invoke API, for the log. It is empty with an Invoker, which may
	// call another one.
	endpoint string
	// function is the configured function_name or function_param_name if the prefix does not name
	// the backend, and otherwise empty.
	function string
	broken   *Error // answers every request if it is not nil
	calls    int32  // concurrent calls for each request; 0 means 1
	format   format

	collision atomic.Bool // leaveOut has warned
	untyped   atomic.Bool // event has warned
}

// format tells how to handle a reply.
type format uint8

const (
	structured format = iota // a decoder makes an object of it
	markup                   // an XML decoder makes an object of it
	plain                    // it becomes a string
	raw                      // its bytes go to the client
)

func formatOf(encoding string) format {
	switch {
	case encoding == "no-op": // KrakenD recognizes it by this spelling only
		return raw
	case strings.EqualFold(encoding, "string"):
		return plain
	case strings.EqualFold(encoding, "xml"), strings.EqualFold(encoding, "rss"):
		return markup
	default:
		return structured
	}
}

// New returns the backend for spec, never nil. A bad configuration fails closed: New logs it,
// and the backend answers every request with a 500.
func (f *Factory) New(spec Spec) *Backend {
	b := &Backend{
		common: f.common,
		client: f.invoker,
		names:  config.PlaceholdersOf(spec.Endpoint),
		hidden: spec.HiddenHeaders,
		method: spec.method(),
		prefix: spec.logPrefix(),
		calls:  int32(max(0, min(spec.ConcurrentCalls, math.MaxInt32))),
		format: formatOf(spec.Encoding),
	}
	if !spec.hasPattern() && spec.Endpoint == "" {
		_, b.function = spec.function()
	}
	warnings, err := b.configure(f, spec)
	warnings = append(warnings, config.WithoutEffect(spec.ExtraConfig)...)
	for _, w := range warnings {
		b.logger.Warning(b.prefix, w+spec.where())
	}
	if err != nil {
		b.broken = badConfig(err)
		b.logger.Error(b.prefix, b.broken.line()+"; each request to "+spec.String()+" gets a 500")
		if spec.Report != nil {
			spec.Report(Report{Warnings: warnings, Err: err})
		}
		return b
	}
	if p := b.cfg.ParamName; p != "" && b.names.Has(p) && b.cfg.Allowed == nil {
		b.logger.Warning(b.prefix, b.reach()+spec.where())
		warnings = append(warnings, b.reach())
	}
	invokes := b.cfg.String()
	if b.api != nil {
		invokes += ", events with the path " + text.Clean(b.api.Path(b.names.EndpointName))
	}
	if f.CheckOnly {
		b.logger.Debug(b.prefix, "Component checked, not enabled:", invokes)
		b.broken = internal(errCheckOnly)
	} else {
		b.logger.Debug(b.prefix, "Component enabled:", invokes)
	}
	if spec.Report != nil {
		spec.Report(reportOf(&b.cfg, invokes, warnings))
	}
	return b
}

// where is Spec.where of a good configuration, without a text for each backend.
func (b *Backend) where() string {
	if b.function == "" {
		return ""
	}
	key := functionName
	if b.cfg.ParamName != "" {
		key = functionParam
	}
	return " (" + describeBackend(b.method, key, b.function) + ")"
}

// WarnOfNamespace warns of a backend that uses another KrakenD generation's namespace.
func (f *Factory) WarnOfNamespace(spec Spec, wrong, right string) {
	f.Logger.Warning(spec.logPrefix(), WrongNamespace(spec, wrong, right))
}

// WrongNamespace is the line of WarnOfNamespace, without its prefix.
func WrongNamespace(spec Spec, wrong, right string) string {
	return fmt.Sprintf("%s has no effect on this KrakenD, so %s calls its host and no function: rename the key to %s", wrong, spec, right)
}

var errCheckOnly = errors.New("the backend was made to check its configuration only, and makes no calls")

// reach describes which functions a client can invoke if the configuration does not restrict
// them.
func (b *Backend) reach() string {
	who, whose := "the gateway's credentials", "their"
	if own := b.cfg.Identity; own != nil && own.Role.ARN != "" {
		who, whose = "the role "+own.Role.ARN, "its"
	}
	where := ""
	if b.cfg.Region != "" {
		where = " in " + b.cfg.Region
	}
	reach := "function_param_name: without allowed_functions, a request can name every function" + where + " that " + who + " may invoke in " + whose + " own account"
	if !b.cfg.Verbatim {
		reach += "; the gateway puts the first letter of the name into upper case unless function_name_case is 'verbatim'"
	}
	return reach
}

// configure computes everything that does not depend on a request.
func (b *Backend) configure(f *Factory, spec Spec) (warnings []string, err error) {
	if len(spec.Settings) == 1 {
		b.cfg, warnings, err = config.Parse(spec.Settings[0].Value, b.names)
		if b.cfg.PayloadFormat != config.Simple {
			b.api = apigw.NewAPI(eventFormats[b.cfg.PayloadFormat], spec.route(), apigw.Settings(*cmp.Or(b.cfg.Event, &config.Event{})))
		}
	} else {
		namespaces := make([]string, len(spec.Settings))
		for i, s := range spec.Settings {
			namespaces[i] = s.Namespace
		}
		slices.Sort(namespaces)
		err = fmt.Errorf("%s: set only one of them", strings.Join(namespaces, ", "))
	}

	if spec.ConcurrentCalls > 1 {
		if spec.SharedBody && b.method != http.MethodGet {
			err = errors.Join(err, fmt.Errorf("concurrent_calls: must be 1 for %s, is %d, because all calls would read the same body", b.method, spec.ConcurrentCalls))
		} else {
			warnings = append(warnings, fmt.Sprintf("concurrent_calls: each request executes the function %d times", spec.ConcurrentCalls))
		}
		if b.cfg.Stream {
			err = errors.Join(err, fmt.Errorf("stream: concurrent_calls must be 1, is %d", spec.ConcurrentCalls))
		}
	}
	if b.cfg.Stream && b.format != raw {
		err = errors.Join(err, fmt.Errorf("stream: the backend's encoding must be 'no-op', is %s", text.Quote(cmp.Or(spec.Encoding, "json"))))
	}
	if b.cfg.Stream && f.Invoker != nil && !f.InvokerStreams {
		err = errors.Join(err, errors.New("stream: the Invoker of this build (WithInvoker) does not have the SDK's method for streams"))
	}
	var identity config.Identity
	if b.cfg.Identity != nil {
		identity = *b.cfg.Identity
	}
	if f.Invoker != nil {
		const ownCredentials = ": has no effect, because the Invoker of this build (WithInvoker) signs the calls"
		if identity.Role.ARN != "" {
			warnings = append(warnings, "assume_role"+ownCredentials)
		}
		if identity.Profile != "" {
			warnings = append(warnings, "profile"+ownCredentials)
		}
		if spec.Transport != nil {
			warnings = append(warnings, "WithTransport: has no effect, because the Invoker of this build (WithInvoker) makes the connections")
		}
	}
	var transport http.RoundTripper
	if err == nil && b.client == nil {
		var found invoke.Found
		if b.client, found, err = f.SDK.Client(invoke.Settings{Profile: identity.Profile, Role: invoke.Role(identity.Role), Region: b.cfg.Region, Endpoint: b.cfg.Endpoint}); err == nil {
			b.cfg.Region, b.cfg.Endpoint = found.Region, found.Endpoint
			b.endpoint = found.Endpoint
			transport, err = spec.transport()
		}
		warnings = append(warnings, found.Warnings...)
		if transport != nil && found.CABundle {
			warnings = append(warnings, "WithTransport: AWS_CA_BUNDLE has no effect on calls, because this build has set a transport: add the certificates to that transport")
		}
	}
	b.policies = f.policiesFor(policyKey{b.cfg.MaxRetries, b.cfg.RetryFunctionErrors, b.cfg.MaxReply, b.format}, transport)
	return slices.Concat(warnings, spec.unsetClaims(b.cfg.Claims(), f.CheckOnly), b.cfg.UnmatchablePatterns()), err
}

// Invoke executes the function for r and passes the reply to decode, which runs the framework's
// parts. With no-op, a function's error that has a 4xx in function_error_status is such a reply,
// too. The error is an *Error, or the context's error if the client went away, and is
// already logged. A panic, including one in decode, becomes an *Error too: in a merge, the
// router could not recover it, and it would end the process.
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
	e := b.invoke(request, r, decode)
	if e == nil {
		return nil
	}
	err = b.report(e)
	if e.public && b.format == raw {
		return decode(e.response())
	}
	return err
}

func (b *Backend) invoke(ctx context.Context, r *Request, decode func(*http.Response) error) *Error {
	f, err := b.cfg.FunctionOf(r.Params)
	if err != nil {
		return refused(err)
	}
	ctx, w := b.watch(ctx, f)
	panics := true
	var reply reply
	var e *Error
	defer func() {
		if panics {
			e = internal(errPanic)
		}
		w.returned(reply.Response, e)
	}()
	reply, e = b.call(ctx, f, w, r, decode)
	panics = false
	return e
}

var errPanic = errors.New("panic")

// call makes the calls of a request, and passes the reply to decode.
func (b *Backend) call(ctx context.Context, f config.Function, w *watch, r *Request, decode func(*http.Response) error) (reply, *Error) {
	in, e := b.invocation(ctx, f, w, r)
	if e != nil {
		return reply{}, e.withInvocation(f, "")
	}
	if ctx.Err() != nil {
		return reply{}, ended(ctx.Err(), "before the call").withInvocation(f, "")
	}
	if b.calls <= 1 {
		reply, e := b.execute(ctx, in, decode)
		if !reply.streams { // compared with the payload, which errors must not repeat
			in.call.Payload.Release()
		}
		return reply, e
	}
	reply, e := b.fastest(ctx, in)
	if e != nil {
		return reply, e
	}
	if err := decode(reply.Response); err != nil {
		return reply, undecodable(err).withPage(reply.page).withInvocation(in.function, reply.requestID)
	}
	return reply, nil
}

// HasStatus tells that replies are HTTP responses whose body is decoded. KrakenD then checks
// their status. With no-op the status goes to the client, and plain data has none.
func (b *Backend) HasStatus() bool { return b.cfg.Proxy && b.format != raw }
