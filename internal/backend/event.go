package backend

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

const (
	// stage is that of an HTTP API that has no other.
	stage = "$default"
	// protocol is the one that API Gateway gives. KrakenD does not tell the client's.
	protocol = "HTTP/1.1"
	// timeLayout is that of API Gateway, which is the Common Log Format's.
	timeLayout = "02/Jan/2006:15:04:05 -0700"
)

// facts are what the events of API Gateway, in both formats, say of a request.
type facts struct {
	method         string
	path, rawQuery string // percent-encoded
	query          url.Values
	pathParameters map[string]string // nil for none
	headers        http.Header       // without hop-by-hop headers
	domainName     string            // without the port
	sourceIP       string
	requestID      string
	time           time.Time
	body           []byte
}

// event is the payload in one of API Gateway's formats. What it says is what the
// request says, as far as the endpoint lets it through: nothing is made up where
// KrakenD does not tell.
func (b *Backend) event(r *Request, body []byte) []byte {
	f := facts{
		method:         b.method,
		pathParameters: b.names.pathParameters(r.Params),
		headers:        endToEnd(r.Headers),
		time:           b.now(),
		body:           body,
	}
	f.path, f.rawQuery, f.query = b.route.target(r.Params, r.Query)
	f.sourceIP, _, _ = strings.Cut(f.headers.Get("X-Forwarded-For"), ",")
	if f.requestID = f.headers.Get("X-Request-Id"); f.requestID == "" {
		f.requestID = newRequestID()
	}
	f.domainName = b.route.host
	if host := f.headers.Get("X-Forwarded-Host"); host != "" && b.route.forwardsHost {
		if f.headers.Get("Host") == "" {
			f.headers.Set("Host", host)
		}
		f.domainName = hostname(host)
	}
	// A component may have changed the body since the client announced its length.
	if f.headers.Get("Content-Length") != "" {
		f.headers.Set("Content-Length", strconv.Itoa(len(body)))
	}

	if b.cfg.PayloadFormat == Version1 {
		return marshal(f.version1(b.route))
	}
	return marshal(f.version2(b.route))
}

// restRequest is API Gateway's event of version 1.0. Where the type of aws-lambda-go
// leaves a field out or has an empty string, API Gateway has false and null: a
// function in JavaScript that parses the body of a GET parses a null, not nothing.
type restRequest struct {
	events.APIGatewayProxyRequest
	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
}

func (f *facts) version1(r *route) restRequest {
	headers, multi := lastAndAll(f.headers)
	query, multiQuery := lastAndAll(f.query)
	event := restRequest{APIGatewayProxyRequest: events.APIGatewayProxyRequest{
		Resource:                        r.endpoint,
		Path:                            f.path,
		HTTPMethod:                      f.method,
		Headers:                         headers,
		MultiValueHeaders:               multi,
		QueryStringParameters:           query,
		MultiValueQueryStringParameters: multiQuery,
		PathParameters:                  f.pathParameters,
		RequestContext: events.APIGatewayProxyRequestContext{
			Stage:             stage,
			DomainName:        f.domainName,
			DomainPrefix:      f.domainPrefix(),
			RequestID:         f.requestID,
			ExtendedRequestID: f.requestID,
			Protocol:          protocol,
			Identity: events.APIGatewayRequestIdentity{
				SourceIP:  f.sourceIP,
				UserAgent: f.headers.Get("User-Agent"),
			},
			ResourcePath:     r.endpoint,
			Path:             f.path,
			HTTPMethod:       f.method,
			RequestTime:      f.time.UTC().Format(timeLayout),
			RequestTimeEpoch: f.time.UnixMilli(),
		},
	}}
	if len(f.body) > 0 {
		var body string
		body, event.IsBase64Encoded = f.encodedBody(isTextForREST)
		event.Body = &body
	}
	return event
}

// lastAndAll are the last value and all values of each name, nil for no names.
func lastAndAll(values map[string][]string) (last map[string]string, all map[string][]string) {
	if len(values) == 0 {
		return nil, nil
	}
	last, all = make(map[string]string, len(values)), make(map[string][]string, len(values))
	for name, vs := range values {
		if len(vs) > 0 {
			last[name], all[name] = vs[len(vs)-1], vs
		}
	}
	return last, all
}

// httpRequest is API Gateway's event of version 2.0, without the certificate that
// the type of aws-lambda-go has in every event, and API Gateway where there is one.
type httpRequest struct {
	events.APIGatewayV2HTTPRequest
	RequestContext httpRequestContext `json:"requestContext"`
}

type httpRequestContext struct {
	events.APIGatewayV2HTTPRequestContext
	Authentication *events.APIGatewayV2HTTPRequestContextAuthentication `json:"authentication,omitempty"`
}

