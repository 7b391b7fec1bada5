package apigw

import (
	"strconv"
	"time"
)

// A Format is a format for events and replies.
type Format int

// The formats. HTTP is the zero Format, because functions that receive no event may reply in it
// too.
const (
	// HTTP is payload format 2.0, which API Gateway's HTTP APIs use.
	HTTP Format = iota
	// REST is payload format 1.0, which API Gateway's REST APIs use.
	REST
	// ALB is the format of Application Load Balancers.
	ALB
)

// Settings configure the parts of events that do not come from the request. All are optional.
type Settings struct {
	// AccountID and APIID identify the API. They may be empty.
	AccountID, APIID string
	// Stage is the API's stage. Empty is $default.
	Stage string
	// StageVariables are the stage's variables, or nil.
	StageVariables map[string]string
	// BinaryMediaTypes are the media types, in lower case, whose bodies are sent in base64:
	// type/subtype, type/* or */*. All other bodies are text. Nil uses the format's default.
	BinaryMediaTypes []string
	// ForwardedProto and ForwardedPort are the values of X-Forwarded-Proto and X-Forwarded-Port
	// if the request has none. Empty adds none.
	ForwardedProto, ForwardedPort string
	// CookieHeader puts the cookies into the header cookie of HTTP events as well, as Lambda function
	// URLs do. Other formats ignore it.
	CookieHeader bool
	// MultiValueHeaders makes ALB events and replies use all values of a header, and events all
	// values of a query string. Other formats ignore it.
	MultiValueHeaders bool
	// TargetGroupARN is the target group of ALB events.
	TargetGroupARN string
}

// Route describes the backend and its endpoint for a function.
type Route struct {
	// URLPattern is the backend's url_pattern after KrakenD's parser: {{.Id}} is the placeholder
	// for the param Id.
	URLPattern string
	// Endpoint is the endpoint's path, with placeholders as :id or {id}. It is empty if the
	// endpoint is not known.
	Endpoint string
	// EndpointMethod is the endpoint's method. Empty is GET.
	EndpointMethod string
	// Host is the backend's own host, with or without scheme and port. It is used if the request
	// does not tell the name that the client called.
	Host string
	// ForwardsHost tells that KrakenD writes X-Forwarded-Host. The header then holds the name
	// that the client called, and never a value that the client sent.
	ForwardsHost bool
}

// API is the data that all events of a backend share, computed once by NewAPI.
type API struct {
	format   Format
	settings Settings
	target   target
	route    routeNames
	host     host // the backend's host
	// forwardsHost is Route.ForwardsHost.
	forwardsHost bool
}

// NewAPI returns the API that events describe to a function.
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

// Request is the part of one request that an event uses. It is never changed; all maps may be
// nil.
type Request struct {
	// Method is in upper case, never empty.
	Method string
	// Params are the values of the placeholders in Route.URLPattern.
	Params map[string]string
	// PathParameters are the endpoint's placeholders, under its own names for them, or nil.
	PathParameters map[string]string
	// Claims are the claims of the validated token, or nil.
	Claims map[string]string
	// Query are the query strings that the endpoint lets through.
	Query map[string][]string
	// Headers may have several spellings of one name. The event's source address, host and user
	// agent come from X-Forwarded-For, X-Forwarded-Host and User-Agent.
	Headers map[string][]string
	// Hidden are headers, by their canonical names, that the function must not receive.
	Hidden []string
	// TraceContext are headers that carry the gateway's span to the function, and replace the
	// client's. Events of format 1.0 keep their spelling, since OpenTelemetry's instrumentations
	// look for lower-case names. It may be nil.
	TraceContext map[string]string
	// ID is the request's id if X-Request-Id is absent.
	ID string
	// Time is when the request arrived.
	Time time.Time
	// Body is nil or empty if there is no body.
	Body []byte
}

const (
	// defaultStage is the stage of an HTTP API without a configured one.
	defaultStage = "$default"
	// protocol is the protocol in all events, because KrakenD does not tell the client's.
	protocol = "HTTP/1.1"
	// timeLayout is API Gateway's time format, which is the one of the Common Log Format.
	timeLayout = "02/Jan/2006:15:04:05 -0700"
)

// AppendEvent appends the event for a request, as JSON. Values that neither the request nor the
// settings have are empty or absent.
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

// input is the input for events of all formats.
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
	// Never use a client's own Host header: over HTTP/2 it may differ from the name that the
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
