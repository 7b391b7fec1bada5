package apigw

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// eventTime is when all requests of these tests happen.
var eventTime = time.Date(2020, 3, 12, 20, 3, 58, 390_000_000, time.FixedZone("CET", 3600))

var formats = map[string]Format{"1.0": REST, "2.0": HTTP, "alb": ALB}

// eventOf is the event of a request in the payload format.
func eventOf(t *testing.T, format string, r Route, s Settings, request Request) []byte {
	t.Helper()
	request.Time = eventTime
	if request.Method == "" {
		request.Method = "GET"
	}
	return NewAPI(formats[format], r, s).Event(&request)
}

// decodeStrictly reads an event as a function would, and fails for a field that the
// type does not have.
func decodeStrictly(t *testing.T, payload []byte, event any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(event); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
}

// order is a request with something in every field.
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
	// The identity's members that are null are not those of the type.
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

// What a request does not have is what AWS has then: nothing in 2.0, null in 1.0, and an
// empty object or text in a load balancer's event.
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
		{format: "alb", want: `{"httpMethod":"GET","path":"/","headers":{"host":"localhost"},"requestContext":{"elb":{"targetGroupArn":""}},"isBase64Encoded":false,"body":"","queryStringParameters":{}}`},
		{
			format: "alb", settings: Settings{MultiValueHeaders: true},
			want: `{"httpMethod":"GET","path":"/","multiValueHeaders":{"host":["localhost"]},"requestContext":{"elb":{"targetGroupArn":""}},"isBase64Encoded":false,"body":"","multiValueQueryStringParameters":{}}`,
		},
	} {
		if got := string(eventOf(t, tc.format, Route{}, tc.settings, Request{ID: "ID"})); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.format, got, tc.want)
		}
	}
}

// A token without scopes has null for them, as API Gateway has.
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

// The sample events that aws-lambda-go ships are what functions are written against.
func TestEventShape(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	samples := filepath.Join(strings.TrimSpace(string(out)), "events", "testdata")
	route := Route{URLPattern: "/hello/world", Endpoint: "/{proxy}", EndpointMethod: "POST"}

	for _, tc := range []struct {
		sample, format string
		missing        []string // what KrakenD does not have
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
			// The sample's own request, and a body, a cookie and the like only where it has some.
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
				claims["scope"] = "scope1" // where the scopes of an event come from
				r.Claims = make(map[string]string)
				for name := range claims {
					r.Claims[name] = "x"
				}
			}
			var got map[string]any
			if err := json.Unmarshal(eventOf(t, tc.format, route, settings, r), &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "isBase64Encoded") // not in all samples, and in all events
			delete(sample, "isBase64Encoded")
			for _, name := range []string{"headers", "multiValueHeaders"} { // every event tells its host
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
	fold := strings.HasSuffix(path, "eaders") // whose names are the client's
	names := make(map[string]string)
	for name := range maps.Keys(w) {
		if fold {
			names[strings.ToLower(name)] = name
		} else {
			names[name] = name
		}
	}
	unknown := slices.Contains(missing, path+".*") // those that KrakenD does not know are null
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

func TestEventTarget(t *testing.T) {
	for _, tc := range []struct {
		name, pattern string
		params        map[string]string
		query         map[string][]string
		path, raw     string
	}{
		{name: "no pattern", path: "/"},
		{name: "no slash", pattern: "a", path: "/a"},
		{name: "a literal", pattern: "/a%20b/c", path: "/a%20b/c"},
		{name: "a pattern that is not encoded", pattern: "/100%", path: "/100%"},
		{name: "a trailing slash", pattern: "/a/", path: "/a/"},
		{name: "a query string", pattern: "/a?b=1&b=2", path: "/a", raw: "b=1&b=2"},
		{name: "a value that would end the path", pattern: "/{{.Id}}/b", params: map[string]string{"Id": "x?admin=1#y"}, path: "/x%3Fadmin=1%23y/b"},
		{name: "a value that would leave its segment", pattern: "/a/{{.Id}}", params: map[string]string{"Id": "../b"}, path: "/a/..%2Fb"},
		{name: "a value that would add a parameter", pattern: "/?a={{.Id}}", params: map[string]string{"Id": "1&admin=1"}, path: "/", raw: "a=1%26admin%3D1"},
		{name: "a value that looks like a placeholder", pattern: "/{{.A}}/{{.B}}", params: map[string]string{"A": "{{.B}}", "B": "b"}, path: "/%7B%7B.B%7D%7D/b"},
		{name: "what may stand in a path", pattern: "/{{.A}}", params: map[string]string{"A": "a,b;c:d@e$f&g+h=i~j"}, path: "/a,b;c:d@e$f&g+h=i~j"},
		{name: "an asterisk", pattern: "/{{.A}}", params: map[string]string{"A": "*"}, path: "/*"},
		{name: "a percent sign", pattern: "/{{.A}}", params: map[string]string{"A": "100%zz"}, path: "/100%25zz"},
		{name: "a param that is missing", pattern: "/{{.Resp0_id}}", path: "/%7B%7B.Resp0_id%7D%7D"},
		{name: "an empty param", pattern: "/a/{{.A}}/b", params: map[string]string{"A": ""}, path: "/a//b"},
		{name: "query strings, sorted", pattern: "/", query: map[string][]string{"b": {""}, "a": {"2", "1"}, "c": {}}, path: "/", raw: "a=2&a=1&b="},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got events.APIGatewayV2HTTPRequest
			decodeStrictly(t, eventOf(t, "2.0", Route{URLPattern: tc.pattern}, Settings{}, Request{Params: tc.params, Query: tc.query}), &got)
			decoded, err := url.PathUnescape(tc.path)
			if err != nil {
				decoded = tc.path
			}
			if _, ok := got.QueryStringParameters["c"]; ok && tc.query != nil {
				t.Error("got a parameter that has no value")
			}
			if got.RawPath != tc.path || got.RequestContext.HTTP.Path != decoded || got.RawQueryString != tc.raw {
				t.Errorf("got %q (%q) and %q, want %q (%q) and %q", got.RawPath, got.RequestContext.HTTP.Path, got.RawQueryString, tc.path, decoded, tc.raw)
			}
		})
	}
}

