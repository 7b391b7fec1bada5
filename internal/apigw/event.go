package apigw

import (
	"strconv"
	"time"
)

// A Format is a format of events and replies.
type Format int

// The formats. HTTP is the zero Format: functions that receive no event may answer in it too.
const (
	// HTTP is payload format 2.0, that of API Gateway's HTTP APIs.
	HTTP Format = iota
	// REST is payload format 1.0, that of API Gateway's REST APIs.
	REST
	// ALB is the format of Application Load Balancers.
	ALB
)

// Settings are what events say beyond the request. All may be left out.
type Settings struct {
	// AccountID and APIID are those of the API, empty where they are not known.
	AccountID, APIID string
	// Stage is the API's stage. Empty is $default.
	Stage string
	// StageVariables are the stage's, nil for none.
	StageVariables map[string]string
	// BinaryMediaTypes are the media types, in lower case, whose bodies are base64: type/subtype,
	// type/* or */*. All other bodies are text. Nil leaves that to the format.
	BinaryMediaTypes []string
	// ForwardedProto and ForwardedPort are the values of X-Forwarded-Proto and X-Forwarded-Port
	// where the request has none. Empty adds none.
	ForwardedProto, ForwardedPort string
	// MultiValueHeaders has ALB events and replies hold all values of a header, and events
	// all values of a query string. Other formats ignore it.
	MultiValueHeaders bool
	// TargetGroupARN is the target group of ALB events.
	TargetGroupARN string
}

// Route is what a function is told of the backend and its endpoint.
type Route struct {
	// URLPattern is the backend's, as KrakenD's parser leaves it: {{.Id}} stands for the param
	// Id.
	URLPattern string
	// Endpoint is the endpoint's path, its placeholders as :id or {id}. Empty is an endpoint
	// that is not known.
	Endpoint string
	// EndpointMethod is the endpoint's method. Empty is GET.
	EndpointMethod string
	// Host is the backend's own host, with or without scheme and port. It stands in where
	// the request does not tell the name that the client called.
	Host string
	// ForwardsHost tells that KrakenD writes X-Forwarded-Host: it then holds the name that the
	// client called, and not a header of the client's.
	ForwardsHost bool
}

// API is what all events of a backend share, worked out once. NewAPI makes it.
type API struct {
	format   Format
	settings Settings
	target   target
	route    routeNames
	host     host // the backend's own
	// forwardsHost is Route's.
	forwardsHost bool
}

// NewAPI returns the API that a function is told to serve.
func NewAPI(f Format, r Route, s Settings) *API {
	if s.Stage == "" {
		s.Stage = defaultStage
	}
	return &API{
		format:       f,
		settings:     s,
		target:       parseTarget(r.URLPattern),
		route:        routeNamesOf(r.Endpoint, r.EndpointMethod),
		host:         hostOfBackend(r.Host),
		forwardsHost: r.ForwardsHost,
	}
}

// Request is what an event says of one request. Nothing in it is changed; all maps may be nil.
type Request struct {
	// Method is in upper case, never empty.
	Method string
	// Params are what the placeholders of Route.URLPattern stand for.
	Params map[string]string
	// PathParameters are the endpoint's placeholders by its own names for them, nil for none.
	PathParameters map[string]string
	// Claims are those of the validated token, nil for none.
	Claims map[string]string
	// Query are the query strings that the endpoint lets through.
	Query map[string][]string
	// Headers may have several spellings of one name. The event's source address, host and user
	// agent come from X-Forwarded-For, X-Forwarded-Host and User-Agent.
	Headers map[string][]string
	// Hidden are headers, by their canonical names, that the function must not see.
	Hidden []string
	// TraceContext are headers that carry the gateway's span to the function, in place of the
	// client's. Events of format 1.0 keep their spelling, since OpenTelemetry's
	// instrumentations look for lower-case names. Nil is for none.
	TraceContext map[string]string
	// ID is the request's id where X-Request-Id tells none.
	ID string
	// Time is when the request came.
	Time time.Time
	// Body is nil or empty where there is none.
	Body []byte
}

const (
	// defaultStage is the stage of an HTTP API that has no other.
	defaultStage = "$default"
	// protocol is the protocol in all events: KrakenD does not tell the client's.
	protocol = "HTTP/1.1"
	// timeLayout is API Gateway's, which is that of the Common Log Format.
	timeLayout = "02/Jan/2006:15:04:05 -0700"
)

// AppendEvent appends the event for a request, as JSON. What neither the request nor the settings say
// is empty or absent.
func (a *API) AppendEvent(b []byte, r *Request) []byte {
	o := &jsonObject{append(b, '{')}
	in := a.input(r)
	switch a.format {
	case REST:
		a.restEvent(o, in)
	case ALB:
		a.albEvent(o, in)
	case HTTP:
		a.httpEvent(o, in)
	}
	o.end()
	return o.json
}

// input is what the events of all formats are made of.
type input struct {
	*Request
	path, rawQuery string // percent-encoded
	query          map[string][]string
	headers        map[string][]string // end-to-end, by canonical names
	domainName     string              // without the port
	sourceIP       string
	userAgent      string
	requestID      string
}

func (a *API) input(r *Request) *input {
	h := EndToEnd(r.Headers)
	in := &input{
		Request:   r,
		headers:   h,
		sourceIP:  firstAddress(h.Get("X-Forwarded-For")),
		userAgent: h.Get("User-Agent"),
		requestID: h.Get("X-Request-Id"),
	}
	if in.requestID == "" {
		in.requestID = r.ID
	}
	in.path, in.rawQuery, in.query = a.target.fill(r.Params, r.Query)

	client := a.host
	if a.forwardsHost {
		if forwarded, ok := parseHost(h.Get("X-Forwarded-Host")); ok {
			client = forwarded
		}
	}
	in.domainName = client.name
	// Never a client's own Host header: over HTTP/2 it may differ from the name that the
	// client called.
	h.Set("Host", client.String())
	a.setForwarded(h)
	// A component may have changed the body since the client announced its length.
	if h.Get("Content-Length") != "" {
		h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	for _, name := range r.Hidden {
		h.Del(name)
	}
	for name, value := range r.TraceContext {
		h.Del(name)
		h[name] = []string{value}
	}
	return in
}
