package apigw

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// eventTime is the time of all requests.
var eventTime = time.Date(2020, 3, 12, 20, 3, 58, 390_000_000, time.FixedZone("CET", 3600))

var formats = map[string]Format{"1.0": REST, "2.0": HTTP, "alb": ALB}

// eventOf returns the event of a request in a format.
func eventOf(t *testing.T, format string, r Route, s Settings, request Request) []byte {
	t.Helper()
	request.Time = eventTime
	if request.Method == "" {
		request.Method = "GET"
	}
	return NewAPI(formats[format], r, s).AppendEvent(nil, &request)
}

// decodeStrictly decodes an event. The test fails if the event has a field that the type lacks.
func decodeStrictly(t *testing.T, payload []byte, event any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(event); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
}

// order returns a request with a value in every field.
func order() (Route, Request) {
	return Route{
			URLPattern: "/v2/orders/{{.Id}}/lines?expand=all&of={{.Id}}",
			Endpoint:   "/orders/:id/lines", EndpointMethod: "put", Host: "http://shop.example.com:8000", ForwardsHost: true,
		}, Request{
			Method:         "POST",
			Params:         map[string]string{"Id": "a b/ü?c", "JWT.sub": "me", "Resp0_id": "7", "set": "by a script"},
			PathParameters: map[string]string{"id": "a b/ü?c"},
			Claims:         map[string]string{"sub": "me", "scope": "read  write"},
			Query:          map[string][]string{"tag": {"x", "y&z"}, "expand": {"none"}},
			Headers: map[string][]string{
				"X-Forwarded-For":  {"192.0.2.1"},
				"X-Forwarded-Host": {"api.example.com:8080"},
				"User-Agent":       {"curl/8"},
				"Accept":           {"text/html", "*/*"},
				"cookie":           {"a=1; b=2;", "c=\"3;\""},
				"Content-Type":     {"application/json; charset=utf-8"},
				"Content-Length":   {"999"},
				"X-Request-Id":     {"request-7"},
				"Connection":       {"keep-alive, X-Forwarded-For, X-User"},
				"X-User":           {"set by a component"},
				"Transfer-Encoding": {
					"chunked",
				},
			},
			ID:   "another-id",
			Body: []byte(`{"sku":"<mug>"}`),
		}
}

// shop has every setting.
var shop = Settings{
	AccountID: "123456789012", APIID: "a1b2c3", Stage: "prod", StageVariables: map[string]string{"table": "orders"},
	ForwardedProto: "https", ForwardedPort: "443", TargetGroupARN: "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/shop/0123456789abcdef",
}

func TestEventVersion2(t *testing.T) {
	route, r := order()
	payload := eventOf(t, "2.0", route, shop, r)
	var got events.APIGatewayV2HTTPRequest
	decodeStrictly(t, payload, &got)

	const path = "/v2/orders/a%20b%2F%C3%BC%3Fc/lines"
	want := events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RouteKey:       "PUT /orders/{id}/lines",
		RawPath:        path,
		RawQueryString: "expand=all&of=a+b%2F%C3%BC%3Fc&expand=none&tag=x&tag=y%26z",
		Cookies:        []string{"a=1", "b=2", `c="3`, `"`},
		Headers: map[string]string{
			"x-forwarded-for": "192.0.2.1", "x-forwarded-host": "api.example.com:8080", "host": "api.example.com:8080",
			"user-agent": "curl/8", "accept": "text/html,*/*", "content-type": "application/json; charset=utf-8",
			"content-length": "15", "x-request-id": "request-7", "x-user": "set by a component",
			"x-forwarded-proto": "https", "x-forwarded-port": "443",
		},
		QueryStringParameters: map[string]string{"expand": "all,none", "of": "a b/ü?c", "tag": "x,y&z"},
		PathParameters:        map[string]string{"id": "a b/ü?c"},
		StageVariables:        map[string]string{"table": "orders"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID: "123456789012", APIID: "a1b2c3",
			Authorizer: &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "me", "scope": "read  write"}, Scopes: []string{"read", "write"}},
			},
			RouteKey: "PUT /orders/{id}/lines", Stage: "prod", RequestID: "request-7", DomainName: "api.example.com", DomainPrefix: "api",
			Time: "12/Mar/2020:19:03:58 +0000", TimeEpoch: 1584039838390,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: "POST", Path: "/v2/orders/a b/ü?c/lines", Protocol: "HTTP/1.1", SourceIP: "192.0.2.1", UserAgent: "curl/8",
			},
		},
		Body: `{"sku":"<mug>"}`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if strings.Contains(string(payload), "authentication") {
		t.Errorf("an event without a client certificate has one: %s", payload)
	}
}