func (f *facts) version2(r *route) httpRequest {
	event := httpRequest{
		APIGatewayV2HTTPRequest: events.APIGatewayV2HTTPRequest{
			Version:               "2.0",
			RouteKey:              r.key,
			RawPath:               f.path,
			RawQueryString:        f.rawQuery,
			Cookies:               cookies(f.headers["Cookie"]),
			Headers:               make(map[string]string, len(f.headers)),
			QueryStringParameters: make(map[string]string, len(f.query)),
			PathParameters:        f.pathParameters,
		},
		RequestContext: httpRequestContext{APIGatewayV2HTTPRequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey:     r.key,
			Stage:        stage,
			RequestID:    f.requestID,
			DomainName:   f.domainName,
			DomainPrefix: f.domainPrefix(),
			Time:         f.time.UTC().Format(timeLayout),
			TimeEpoch:    f.time.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method:    f.method,
				Path:      unescaped(f.path),
				Protocol:  protocol,
				SourceIP:  f.sourceIP,
				UserAgent: f.headers.Get("User-Agent"),
			},
		}},
	}
	for name, values := range f.headers {
		if name != "Cookie" && len(values) > 0 {
			event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	for name, values := range f.query {
		event.QueryStringParameters[name] = strings.Join(values, ",")
	}
	if len(f.body) > 0 {
		event.Body, event.IsBase64Encoded = f.encodedBody(isText)
	}
	return event
}

// cookies are the cookies of Cookie headers, one by one, as they stand there.
func cookies(headers []string) (list []string) {
	for _, h := range headers {
		for c := range strings.SplitSeq(h, ";") {
			if c = strings.TrimSpace(c); c != "" {
				list = append(list, c)
			}
		}
	}
	return list
}

// domainPrefix is the first label of the domain name. An address has none.
func (f *facts) domainPrefix() string {
	if net.ParseIP(f.domainName) != nil {
		return ""
	}
	prefix, _, _ := strings.Cut(f.domainName, ".")
	return prefix
}

// unescaped is a path without its percent-encoding.
func unescaped(path string) string {
	if p, err := url.PathUnescape(path); err == nil {
		return p
	}
	return path // the url_pattern's own spelling
}

// encodedBody is the body as a string, and whether that is base64. What is text is for
// the content type to say, and for the bytes to be.
func (f *facts) encodedBody(isText func(mediaType string) bool) (body string, isBase64 bool) {
	if f.headers.Get("Content-Encoding") == "" && isText(mediaType(f.headers.Get("Content-Type"))) && utf8.Valid(f.body) {
		return string(f.body), false
	}
	return base64.StdEncoding.EncodeToString(f.body), true
}

// mediaType is a content type without its parameters.
func mediaType(contentType string) string {
	m, _, err := mime.ParseMediaType(contentType)
	if err != nil { // of the parameters
		m, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	return strings.TrimSpace(m)
}

// isText tells the media types whose bodies API Gateway's HTTP APIs hand on as they
// are, and those that are JSON or XML by their suffix. A form, and what has no type, is
// base64 there, as it is for an Application Load Balancer.
func isText(mediaType string) bool {
	switch mediaType {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
}

// isTextForREST adds what functions for REST APIs, which hand on every body as text
// unless they are told otherwise, may count on.
func isTextForREST(mediaType string) bool {
	return mediaType == "" || mediaType == "application/x-www-form-urlencoded" || isText(mediaType)
}

// hopByHop are the headers that are about a connection, not about what is sent over
// it. Source: RFC 9110, section 7.6.1, and what proxies treat like them.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// ofTheRouter are the headers that KrakenD's routers write themselves.
var ofTheRouter = map[string]bool{"X-Forwarded-For": true, "X-Forwarded-Host": true, "X-Forwarded-Via": true}

// endToEnd is a copy of a request's headers under their canonical names, without those
// that are hop-by-hop. What a client's Connection header names stays: it could name the
// headers that KrakenD and its components have added.
//
// A header may stand there under several spellings: those that the configuration gives
// it, and those that a component writes. The canonical one is KrakenD's where its routers
// write it, and else that of the client, which gives way.
func endToEnd(headers map[string][]string) http.Header {
	h := make(http.Header, len(headers)+1)
	for name, values := range headers {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if _, known := h[canonical]; !known || (name == canonical) == ofTheRouter[canonical] {
			h[canonical] = values
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	return h
}

// marshal encodes what always encodes: maps, lists and strings.
func marshal(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // or each < would be six bytes
	_ = enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// ofOthers are the params that KrakenD's own parts set, which have capitals as
// placeholders have: claims of a token, and values of an earlier reply.
var ofOthers = regexp.MustCompile(`^(JWT\.|Resp\d+_)`)

// pathParameters are the placeholders of the endpoint, under the names that it gives
// them, nil for none. What other components have set is no part of the path.
func (n placeholderNames) pathParameters(params map[string]string) map[string]string {
	var parameters map[string]string
	for name, value := range params {
		if !n.may(name) || ofOthers.MatchString(name) {
			continue
		}
		if parameters == nil {
			parameters = make(map[string]string, len(params))
		}
		parameters[n.original(name)] = value
	}
	return parameters
}
