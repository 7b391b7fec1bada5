package apigw

import "strings"

// httpEvent writes the members of API Gateway's event of version 2.0, as in aws-lambda-go's
// APIGatewayV2HTTPRequest, but without the certificate that this type always has, and with null
// if a token has no scopes.
func (a *API) httpEvent(o *jsonObject, in *input) {
	var room [usual]field
	o.text("version", "2.0")
	o.text("routeKey", a.route.key)
	o.text("rawPath", in.path)
	o.text("rawQueryString", in.rawQuery)
	list := cookies(in.headers["Cookie"])
	if len(list) > 0 {
		o.name("cookies")
		o.list(list)
	}
	delete(in.headers, "Cookie")
	if a.settings.CookieHeader && len(list) > 0 {
		in.headers["Cookie"] = []string{strings.Join(list, "; ")}
	}
	o.fields("headers", lowered(room[:0], in.headers), (*jsonObject).joined)
	if len(in.query) > 0 {
		o.fields("queryStringParameters", sorted(room[:0], in.query), (*jsonObject).joined)
	}
	if len(in.PathParameters) > 0 {
		o.texts("pathParameters", in.PathParameters)
	}
	if len(a.settings.StageVariables) > 0 {
		o.texts("stageVariables", a.settings.StageVariables)
	}
	isBase64 := len(in.Body) > 0 && o.body(a, in)
	o.bool("isBase64Encoded", isBase64)

	o.begin("requestContext")
	o.text("routeKey", a.route.key)
	o.text("accountId", a.settings.AccountID)
	o.text("stage", a.settings.Stage)
	o.text("requestId", in.requestID)
	o.text("apiId", a.settings.APIID)
	o.text("domainName", in.domainName)
	o.text("domainPrefix", domainPrefix(in.domainName))
	o.text("time", in.Time.UTC().Format(timeLayout))
	o.int("timeEpoch", in.Time.UnixMilli())
	o.begin("http")
	o.text("method", in.Method)
	o.text("path", unescaped(in.path))
	o.text("protocol", protocol)
	o.text("sourceIp", in.sourceIP)
	o.text("userAgent", in.userAgent)
	o.end()
	if in.Claims != nil {
		o.begin("authorizer")
		o.begin("jwt")
		o.claims(in.Claims)
		o.end()
		o.end()
	}
	o.end()
}

// cookies returns the single cookies of Cookie headers, unchanged.
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
