package apigw

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// oracle returns the event that encoding/json makes of aws-lambda-go's types.
func (a *API) oracle(r *Request) []byte {
	in := a.input(r)
	switch a.format {
	case REST:
		return a.restOracle(in)
	case ALB:
		return a.albOracle(in)
	case HTTP:
	}
	return a.httpOracle(in)
}

// httpRequest is API Gateway's event of version 2.0. Unlike aws-lambda-go's type, it lacks the
// certificate, and it has null for a token without scopes.
type httpRequest struct {
	events.APIGatewayV2HTTPRequest
	RequestContext httpRequestContext `json:"requestContext"`
}

type httpRequestContext struct {
	events.APIGatewayV2HTTPRequestContext
	Authentication *events.APIGatewayV2HTTPRequestContextAuthentication `json:"authentication,omitempty"`
	Authorizer     *httpAuthorizer                                      `json:"authorizer,omitempty"`
}

type httpAuthorizer struct {
	JWT restAuthorizer `json:"jwt"`
}

func (a *API) httpOracle(in *input) []byte {
	event := httpRequest{
		APIGatewayV2HTTPRequest: events.APIGatewayV2HTTPRequest{
			Version:               "2.0",
			RouteKey:              a.route.key,
			RawPath:               in.path,
			RawQueryString:        in.rawQuery,
			Cookies:               cookies(in.headers["Cookie"]),
			Headers:               make(map[string]string, len(in.headers)),
			QueryStringParameters: make(map[string]string, len(in.query)),
			PathParameters:        in.PathParameters,
			StageVariables:        a.settings.StageVariables,
		},
		RequestContext: httpRequestContext{APIGatewayV2HTTPRequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey:     a.route.key,
			AccountID:    a.settings.AccountID,
			APIID:        a.settings.APIID,
			Stage:        a.settings.Stage,
			RequestID:    in.requestID,
			DomainName:   in.domainName,
			DomainPrefix: domainPrefix(in.domainName),
			Time:         in.Time.UTC().Format(timeLayout),
			TimeEpoch:    in.Time.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method:    in.Method,
				Path:      unescaped(in.path),
				Protocol:  protocol,
				SourceIP:  in.sourceIP,
				UserAgent: in.userAgent,
			},
		}},
	}
	for name, values := range in.headers {
		if name != "Cookie" || a.settings.CookieHeader && event.Cookies != nil {
			if name == "Cookie" {
				values = []string{strings.Join(event.Cookies, "; ")}
			}
			event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	for name, values := range in.query {
		event.QueryStringParameters[name] = strings.Join(values, ",")
	}
	if in.Claims != nil {
		event.RequestContext.Authorizer = &httpAuthorizer{restAuthorizer{in.Claims, scopes(in.Claims)}}
	}
	event.Body, event.IsBase64Encoded = a.encodedBody(in)
	return text.JSON(event)
}

// restRequest is API Gateway's event of version 1.0. It has false and null where aws-lambda-go's
// type leaves a member out or has an empty string: a function in JavaScript that parses the body of
// a GET parses null.
type restRequest struct {
	events.APIGatewayProxyRequest
	RequestContext  restRequestContext `json:"requestContext"`
	Body            *string            `json:"body"`
	IsBase64Encoded bool               `json:"isBase64Encoded"`
}

type restRequestContext struct {
	events.APIGatewayProxyRequestContext
	Identity   restIdentity    `json:"identity"`
	Authorizer *restAuthorizer `json:"authorizer"`
}

// restIdentity has the members that API Gateway and the types of @types/aws-lambda have. KrakenD
// knows two of them; the others are null.
type restIdentity struct {
	AccessKey                     *string `json:"accessKey"`
	AccountID                     *string `json:"accountId"`
	APIKey                        *string `json:"apiKey"`
	APIKeyID                      *string `json:"apiKeyId"`
	Caller                        *string `json:"caller"`
	ClientCert                    *string `json:"clientCert"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	PrincipalOrgID                *string `json:"principalOrgId"`
	SourceIP                      string  `json:"sourceIp"`
	User                          *string `json:"user"`
	UserAgent                     string  `json:"userAgent"`
	UserArn                       *string `json:"userArn"`
}

// restAuthorizer is the result of a JWT authorizer.
type restAuthorizer struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"`
}

func (a *API) restOracle(in *input) []byte {
	headers, multiHeaders := lastAndAll(in.headers)
	query, multiQuery := lastAndAll(in.query)
	event := restRequest{
		APIGatewayProxyRequest: events.APIGatewayProxyRequest{
			Resource:                        a.route.resource,
			Path:                            in.path,
			HTTPMethod:                      in.Method,
			Headers:                         headers,
			MultiValueHeaders:               multiHeaders,
			QueryStringParameters:           query,
			MultiValueQueryStringParameters: multiQuery,
			PathParameters:                  in.PathParameters,
			StageVariables:                  a.settings.StageVariables,
		},
		RequestContext: restRequestContext{
			APIGatewayProxyRequestContext: events.APIGatewayProxyRequestContext{
				AccountID:         a.settings.AccountID,
				APIID:             a.settings.APIID,
				Stage:             a.settings.Stage,
				DomainName:        in.domainName,
				DomainPrefix:      domainPrefix(in.domainName),
				RequestID:         in.requestID,
				ExtendedRequestID: in.requestID,
				Protocol:          protocol,
				ResourcePath:      a.route.resource,
				Path:              in.path,
				HTTPMethod:        in.Method,
				RequestTime:       in.Time.UTC().Format(timeLayout),
				RequestTimeEpoch:  in.Time.UnixMilli(),
			},
			Identity: restIdentity{SourceIP: in.sourceIP, UserAgent: in.userAgent},
		},
	}
	if in.Claims != nil {
		event.RequestContext.Authorizer = &restAuthorizer{in.Claims, scopes(in.Claims)}
	}
	if len(in.Body) > 0 {
		var body string
		body, event.IsBase64Encoded = a.encodedBody(in)
		event.Body = &body
	}
	return text.JSON(event)
}

// albRequest is the event of an Application Load Balancer. Without query strings it has an empty
// object, which aws-lambda-go's type leaves out. An event has one of the two members for query
// strings; the pointer to the other one is nil. Source:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
type albRequest struct {
	events.ALBTargetGroupRequest
	QueryStringParameters           *map[string]string   `json:"queryStringParameters,omitempty"`
	MultiValueQueryStringParameters *map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
	Body                            string               `json:"body"`
	IsBase64Encoded                 bool                 `json:"isBase64Encoded"`
}

func (a *API) albOracle(in *input) []byte {
	event := albRequest{ALBTargetGroupRequest: events.ALBTargetGroupRequest{
		HTTPMethod: in.Method,
		Path:       in.path,
		RequestContext: events.ALBTargetGroupRequestContext{
			ELB: events.ELBContext{TargetGroupArn: a.settings.TargetGroupARN},
		},
	}}
	headers := make(map[string][]string, len(in.headers))
	for name, values := range in.headers {
		headers[strings.ToLower(name)] = values
	}
	query := encodedQuery(in.rawQuery)
	if a.settings.MultiValueHeaders {
		event.MultiValueHeaders, event.MultiValueQueryStringParameters = headers, &query
	} else {
		event.Headers, _ = lastAndAll(headers)
		last := make(map[string]string, len(query))
		for name, values := range query {
			last[name] = values[len(values)-1]
		}
		event.QueryStringParameters = &last
	}
	event.Body, event.IsBase64Encoded = a.encodedBody(in)
	return text.JSON(event)
}

// lastAndAll returns the last value and all values of each name, nil for no names.
func lastAndAll(values http.Header) (last map[string]string, all map[string][]string) {
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

// encodedBody returns the request's body as in events, and whether it is base64. A body that is not
// UTF-8 is base64 in every format, because JSON cannot contain it.
func (a *API) encodedBody(in *input) (body string, isBase64 bool) {
	if len(in.Body) == 0 {
		return "", false
	}
	if a.isText(in.headers) && utf8.Valid(in.Body) {
		return string(in.Body), false
	}
	return base64.StdEncoding.EncodeToString(in.Body), true
}
