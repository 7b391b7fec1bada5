package apigw

import (
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// restRequest is API Gateway's event of version 1.0. Where the type of aws-lambda-go leaves
// a member out or has an empty string, API Gateway has false and null: a function in
// JavaScript that parses the body of a GET parses a null, not nothing.
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

// restAuthorizer is what a JWT authorizer has found.
type restAuthorizer struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"`
}

func (a *API) restEvent(in *input) []byte {
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

// scopes returns the words of the claim scope, nil where there are none. Source: RFC 8693,
// section 4.2.
func scopes(claims map[string]string) []string {
	if words := strings.Fields(claims["scope"]); len(words) > 0 {
		return words
	}
	return nil
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
