package apigw

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
)

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
		{name: "all characters of a path", pattern: "/{{.A}}", params: map[string]string{"A": "a,b;c:d@e$f&g+h=i~j"}, path: "/a,b;c:d@e$f&g+h=i~j"},
		{name: "an asterisk", pattern: "/{{.A}}", params: map[string]string{"A": "*"}, path: "/*"},
		{name: "a percent sign", pattern: "/{{.A}}", params: map[string]string{"A": "100%zz"}, path: "/100%25zz"},
		{name: "a missing param", pattern: "/{{.Resp0_id}}", path: "/%7B%7B.Resp0_id%7D%7D"},
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
				t.Error("got a parameter without a value")
			}
			if got.RawPath != tc.path || got.RequestContext.HTTP.Path != decoded || got.RawQueryString != tc.raw {
				t.Errorf("got %q (%q) and %q, want %q (%q) and %q", got.RawPath, got.RequestContext.HTTP.Path, got.RawQueryString, tc.path, decoded, tc.raw)
			}
		})
	}
}

func TestPath(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                              "/",
		"/":                             "/",
		"teas":                          "/teas",
		"/a%20b?c={{.Id}}":              "/a%20b",
		"/{{.Shop}}/teas/{{.Id}}/notes": "/{shop}/teas/{id}/notes",
	} {
		api := NewAPI(HTTP, Route{URLPattern: pattern}, Settings{})
		for range 2 { // the first call changes nothing
			if got := api.Path(strings.ToLower); got != want {
				t.Errorf("%q: got %s, want %s", pattern, got, want)
			}
		}
	}
}

func TestEventHeaders(t *testing.T) {
	for _, tc := range []struct {
		name                string
		headers             map[string][]string
		hidden              []string
		settings            Settings
		sourceIP, userAgent string
		want                map[string]string // besides the host; nil means no check
	}{
		{
			name:    "KrakenD 1.x keeps the configuration's spelling",
			headers: map[string][]string{"x-tea": {"oolong"}, "X-TEA": {"oolong"}},
			want:    map[string]string{"x-tea": "oolong"},
		},
		{
			name:    "of several spellings, the first in sorted order",
			headers: map[string][]string{"x-amzn-trace-id": {"c"}, "X-Amzn-Trace-ID": {"a"}, "X-amzn-trace-id": {"b"}, "X-Amzn-Trace-Id": {"d"}},
			want:    map[string]string{"x-amzn-trace-id": "a"},
		},
		{
			name:     "a client cannot set its address",
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
			name:     "headers that the operator hides",
			headers:  map[string][]string{"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"a.example.com"}, "User-Agent": {"curl"}, "Accept": {"a"}},
			hidden:   []string{"X-Forwarded-For", "X-Forwarded-Host", "User-Agent"},
			sourceIP: "192.0.2.1", userAgent: "curl", want: map[string]string{"accept": "a"},
		},
		{
			name:     "protocol and port from the request",
			headers:  map[string][]string{"X-Forwarded-Proto": {"http"}, "x-forwarded-port": {"80"}},
			settings: Settings{ForwardedProto: "https", ForwardedPort: "443"},
			want:     map[string]string{"x-forwarded-proto": "http", "x-forwarded-port": "80"},
		},
		{
			name:     "protocol and port from the settings",
			settings: Settings{ForwardedProto: "https", ForwardedPort: "443"},
			want:     map[string]string{"x-forwarded-proto": "https", "x-forwarded-port": "443"},
		},
		{name: "unknown protocol and port", want: map[string]string{}},
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

// First and EndToEnd choose the same spelling of a header.
func TestFirst(t *testing.T) {
	for _, headers := range []map[string][]string{
		nil, {"X-A": nil}, {"X-A": {"1", "2"}}, {"x-a": {"1"}}, {"X-A": {"1"}, "x-a": {"2"}}, {"x-A": {"1"}, "x-a": {"2"}, "X-A": {"3"}}, {"x-A": {}, "x-a": {"2"}}, {"X-A": {"1"}, "x-a": nil},
		{"X-Forwarded-For": {"1"}, "x-forwarded-for": {"2"}, "X-FORWARDED-FOR": {"3"}}, {"x-forwarded-for": {"2"}, "X-FORWARDED-FOR": {"3"}},
		{"X-\u212aey": {"a Kelvin sign"}},
	} {
		for range 8 { // maps have no order
			for _, name := range []string{"X-A", "X-Forwarded-For", "X-Key"} {
				if got, want := First(headers, name), EndToEnd(headers).Get(name); got != want {
					t.Errorf("%q: got %q, want %q", headers, got, want)
				}
			}
		}
	}
}

// Events leave out names without values.
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

// decodeLeniently decodes an event and ignores members that the type lacks.
func decodeLeniently(t *testing.T, payload []byte, event any) {
	t.Helper()
	if err := json.Unmarshal(payload, event); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
}

// As in a load balancer's event, & and = separate names and values.
func TestEncodedQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"": "map[]", "a": "map[a:[]]", "a=": "map[a:[]]", "a=1&a=2": "map[a:[1 2]]", "a+b=%20%26&c=d=e": "map[a%20b:[%20%26] c:[d=e]]", "&&a=1&": "map[a:[1]]", "=x": "map[:[x]]",
	} {
		if got := fmt.Sprint(encodedQuery(raw)); got != want {
			t.Errorf("%q: got %s, want %s", raw, got, want)
		}
	}
}

// Applications for function URLs read cookies from the header, which lambdaurl copies.
func TestCookieHeader(t *testing.T) {
	for _, tc := range []struct {
		cookies []string
		want    string // the header Cookie
	}{
		{[]string{"basket=7; lang=en"}, "basket=7; lang=en"},
		{[]string{"basket=7", " lang=en;"}, "basket=7; lang=en"},
		{[]string{";"}, ""},
		{nil, ""},
	} {
		for setting, want := range map[bool]string{true: tc.want, false: ""} {
			var event events.LambdaFunctionURLRequest
			request := Request{Method: "GET", Time: eventTime, Headers: map[string][]string{"cookie": tc.cookies}}
			payload := NewAPI(HTTP, Route{}, Settings{CookieHeader: setting}).AppendEvent(nil, &request)
			decodeLeniently(t, payload, &event)
			got := "no request"
			application := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Cookie") })
			if _, err := lambdaurl.Wrap(application)(t.Context(), &event); err != nil || got != want {
				t.Errorf("%q with cookie_header %t: got the header %q, error %v; want %q", tc.cookies, setting, got, err, want)
			}
			if joined := strings.Join(event.Cookies, "; "); joined != tc.want {
				t.Errorf("%q with cookie_header %t: got the cookies %q", tc.cookies, setting, event.Cookies)
			}
		}
	}
}