func TestEventVersion1(t *testing.T) {
	route, r := order()
	payload := eventOf(t, "1.0", route, shop, r)
	// The type lacks the identity's members that are null.
	var got struct {
		events.APIGatewayProxyRequest
		RequestContext struct {
			events.APIGatewayProxyRequestContext
			Identity map[string]any `json:"identity"`
		} `json:"requestContext"`
	}
	decodeStrictly(t, payload, &got)
	identity := map[string]any{
		"sourceIp": "192.0.2.1", "userAgent": "curl/8", "accessKey": nil, "accountId": nil, "apiKey": nil, "apiKeyId": nil, "caller": nil, "clientCert": nil,
		"cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil, "cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil, "user": nil, "userArn": nil,
	}
	if !reflect.DeepEqual(got.RequestContext.Identity, identity) {
		t.Errorf("got the identity %v\nwant %v", got.RequestContext.Identity, identity)
	}
	got.APIGatewayProxyRequest.RequestContext = got.RequestContext.APIGatewayProxyRequestContext

	const path = "/v2/orders/a%20b%2F%C3%BC%3Fc/lines"
	multi := map[string][]string{
		"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"api.example.com:8080"}, "Host": {"api.example.com:8080"},
		"User-Agent": {"curl/8"}, "Accept": {"text/html", "*/*"}, "Cookie": {"a=1; b=2;", "c=\"3;\""},
		"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"15"}, "X-Request-Id": {"request-7"}, "X-User": {"set by a component"},
		"X-Forwarded-Proto": {"https"}, "X-Forwarded-Port": {"443"},
	}
	last := make(map[string]string)
	for name, values := range multi {
		last[name] = values[len(values)-1]
	}
	want := events.APIGatewayProxyRequest{
		Resource: "/orders/{id}/lines", Path: path, HTTPMethod: "POST",
		Headers: last, MultiValueHeaders: multi,
		QueryStringParameters:           map[string]string{"expand": "none", "of": "a b/ü?c", "tag": "y&z"},
		MultiValueQueryStringParameters: map[string][]string{"expand": {"all", "none"}, "of": {"a b/ü?c"}, "tag": {"x", "y&z"}},
		PathParameters:                  map[string]string{"id": "a b/ü?c"},
		StageVariables:                  map[string]string{"table": "orders"},
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID: "123456789012", APIID: "a1b2c3",
			Authorizer: map[string]any{"claims": map[string]any{"sub": "me", "scope": "read  write"}, "scopes": []any{"read", "write"}},
			Stage:      "prod", DomainName: "api.example.com", DomainPrefix: "api", RequestID: "request-7", ExtendedRequestID: "request-7", Protocol: "HTTP/1.1",
			ResourcePath: "/orders/{id}/lines", Path: path, HTTPMethod: "POST",
			RequestTime: "12/Mar/2020:19:03:58 +0000", RequestTimeEpoch: 1584039838390,
		},
		Body: `{"sku":"<mug>"}`,
	}
	if !reflect.DeepEqual(got.APIGatewayProxyRequest, want) {
		t.Errorf("got  %+v\nwant %+v", got.APIGatewayProxyRequest, want)
	}
}

func TestEventALB(t *testing.T) {
	const path = "/v2/orders/a%20b%2F%C3%BC%3Fc/lines"
	multi := map[string][]string{
		"x-forwarded-for": {"192.0.2.1"}, "x-forwarded-host": {"api.example.com:8080"}, "host": {"api.example.com:8080"},
		"user-agent": {"curl/8"}, "accept": {"text/html", "*/*"}, "cookie": {"a=1; b=2;", "c=\"3;\""},
		"content-type": {"application/json; charset=utf-8"}, "content-length": {"15"}, "x-request-id": {"request-7"}, "x-user": {"set by a component"},
		"x-forwarded-proto": {"https"}, "x-forwarded-port": {"443"},
	}
	last := make(map[string]string)
	for name, values := range multi {
		last[name] = values[len(values)-1]
	}
	want := events.ALBTargetGroupRequest{
		HTTPMethod: "POST", Path: path,
		RequestContext: events.ALBTargetGroupRequestContext{ELB: events.ELBContext{TargetGroupArn: shop.TargetGroupARN}},
		Body:           `{"sku":"<mug>"}`,
	}
	for _, multiValue := range []bool{false, true} {
		if want.Headers, want.MultiValueHeaders = last, nil; multiValue {
			want.Headers, want.MultiValueHeaders = nil, multi
		}
		// Names and values stay encoded.
		if want.QueryStringParameters, want.MultiValueQueryStringParameters = map[string]string{"expand": "none", "of": "a%20b%2F%C3%BC%3Fc", "tag": "y%26z"}, nil; multiValue {
			want.QueryStringParameters = nil
			want.MultiValueQueryStringParameters = map[string][]string{"expand": {"all", "none"}, "of": {"a%20b%2F%C3%BC%3Fc"}, "tag": {"x", "y%26z"}}
		}
		route, r := order()
		settings := shop
		settings.MultiValueHeaders = multiValue
		var got events.ALBTargetGroupRequest
		decodeStrictly(t, eventOf(t, "alb", route, settings, r), &got)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("multi-value %t:\ngot  %+v\nwant %+v", multiValue, got, want)
		}
	}
}

