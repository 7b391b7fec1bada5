package apigw

import "strings"

// restEvent writes the members of API Gateway's event of version 1.0, as in aws-lambda-go's
// APIGatewayProxyRequest. Where that type omits a member or writes an empty string, restEvent
// writes false or null as API Gateway does: JavaScript can parse a null body, but not a missing
// one.
func (a *API) restEvent(o *jsonObject, in *input) {
	var room [usual]field
	o.text("resource", a.route.resource)
	o.text("path", in.path)
	o.text("httpMethod", in.Method)
	headers := sorted(room[:0], in.headers)
	o.fields("headers", headers, (*jsonObject).last)
	o.fields("multiValueHeaders", headers, (*jsonObject).list)
	if query := sorted(room[:0], in.query); len(query) > 0 {
		o.fields("queryStringParameters", query, (*jsonObject).last)
		o.fields("multiValueQueryStringParameters", query, (*jsonObject).list)
	} else {
		o.null("queryStringParameters", "multiValueQueryStringParameters")
	}
	o.textsOrNull("pathParameters", in.PathParameters)
	o.textsOrNull("stageVariables", a.settings.StageVariables)

	o.begin("requestContext")
	o.text("accountId", a.settings.AccountID)
	o.text("resourceId", "")
	o.text("stage", a.settings.Stage)
	o.text("domainName", in.domainName)
	o.text("domainPrefix", domainPrefix(in.domainName))
	o.text("requestId", in.requestID)
	o.text("extendedRequestId", in.requestID)
	o.text("protocol", protocol)
	o.text("resourcePath", a.route.resource)
	o.text("path", in.path)
	o.text("httpMethod", in.Method)
	o.text("requestTime", in.Time.UTC().Format(timeLayout))
	o.int("requestTimeEpoch", in.Time.UnixMilli())
	o.text("apiId", a.settings.APIID)
	o.identity(in)
	if in.Claims != nil {
		o.begin("authorizer")
		o.claims(in.Claims)
		o.end()
	} else {
		o.null("authorizer")
	}
	o.end()

	isBase64 := false
	if len(in.Body) > 0 {
		isBase64 = o.body(a, in)
	} else {
		o.null("body")
	}
	o.bool("isBase64Encoded", isBase64)
}

// identity writes the members that API Gateway and the types of @types/aws-lambda have. KrakenD
// knows only two of them; the others are null.
func (o *jsonObject) identity(in *input) {
	o.begin("identity")
	o.null("accessKey", "accountId", "apiKey", "apiKeyId", "caller", "clientCert", "cognitoAuthenticationProvider",
		"cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId")
	o.text("sourceIp", in.sourceIP)
	o.null("user")
	o.text("userAgent", in.userAgent)
	o.null("userArn")
	o.end()
}

// claims writes the claims that a JWT authorizer validated.
func (o *jsonObject) claims(claims map[string]string) {
	o.texts("claims", claims)
	if words := scopes(claims); words != nil {
		o.name("scopes")
		o.list(words)
	} else {
		o.null("scopes")
	}
}

// textsOrNull writes an object of strings, or null for nil.
func (o *jsonObject) textsOrNull(name string, values map[string]string) {
	if values == nil {
		o.null(name)
		return
	}
	o.texts(name, values)
}

// scopes returns the words of the claim scope, or nil. Source: RFC 8693, section 4.2.
func scopes(claims map[string]string) []string {
	if words := strings.Fields(claims["scope"]); len(words) > 0 {
		return words
	}
	return nil
}