func TestEventHeaders(t *testing.T) {
	for _, tc := range []struct {
		name                string
		headers             map[string][]string
		hidden              []string
		settings            Settings
		sourceIP, userAgent string
		want                map[string]string // beside the host; nil for no check
	}{
		{
			name:    "KrakenD 1.x keeps the configuration's spelling",
			headers: map[string][]string{"x-tea": {"oolong"}, "X-TEA": {"oolong"}},
			want:    map[string]string{"x-tea": "oolong"},
		},
		{
			name:    "of other spellings the first in sorted order",
			headers: map[string][]string{"x-amzn-trace-id": {"c"}, "X-Amzn-Trace-ID": {"a"}, "X-amzn-trace-id": {"b"}, "X-Amzn-Trace-Id": {"d"}},
			want:    map[string]string{"x-amzn-trace-id": "a"},
		},
		{
			name:     "a client cannot choose its address",
			headers:  map[string][]string{"x-forwarded-for": {"6.6.6.6"}, "X-Forwarded-For": {"192.0.2.1"}, "X-FORWARDED-FOR": {"6.6.6.6"}},
			sourceIP: "192.0.2.1", want: map[string]string{"x-forwarded-for": "192.0.2.1"},
		},
		{
			name:      "the client's own User-Agent",
			headers:   map[string][]string{"user-agent": {"curl"}, "User-Agent": {"KrakenD"}},
			userAgent: "curl", want: map[string]string{"user-agent": "curl"},
		},
		{
			name:    "a component's header wins over the client's",
			headers: map[string][]string{"X-User": {"the client"}, "x-user": {"a script"}},
			want:    map[string]string{"x-user": "a script"},
		},
		{name: "a list of addresses", headers: map[string][]string{"X-Forwarded-For": {"192.0.2.1, 10.0.0.1"}}, sourceIP: "192.0.2.1"},
		{
			name: "hop-by-hop",
			headers: map[string][]string{
				"Connection": {"close"}, "Keep-Alive": {"1"}, "Te": {"trailers"}, "Upgrade": {"h2c"}, "Proxy-Authorization": {"Basic x"}, "Accept": {"a"},
			},
			want: map[string]string{"accept": "a"},
		},
		{
			name:     "what the operator does not let through",
			headers:  map[string][]string{"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"a.example.com"}, "User-Agent": {"curl"}, "Accept": {"a"}},
			hidden:   []string{"X-Forwarded-For", "X-Forwarded-Host", "User-Agent"},
			sourceIP: "192.0.2.1", userAgent: "curl", want: map[string]string{"accept": "a"},
		},
		{
			name:     "how the client reached the gateway, as the client says",
			headers:  map[string][]string{"X-Forwarded-Proto": {"http"}, "x-forwarded-port": {"80"}},
			settings: Settings{ForwardedProto: "https", ForwardedPort: "443"},
			want:     map[string]string{"x-forwarded-proto": "http", "x-forwarded-port": "80"},
		},
		{
			name:     "how the client reached the gateway, as the settings say",
			settings: Settings{ForwardedProto: "https", ForwardedPort: "443"},
			want:     map[string]string{"x-forwarded-proto": "https", "x-forwarded-port": "443"},
		},
		{name: "how the client reached the gateway is not known", want: map[string]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 8 { // maps have no order
				var got events.APIGatewayV2HTTPRequest
				decodeStrictly(t, eventOf(t, "2.0", Route{ForwardsHost: true}, tc.settings, Request{Headers: tc.headers, Hidden: tc.hidden}), &got)
				http := got.RequestContext.HTTP
				if http.SourceIP != tc.sourceIP || http.UserAgent != tc.userAgent && tc.userAgent != "" {
					t.Errorf("got %q and %q, want %q and %q", http.SourceIP, http.UserAgent, tc.sourceIP, tc.userAgent)
				}
				delete(got.Headers, "host")
				if tc.want != nil && !maps.Equal(got.Headers, tc.want) {
					t.Errorf("got headers %q, want %q", got.Headers, tc.want)
				}
			}
		})
	}
}

