package apigw

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// albRequest is the event of an Application Load Balancer. Where there are no query strings it
// has an empty object, which the type of aws-lambda-go leaves out. An event has one of the two
// members for query strings; the pointer to the other one is nil. Source:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
type albRequest struct {
	events.ALBTargetGroupRequest
	QueryStringParameters           *map[string]string   `json:"queryStringParameters,omitempty"`
	MultiValueQueryStringParameters *map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
}

func (a *API) albEvent(in *input) []byte {
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

// encodedQuery splits a query string into its parameters, whose names and values stay
// percent-encoded as load balancers leave them. KrakenD does not tell how a client wrote a
// space: it is %20 here, since adapters such as @fastify/aws-lambda do not decode a plus.
func encodedQuery(raw string) map[string][]string {
	query := make(map[string][]string)
	for pair := range strings.SplitSeq(strings.ReplaceAll(raw, "+", "%20"), "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			query[name] = append(query[name], value)
		}
	}
	return query
}