// For what a request lacks, AWS writes nothing in 2.0, null in 1.0, and an empty object or string in
// a load balancer's event.
func TestEventOfNothing(t *testing.T) {
	for _, tc := range []struct {
		format, want string
		settings     Settings
	}{
		{format: "2.0", want: `{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"host":"localhost"},"isBase64Encoded":false,` +
			`"requestContext":{"routeKey":"$default","accountId":"","stage":"$default","requestId":"ID","apiId":"","domainName":"localhost","domainPrefix":"localhost",` +
			`"time":"12/Mar/2020:19:03:58 +0000","timeEpoch":1584039838390,` +
			`"http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"","userAgent":""}}}`},
		{format: "1.0", want: `{"resource":"$default","path":"/","httpMethod":"GET","headers":{"Host":"localhost"},"multiValueHeaders":{"Host":["localhost"]},"queryStringParameters":null,` +
			`"multiValueQueryStringParameters":null,"pathParameters":null,"stageVariables":null,` +
			`"requestContext":{"accountId":"","resourceId":"","stage":"$default","domainName":"localhost","domainPrefix":"localhost","requestId":"ID","extendedRequestId":"ID",` +
			`"protocol":"HTTP/1.1","resourcePath":"$default","path":"/","httpMethod":"GET",` +
			`"requestTime":"12/Mar/2020:19:03:58 +0000","requestTimeEpoch":1584039838390,"apiId":"",` +
			`"identity":{"accessKey":null,"accountId":null,"apiKey":null,"apiKeyId":null,"caller":null,"clientCert":null,"cognitoAuthenticationProvider":null,` +
			`"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"principalOrgId":null,"sourceIp":"","user":null,"userAgent":"","userArn":null},` +
			`"authorizer":null},"body":null,"isBase64Encoded":false}`},
		{format: "alb", want: `{"httpMethod":"GET","path":"/","headers":{"host":"localhost"},"requestContext":{"elb":{"targetGroupArn":""}},"queryStringParameters":{},"body":"","isBase64Encoded":false}`},
		{
			format: "alb", settings: Settings{MultiValueHeaders: true},
			want: `{"httpMethod":"GET","path":"/","multiValueHeaders":{"host":["localhost"]},"requestContext":{"elb":{"targetGroupArn":""}},"multiValueQueryStringParameters":{},"body":"","isBase64Encoded":false}`,
		},
	} {
		if got := string(eventOf(t, tc.format, Route{}, tc.settings, Request{ID: "ID"})); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.format, got, tc.want)
		}
	}
}

// For a token without scopes, the event has null, as API Gateway's has.
func TestEventOfATokenWithoutScopes(t *testing.T) {
	r := Request{Claims: map[string]string{"sub": "me"}}
	for format, want := range map[string]string{
		"1.0": `"authorizer":{"claims":{"sub":"me"},"scopes":null}`,
		"2.0": `"authorizer":{"jwt":{"claims":{"sub":"me"},"scopes":null}}`,
	} {
		if got := string(eventOf(t, format, Route{}, Settings{}, r)); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s in it", format, got, want)
		}
	}
}