// First and EndToEnd take the same spelling of a header.
func TestFirst(t *testing.T) {
	for _, headers := range []map[string][]string{
		nil, {"X-A": nil}, {"X-A": {"1", "2"}}, {"x-a": {"1"}}, {"X-A": {"1"}, "x-a": {"2"}}, {"x-A": {"1"}, "x-a": {"2"}, "X-A": {"3"}}, {"x-A": {}, "x-a": {"2"}}, {"X-A": {"1"}, "x-a": nil},
		{"X-Forwarded-For": {"1"}, "x-forwarded-for": {"2"}, "X-FORWARDED-FOR": {"3"}}, {"x-forwarded-for": {"2"}, "X-FORWARDED-FOR": {"3"}},
	} {
		for range 8 { // maps have no order
			for _, name := range []string{"X-A", "X-Forwarded-For"} {
				if got, want := First(headers, name), EndToEnd(headers).Get(name); got != want {
					t.Errorf("%q: got %q, want %q", headers, got, want)
				}
			}
		}
	}
}

// A name without a value is none.
func TestEventOfNamesWithoutValues(t *testing.T) {
	r := Request{
		Query:   map[string][]string{"a": {"1"}, "b": {}, "c": nil},
		Headers: map[string][]string{"X-A": {"1"}, "X-B": {}, "X-C": nil},
	}
	var v1 events.APIGatewayProxyRequest
	decodeLeniently(t, eventOf(t, "1.0", Route{}, Settings{}, r), &v1)
	got := fmt.Sprint(v1.QueryStringParameters, v1.MultiValueQueryStringParameters, v1.Headers, v1.MultiValueHeaders)
	if want := "map[a:1] map[a:[1]] map[Host:localhost X-A:1] map[Host:[localhost] X-A:[1]]"; got != want {
		t.Errorf("1.0: got %s, want %s", got, want)
	}
	var v2 events.APIGatewayV2HTTPRequest
	decodeStrictly(t, eventOf(t, "2.0", Route{}, Settings{}, r), &v2)
	if got, want := fmt.Sprint(v2.QueryStringParameters, v2.Headers), "map[a:1] map[host:localhost x-a:1]"; got != want {
		t.Errorf("2.0: got %s, want %s", got, want)
	}
	var alb events.ALBTargetGroupRequest
	decodeStrictly(t, eventOf(t, "alb", Route{}, Settings{}, r), &alb)
	if got, want := fmt.Sprint(alb.QueryStringParameters, alb.Headers), "map[a:1] map[host:localhost x-a:1]"; got != want {
		t.Errorf("alb: got %s, want %s", got, want)
	}
}

// decodeLeniently reads an event of which not all members are in the type.
func decodeLeniently(t *testing.T, payload []byte, event any) {
	t.Helper()
	if err := json.Unmarshal(payload, event); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
}

