package backend

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// eventTime is when all requests of these tests happen.
var eventTime = time.Date(2020, 3, 12, 20, 3, 58, 390_000_000, time.FixedZone("CET", 3600))

// eventOf is the payload that a backend with the payload format makes of a request.
func eventOf(t *testing.T, format string, spec Spec, r *Request) []byte {
	t.Helper()
	var payload []byte
	spec.Settings = ns(map[string]any{"function_name": "f", "payload_format": format, "response_format": "plain"})
	b := NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(_ aws.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		payload = bytes.Clone(in.Payload)
		return &lambda.InvokeOutput{}, nil
	})}).New(spec)
	b.now = func() time.Time { return eventTime }
	if _, err := invoke(t.Context(), b, r); err != nil {
		t.Fatal(err)
	}
	return payload
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

func bodyOf(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// order is a request with something in every field.
func order() (Spec, *Request) {
	return Spec{
			URLPattern: "/v2/orders/{{.Id}}/lines?expand=all&of={{.Id}}", Method: "post",
			Endpoint: "/orders/:id/lines", EndpointMethod: "PUT", Host: []string{"http://shop.example.com:8000"}, ForwardsHost: true,
		}, &Request{
			Params: map[string]string{"Id": "a b/ü?c", "JWT.sub": "me", "Resp0_id": "7", "set": "by a script"},
			Query:  map[string][]string{"tag": {"x", "y&z"}, "expand": {"none"}},
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
			Body: bodyOf(`{"sku":"<mug>"}`),
		}
}

func TestEventVersion2(t *testing.T) {
	spec, r := order()
	payload := eventOf(t, "2.0", spec, r)
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
		},
		QueryStringParameters: map[string]string{"expand": "all,none", "of": "a b/ü?c", "tag": "x,y&z"},
		PathParameters:        map[string]string{"id": "a b/ü?c"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "PUT /orders/{id}/lines", Stage: "$default", RequestID: "request-7", DomainName: "api.example.com", DomainPrefix: "api",
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
	if strings.Contains(string(payload), "authentication") || strings.Contains(string(payload), "authorizer") {
		t.Errorf("an event without a client certificate and an authorizer has them: %s", payload)
	}
}

func TestEventVersion1(t *testing.T) {
	spec, r := order()
	payload := eventOf(t, "1.0", spec, r)
	var got events.APIGatewayProxyRequest
	decodeStrictly(t, payload, &got)

	const path = "/v2/orders/a%20b%2F%C3%BC%3Fc/lines"
	multi := map[string][]string{
		"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"api.example.com:8080"}, "Host": {"api.example.com:8080"},
		"User-Agent": {"curl/8"}, "Accept": {"text/html", "*/*"}, "Cookie": {"a=1; b=2;", "c=\"3;\""},
		"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"15"}, "X-Request-Id": {"request-7"}, "X-User": {"set by a component"},
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
		RequestContext: events.APIGatewayProxyRequestContext{
			Stage: "$default", DomainName: "api.example.com", DomainPrefix: "api", RequestID: "request-7", ExtendedRequestID: "request-7", Protocol: "HTTP/1.1",
			Identity:     events.APIGatewayRequestIdentity{SourceIP: "192.0.2.1", UserAgent: "curl/8"},
			ResourcePath: "/orders/{id}/lines", Path: path, HTTPMethod: "POST",
			RequestTime: "12/Mar/2020:19:03:58 +0000", RequestTimeEpoch: 1584039838390,
		},
		Body: `{"sku":"<mug>"}`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What a request does not have is what API Gateway has then: nothing in 2.0, null in
// 1.0.
func TestEventOfNothing(t *testing.T) {
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	for format, want := range map[string]string{
		"2.0": `{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{},"isBase64Encoded":false,` +
			`"requestContext":{"routeKey":"$default","accountId":"","stage":"$default","requestId":"ID","apiId":"","domainName":"","domainPrefix":"",` +
			`"time":"12/Mar/2020:19:03:58 +0000","timeEpoch":1584039838390,` +
			`"http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"","userAgent":""}}}`,
		"1.0": `{"resource":"$default","path":"/","httpMethod":"GET","headers":null,"multiValueHeaders":null,"queryStringParameters":null,` +
			`"multiValueQueryStringParameters":null,"pathParameters":null,"stageVariables":null,` +
			`"requestContext":{"accountId":"","resourceId":"","stage":"$default","domainName":"","domainPrefix":"","requestId":"ID","extendedRequestId":"ID",` +
			`"protocol":"HTTP/1.1","identity":{"sourceIp":"","userAgent":""},"resourcePath":"$default","path":"/","authorizer":null,"httpMethod":"GET",` +
			`"requestTime":"12/Mar/2020:19:03:58 +0000","requestTimeEpoch":1584039838390,"apiId":""},"body":null,"isBase64Encoded":false}`,
	} {
		payload := eventOf(t, format, Spec{}, &Request{})
		if got := id.ReplaceAllString(string(payload), "ID"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", format, got, want)
		}
		if other := eventOf(t, format, Spec{}, &Request{}); bytes.Equal(other, payload) {
			t.Errorf("%s: two requests have one id", format)
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
	spec := Spec{URLPattern: "/hello/world", Method: "POST", Endpoint: "/{proxy}", EndpointMethod: "POST"}

	for _, tc := range []struct {
		sample, format string
		missing        []string // what KrakenD does not have
	}{
		{"apigw-request.json", "1.0", []string{".requestContext.identity.*", ".requestContext.authorizer", ".stageVariables"}},
		{"apigw-restapi-openapi-request.json", "1.0", []string{
			".requestContext.identity.*", ".requestContext.authorizer", ".stageVariables", ".requestContext.operationName",
		}},
		{"apigw-v2-request-no-authorizer.json", "2.0", []string{".requestContext.authentication"}},
		{"apigw-v2-request-jwt-authorizer.json", "2.0", []string{".requestContext.authentication", ".requestContext.authorizer", ".stageVariables"}},
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
			r := &Request{Headers: map[string][]string{}, Query: map[string][]string{}, Params: map[string]string{}}
			for name, value := range sample["headers"].(map[string]any) {
				r.Headers[http.CanonicalHeaderKey(name)] = []string{value.(string)}
			}
			if cookies, ok := sample["cookies"].([]any); ok {
				r.Headers["Cookie"] = []string{fmt.Sprint(cookies[0])}
			}
			for name, value := range object(sample["queryStringParameters"]) {
				r.Query[name] = []string{value.(string)}
			}
			if _, ok := sample["pathParameters"]; ok {
				r.Params["Proxy"] = "hello/world"
			}
			if s, ok := sample["body"].(string); ok {
				r.Body = bodyOf(s)
			}
			var got map[string]any
			if err := json.Unmarshal(eventOf(t, tc.format, spec, r), &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "isBase64Encoded") // not in all samples, and in all events
			delete(sample, "isBase64Encoded")
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
	for name, v := range g {
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
		if p := path + "." + name; !slices.Contains(missing, p) && !slices.Contains(missing, path+".*") {
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
			decodeStrictly(t, eventOf(t, "2.0", Spec{URLPattern: tc.pattern}, &Request{Params: tc.params, Query: tc.query}), &got)
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
		name                        string
		headers                     map[string][]string
		host                        []string
		unknown                     bool // the framework does not tell the name that the client called
		sourceIP, userAgent, domain string
		want                        map[string]string // nil for no check
	}{
		{
			name:    "KrakenD 1.x keeps the configuration's spelling",
			headers: map[string][]string{"x-tea": {"oolong"}, "X-TEA": {"oolong"}},
			want:    map[string]string{"x-tea": "oolong"},
		},
		{
			name:     "a client cannot choose its address",
			headers:  map[string][]string{"x-forwarded-for": {"6.6.6.6"}, "X-Forwarded-For": {"192.0.2.1"}},
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
		{name: "the backend's host", host: []string{"http://one.example.com:81", "http://two.example.com"}, domain: "one.example.com"},
		{name: "a host without a scheme", host: []string{"one.example.com:81"}, domain: "one.example.com"},
		{name: "a host that is none", host: []string{"http://%zz"}, domain: ""},
		{name: "an IPv6 address", headers: map[string][]string{"X-Forwarded-Host": {"[::1]:8080"}}, domain: "::1"},
		{
			name:    "a client cannot choose the name",
			headers: map[string][]string{"X-Forwarded-Host": {"evil.example.com"}}, unknown: true,
			host: []string{"http://one.example.com"}, domain: "one.example.com",
			want: map[string]string{"x-forwarded-host": "evil.example.com"},
		},
		{
			name:    "the client's own Host",
			headers: map[string][]string{"Host": {"a.example.com"}, "X-Forwarded-Host": {"b.example.com"}}, domain: "b.example.com",
			want: map[string]string{"host": "a.example.com", "x-forwarded-host": "b.example.com"},
		},
		{
			name: "hop-by-hop",
			headers: map[string][]string{
				"Connection": {"close"}, "Keep-Alive": {"1"}, "Te": {"trailers"}, "Upgrade": {"h2c"}, "Proxy-Authorization": {"Basic x"}, "Accept": {"a"},
			},
			want: map[string]string{"accept": "a"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 8 { // maps have no order
				var got events.APIGatewayV2HTTPRequest
				decodeStrictly(t, eventOf(t, "2.0", Spec{Host: tc.host, ForwardsHost: !tc.unknown}, &Request{Headers: tc.headers}), &got)
				http := got.RequestContext.HTTP
				if http.SourceIP != tc.sourceIP || http.UserAgent != tc.userAgent && tc.userAgent != "" || got.RequestContext.DomainName != tc.domain {
					t.Errorf("got %q, %q and %q, want %q, %q and %q", http.SourceIP, http.UserAgent, got.RequestContext.DomainName, tc.sourceIP, tc.userAgent, tc.domain)
				}
				if tc.want != nil && !maps.Equal(got.Headers, tc.want) {
					t.Errorf("got headers %q, want %q", got.Headers, tc.want)
				}
			}
		})
	}
}

// A name without a value is none.
func TestEventOfNamesWithoutValues(t *testing.T) {
	r := &Request{
		Query:   map[string][]string{"a": {"1"}, "b": {}, "c": nil},
		Headers: map[string][]string{"X-A": {"1"}, "X-B": {}, "X-C": nil},
	}
	var v1 events.APIGatewayProxyRequest
	decodeStrictly(t, eventOf(t, "1.0", Spec{}, r), &v1)
	got := fmt.Sprint(v1.QueryStringParameters, v1.MultiValueQueryStringParameters, v1.Headers, v1.MultiValueHeaders)
	if want := "map[a:1] map[a:[1]] map[X-A:1] map[X-A:[1]]"; got != want {
		t.Errorf("1.0: got %s, want %s", got, want)
	}
	var v2 events.APIGatewayV2HTTPRequest
	decodeStrictly(t, eventOf(t, "2.0", Spec{}, r), &v2)
	if got, want := fmt.Sprint(v2.QueryStringParameters, v2.Headers), "map[a:1] map[x-a:1]"; got != want {
		t.Errorf("2.0: got %s, want %s", got, want)
	}
}

// Where the endpoint is not known, what else KrakenD sets is told by its name.
func TestPathParametersOfAnUnknownEndpoint(t *testing.T) {
	var got events.APIGatewayV2HTTPRequest
	decodeStrictly(t, eventOf(t, "2.0", Spec{}, &Request{Params: map[string]string{
		"Id": "7", "Response": "a placeholder", "JWT.sub": "me", "Resp0_id": "8", "Resp12_a.b": "9", "canary": "f",
	}}), &got)
	if want := map[string]string{"id": "7", "response": "a placeholder"}; !maps.Equal(got.PathParameters, want) {
		t.Errorf("got %q, want %q", got.PathParameters, want)
	}
}

func TestEventBody(t *testing.T) {
	const latin1 = "caf\xe9"
	for _, tc := range []struct {
		contentType, encoding, body string
		text                        bool // in 2.0
	}{
		{"application/json", "", `{}`, true},
		{"application/json; charset=utf-8", "", `{}`, true},
		{"Application/JSON;charset=\"utf-8\"", "", `{}`, true},
		{"application/json; charset", "", `{}`, true},  // does not parse
		{"application/json; a=1; a=2", "", `{}`, true}, // nor does this
		{"application/vnd.api+json", "", `{}`, true},
		{"application/xml", "", `<a/>`, true},
		{"application/atom+xml; type=entry", "", `<a/>`, true},
		{"application/javascript", "", `1`, true},
		{"image/svg+xml", "", `<svg/>`, true},
		{"text/plain", "", "a\x00b\r\n\u2028", true},
		{"text/html; charset=iso-8859-1", "", latin1, false},
		{"application/json", "", latin1, false},
		{"application/json", "gzip", `{}`, false},
		{"application/x-www-form-urlencoded", "", "a=1", false},
		{"multipart/form-data; boundary=x", "", "--x--", false},
		{"application/octet-stream", "", "a", false},
		{"image/png", "", "\x89PNG\r\n", false},
		{"", "", "a", false},
	} {
		headers := map[string][]string{"content-type": {tc.contentType}, "Content-Encoding": {tc.encoding}}
		spec := Spec{Method: "POST"}
		encoded := func(text bool) string {
			if text {
				return tc.body
			}
			return base64.StdEncoding.EncodeToString([]byte(tc.body))
		}
		text1 := tc.text || tc.contentType == "" || tc.contentType == "application/x-www-form-urlencoded"
		var v1 events.APIGatewayProxyRequest
		decodeStrictly(t, eventOf(t, "1.0", spec, &Request{Headers: headers, Body: bodyOf(tc.body)}), &v1)
		var v2 events.APIGatewayV2HTTPRequest
		decodeStrictly(t, eventOf(t, "2.0", spec, &Request{Headers: headers, Body: bodyOf(tc.body)}), &v2)
		if want := encoded(text1); v1.Body != want || v1.IsBase64Encoded == text1 {
			t.Errorf("1.0, %s %s: got %q (%t), want %q", tc.contentType, tc.encoding, v1.Body, v1.IsBase64Encoded, want)
		}
		if want := encoded(tc.text); v2.Body != want || v2.IsBase64Encoded == tc.text {
			t.Errorf("2.0, %s %s: got %q (%t), want %q", tc.contentType, tc.encoding, v2.Body, v2.IsBase64Encoded, want)
		}
	}
}

// FuzzEventBody checks that a body comes out of both events as it went in, whatever it
// is said to be.
func FuzzEventBody(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "application/json; charset=utf-8", "", "Id", "a/b?c", "q")
	f.Add([]byte("\xff\xfe"), "text/plain", "", "", "..", "")
	f.Add([]byte("<&>\u2028\x00"), "text/html", "gzip", "JWT.sub", "{{.Id}}", "a=b&c")
	f.Fuzz(func(t *testing.T, content []byte, contentType, encoding, param, value, query string) {
		b := &Backend{method: "POST", now: func() time.Time { return eventTime }, route: routeOf(Spec{URLPattern: "/{{.Id}}/x?y={{.Id}}"})}
		r := &Request{
			Params:  map[string]string{param: value, "Id": value},
			Query:   map[string][]string{"q": {query, value}},
			Headers: map[string][]string{"Content-Type": {contentType}, "Content-Encoding": {encoding}, "Cookie": {value}, "X-Forwarded-Host": {query}, "Content-Length": {"-1"}},
		}
		for _, format := range []PayloadFormat{Version1, Version2} {
			b.cfg.PayloadFormat = format
			payload := b.event(r, content)
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
				t.Errorf("%d: got the body %q, want %q", format, got, content)
			}
			request, err := http.NewRequest("POST", "https://example.com"+event.Path+event.RawPath+"?"+event.RawQueryString, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := request.URL.Path; utf8.ValidString(value) && got != "/"+value+"/x" {
				t.Errorf("got the path %q, want /%q/x", got, value)
			}
			if got := request.URL.Query()["q"]; format == Version2 && utf8.ValidString(query) && !slices.Equal(got, []string{query, value}) {
				t.Errorf("got %q, want %q", got, query)
			}
		}
	})
}
