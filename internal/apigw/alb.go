package apigw

import "strings"

// albEvent writes the members of an Application Load Balancer's event, as in aws-lambda-go's
// ALBTargetGroupRequest. Without query strings it writes an empty object, which that type omits.
// Source:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func (a *API) albEvent(o *jsonObject, in *input) {
	var room [usual]field
	o.text("httpMethod", in.Method)
	o.text("path", in.path)
	query, headers, write := "queryStringParameters", "headers", (*jsonObject).last
	if a.settings.MultiValueHeaders {
		query, headers, write = "multiValueQueryStringParameters", "multiValueHeaders", (*jsonObject).list
	}
	o.fields(headers, lowered(room[:0], in.headers), write)
	o.begin("requestContext")
	o.begin("elb")
	o.text("targetGroupArn", a.settings.TargetGroupARN)
	o.end()
	o.end()
	o.fields(query, sorted(room[:0], encodedQuery(in.rawQuery)), write)
	isBase64 := o.body(a, in)
	o.bool("isBase64Encoded", isBase64)
}

// encodedQuery splits a query string into its parameters. Their names and values stay
// percent-encoded, as load balancers leave them. KrakenD does not tell how a client wrote a
// space: encodedQuery writes %20, since adapters such as @fastify/aws-lambda do not decode a
// plus.
func encodedQuery(raw string) map[string][]string {
	query := make(map[string][]string)
	for pair := range strings.SplitSeq(strings.ReplaceAll(raw, "+", "%20"), "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			query[name] = append(query[name], value)
		}
	}
	return query
}