// As in a load balancer's event, a name or value is what stands between & and =.
func TestEncodedQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"": "map[]", "a": "map[a:[]]", "a=": "map[a:[]]", "a=1&a=2": "map[a:[1 2]]", "a+b=%20%26&c=d=e": "map[a%20b:[%20%26] c:[d=e]]", "&&a=1&": "map[a:[1]]", "=x": "map[:[x]]",
	} {
		if got := fmt.Sprint(encodedQuery(raw)); got != want {
			t.Errorf("%q: got %s, want %s", raw, got, want)
		}
	}
}

func TestEventBody(t *testing.T) {
	const latin1 = "caf\xe9"
	for _, tc := range []struct {
		contentType, encoding, body string
		text                        string // the formats that have it as text
	}{
		{"application/json", "", `{}`, "1.0 2.0 alb"},
		{"application/json; charset=utf-8", "", `{}`, "1.0 2.0 alb"},
		{"Application/JSON;charset=\"utf-8\"", "", `{}`, "1.0 2.0 alb"},
		{"application/json; charset", "", `{}`, "1.0 2.0 alb"},  // does not parse
		{"application/json; a=1; a=2", "", `{}`, "1.0 2.0 alb"}, // nor does this
		{"application/vnd.api+json", "", `{}`, "1.0 2.0"},
		{"application/xml", "", `<a/>`, "1.0 2.0 alb"},
		{"application/atom+xml; type=entry", "", `<a/>`, "1.0 2.0"},
		{"application/javascript", "", `1`, "1.0 2.0 alb"},
		{"image/svg+xml", "", `<svg/>`, "1.0 2.0"},
		{"text/plain", "", "a\x00b\r\n\u2028", "1.0 2.0 alb"},
		{"text/html; charset=iso-8859-1", "", latin1, ""},
		{"application/json", "", latin1, ""},
		{"application/json", "gzip", `{}`, "1.0"},
		{"application/json", "gzip", "\x1f\x8b\x08", ""},
		{"application/graphql", "", "{ me }", "1.0"},
		{"application/x-ndjson", "", "{}\n{}\n", "1.0"},
		{"application/yaml", "", "a: 1", "1.0"},
		{"application/sql", "", "select 1", "1.0"},
		{"application/x-www-form-urlencoded", "", "a=1", "1.0"},
		{"multipart/form-data; boundary=x", "", "--x--", "1.0"},
		{"application/octet-stream", "", "a", "1.0"},
		{"image/png", "", "\x89PNG\r\n", ""},
		{"", "", "a", "1.0"},
	} {
		headers := map[string][]string{"content-type": {tc.contentType}, "Content-Encoding": {tc.encoding}}
		for format := range formats {
			checkBody(t, format, Settings{}, headers, tc.body, strings.Contains(tc.text, format))
		}
	}
}

// checkBody checks how an event holds a body.
func checkBody(t *testing.T, format string, s Settings, headers map[string][]string, body string, text bool) {
	t.Helper()
	var got struct {
		Body            string
		IsBase64Encoded bool
	}
	decodeLeniently(t, eventOf(t, format, Route{}, s, Request{Method: "POST", Headers: headers, Body: []byte(body)}), &got)
	want := body
	if !text {
		want = base64.StdEncoding.EncodeToString([]byte(body))
	}
	if got.Body != want || got.IsBase64Encoded == text {
		t.Errorf("%s, %v: got %q (%t), want %q", format, headers, got.Body, got.IsBase64Encoded, want)
	}
}

// Binary media types decide in every format, as they do for a REST API.
func TestBinaryMediaTypes(t *testing.T) {
	for _, tc := range []struct {
		types             []string
		contentType, body string
		text              bool
	}{
		{[]string{}, "image/png", "a", true},
		{[]string{}, "image/png", "\xff", false}, // no text can hold it
		{[]string{"image/png"}, "image/png", "a", false},
		{[]string{"image/png"}, "Image/PNG; q=1", "a", false},
		{[]string{"image/png"}, "image/gif", "a", true},
		{[]string{"application/json", "image/*"}, "image/gif", "a", false},
		{[]string{"image/*"}, "imagery/gif", "a", true},
		{[]string{"application/json"}, "application/json", "{}", false},
		{[]string{"*/*"}, "text/plain", "a", false},
		{[]string{"*/*"}, "", "a", false},
		{[]string{"image/*"}, "", "a", true},
	} {
		for format := range formats {
			checkBody(t, format, Settings{BinaryMediaTypes: tc.types}, map[string][]string{"Content-Type": {tc.contentType}}, tc.body, tc.text)
		}
	}
}

