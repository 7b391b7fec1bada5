package apigw

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// httpRequest is API Gateway's event of version 2.0, without the certificate that the type of
// aws-lambda-go has in every event, and with null where a token has no scopes.
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

func (a *API) httpEvent(in *input) []byte {
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
		if name != "Cookie" {
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

// cookies returns the cookies of Cookie headers, one by one, as they stand there.
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