// Our events have the shape of the sample events in aws-lambda-go.
func TestEventShape(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	samples := filepath.Join(strings.TrimSpace(string(out)), "events", "testdata")
	route := Route{URLPattern: "/hello/world", Endpoint: "/{proxy}", EndpointMethod: "POST"}

	for _, tc := range []struct {
		sample, format string
		missing        []string // what KrakenD does not know
	}{
		{"apigw-request.json", "1.0", []string{".requestContext.identity.*", ".requestContext.authorizer", ".stageVariables.*"}},
		{"apigw-restapi-openapi-request.json", "1.0", []string{
			".requestContext.identity.*", ".requestContext.authorizer", ".stageVariables.*", ".requestContext.operationName",
		}},
		{"apigw-v2-request-no-authorizer.json", "2.0", []string{".requestContext.authentication"}},
		{"apigw-v2-request-jwt-authorizer.json", "2.0", []string{".requestContext.authentication"}},
		{"alb-lambda-target-request-headers-only.json", "alb", []string{".headers.connection"}},
		{"alb-lambda-target-request-multivalue-headers.json", "alb", []string{".multiValueHeaders.connection"}},
	} {
		t.Run(tc.sample, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join(samples, tc.sample))
			if err != nil {
				t.Fatal(err)
			}
			var sample map[string]any
			if err := json.Unmarshal(file, &sample); err != nil {
				t.Fatal(err)
			}
			// The request of the sample. Body, cookies and the like are set only if the sample has them.
			r := Request{Method: "POST", Headers: map[string][]string{}, Query: map[string][]string{}}
			for name, value := range object(sample["headers"]) {
				r.Headers[http.CanonicalHeaderKey(name)] = []string{value.(string)}
			}
			for name, values := range object(sample["multiValueHeaders"]) {
				r.Headers[http.CanonicalHeaderKey(name)] = []string{fmt.Sprint(values)}
			}
			if cookies, ok := sample["cookies"].([]any); ok {
				r.Headers["Cookie"] = []string{fmt.Sprint(cookies[0])}
			}
			for name, value := range object(sample["queryStringParameters"]) {
				r.Query[name] = []string{value.(string)}
			}
			for name := range object(sample["multiValueQueryStringParameters"]) {
				r.Query[name] = []string{"x"}
			}
			if _, ok := sample["pathParameters"]; ok {
				r.PathParameters = map[string]string{"proxy": "hello/world"}
			}
			if s, ok := sample["body"].(string); ok {
				r.Body = []byte(s)
			}
			var settings Settings
			_, settings.MultiValueHeaders = sample["multiValueHeaders"]
			if variables := object(sample["stageVariables"]); variables != nil {
				settings.StageVariables = map[string]string{}
				for name := range variables {
					settings.StageVariables[name] = "x"
				}
			}
			jwt := object(object(object(sample["requestContext"])["authorizer"])["jwt"])
			if claims := object(jwt["claims"]); claims != nil {
				claims["scope"] = "scope1" // the source of the event's scopes
				r.Claims = make(map[string]string)
				for name := range claims {
					r.Claims[name] = "x"
				}
			}
			var got map[string]any
			if err := json.Unmarshal(eventOf(t, tc.format, route, settings, r), &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "isBase64Encoded") // in all events, but not in all samples
			delete(sample, "isBase64Encoded")
			for _, name := range []string{"headers", "multiValueHeaders"} { // every event has its host
				if h := object(sample[name]); h != nil && h["host"] == nil && h["Host"] == nil {
					maps.DeleteFunc(object(got[name]), func(key string, _ any) bool { return strings.EqualFold(key, "host") })
				}
			}
			checkShape(t, "", got, sample, tc.missing)
		})
	}
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }

// checkShape compares the names of fields and the types of their values.
func checkShape(t *testing.T, path string, got, want any, missing []string) {
	t.Helper()
	if slices.Contains(missing, path) {
		return
	}
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		t.Errorf("%s: got %T, want %T", path, got, want)
		return
	}
	g, w := object(got), object(want)
	fold := strings.HasSuffix(path, "eaders") // the client chooses their names
	names := make(map[string]string)
	for name := range maps.Keys(w) {
		if fold {
			names[strings.ToLower(name)] = name
		} else {
			names[name] = name
		}
	}
	unknown := slices.Contains(missing, path+".*") // null, because KrakenD does not know them
	for name, v := range g {
		if unknown && v == nil {
			delete(names, name)
			continue
		}
		key := name
		if fold {
			key = strings.ToLower(name)
		}
		original, ok := names[key]
		if !ok {
			t.Errorf("%s.%s: not in the sample", path, name)
			continue
		}
		delete(names, key)
		checkShape(t, path+"."+name, v, w[original], missing)
	}
	for name := range names {
		if p := path + "." + name; !slices.Contains(missing, p) && !unknown {
			t.Errorf("%s: only in the sample", p)
		}
	}
}