// FuzzEventBody checks that a body comes out of all events as it went in, whatever it
// is said to be.
func FuzzEventBody(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "application/json; charset=utf-8", "", "Id", "a/b?c", "q")
	f.Add([]byte("\xff\xfe"), "text/plain", "", "", "..", "")
	f.Add([]byte("<&>\u2028\x00"), "text/html", "gzip", "JWT.sub", "{{.Id}}", "a=b&c")
	f.Fuzz(func(t *testing.T, content []byte, contentType, encoding, param, value, query string) {
		r := Request{
			Method:  "POST",
			Params:  map[string]string{param: value, "Id": value},
			Query:   map[string][]string{"q": {query, value}},
			Headers: map[string][]string{"Content-Type": {contentType}, "Content-Encoding": {encoding}, "Cookie": {value}, "X-Forwarded-Host": {query}, "Content-Length": {"-1"}},
			Time:    eventTime,
			Body:    content,
		}
		for name, format := range formats {
			payload := NewAPI(format, Route{URLPattern: "/{{.Id}}/x?y={{.Id}}"}, Settings{}).Event(&r)
			var event struct {
				Body            *string
				IsBase64Encoded bool
				Path, RawPath   string
				RawQueryString  string
			}
			if err := json.Unmarshal(payload, &event); err != nil || !utf8.Valid(payload) {
				t.Fatalf("%v: %q", err, payload)
			}
			var got []byte
			switch {
			case event.Body == nil:
			case event.IsBase64Encoded:
				var err error
				if got, err = base64.StdEncoding.DecodeString(*event.Body); err != nil {
					t.Fatal(err)
				}
			default:
				got = []byte(*event.Body)
			}
			if !bytes.Equal(got, content) {
				t.Errorf("%s: got the body %q, want %q", name, got, content)
			}
			request, err := http.NewRequest("POST", "https://example.com"+event.Path+event.RawPath+"?"+event.RawQueryString, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := request.URL.Path; utf8.ValidString(value) && got != "/"+value+"/x" {
				t.Errorf("got the path %q, want /%q/x", got, value)
			}
			if got := request.URL.Query()["q"]; format == HTTP && utf8.ValidString(query) && !slices.Equal(got, []string{query, value}) {
				t.Errorf("got %q, want %q", got, query)
			}
		}
	})
}

// FuzzALB checks that an application which decodes the query strings of a load balancer's event
// gets what the gateway got, and that the event is JSON whatever the request has.
func FuzzALB(f *testing.F) {
	f.Add("q", "a b&c=d", "e+f", "Accept", "text/html", true)
	f.Add("", "", "%zz", "x-\xff", "\xff", false)
	f.Fuzz(func(t *testing.T, name, first, second, header, value string, multi bool) {
		payload := NewAPI(ALB, Route{}, Settings{MultiValueHeaders: multi}).Event(&Request{
			Method: "GET", Query: map[string][]string{name: {first, second}}, Headers: map[string][]string{header: {value}}, Time: eventTime,
		})
		var event struct {
			QueryStringParameters           map[string]string
			MultiValueQueryStringParameters map[string][]string
			Headers                         map[string]string
			MultiValueHeaders               map[string][]string
		}
		if err := json.Unmarshal(payload, &event); err != nil || !utf8.Valid(payload) {
			t.Fatalf("%v: %q", err, payload)
		}
		if (event.Headers == nil) != multi || (event.MultiValueHeaders == nil) == multi {
			t.Errorf("multi-value %t: got %q and %q", multi, event.Headers, event.MultiValueHeaders)
		}
		if !multi {
			event.MultiValueQueryStringParameters = make(map[string][]string)
			for name, last := range event.QueryStringParameters {
				event.MultiValueQueryStringParameters[name] = []string{last}
			}
		}
		got := make(map[string][]string)
		for name, values := range event.MultiValueQueryStringParameters {
			name, err := url.QueryUnescape(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if v, err = url.QueryUnescape(v); err != nil {
					t.Fatal(err)
				}
				got[name] = append(got[name], v)
			}
		}
		want := map[string][]string{name: {first, second}}
		if !multi {
			want[name] = []string{second}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
