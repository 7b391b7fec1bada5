package e2e

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A hostCase is what a client says of the host that it calls, and the event's.
type hostCase struct {
	head string // the request line's end, and the Host header
	host string // with its port; empty where the client names no host that a URL can hold
}

// hostCases are what Go's server lets through.
var hostCases = []hostCase{
	{"HTTP/1.1\r\nHost: api.example.com", "api.example.com"},
	{"HTTP/1.1\r\nHost: api.example.com:8443", "api.example.com:8443"},
	{"HTTP/1.1\r\nHost: 192.0.2.1:80", "192.0.2.1:80"},
	{"HTTP/1.1\r\nHost: [::1]:8080", "[::1]:8080"},
	{"HTTP/1.1\r\nHost: [2001:db8::1]", "[2001:db8::1]"},
	{"HTTP/1.0\r\nHost: api.example.com", "api.example.com"},
	{"HTTP/1.1\r\nHost: a:b", ""},
	{"HTTP/1.1\r\nHost: a:", ""},
	{"HTTP/1.1\r\nHost: :", ""},
	{"HTTP/1.1\r\nHost: [::1", ""},
	{"HTTP/1.1\r\nHost: ::1", ""},
	{"HTTP/1.1\r\nHost: [fe80::1%25eth0]", ""},
	{"HTTP/1.1\r\nHost: %zz", ""},
	{"HTTP/1.1\r\nHost: a%2Fpublic", ""},
	{"HTTP/1.1\r\nHost: ..", ""},
	{"HTTP/1.1\r\nHost: a,b", ""},
	{"HTTP/1.1\r\nHost:", ""},
	{"HTTP/1.0", ""},
	// A client's own X-Forwarded-Host and Forwarded do not count.
	{"HTTP/1.1\r\nHost: api.example.com\r\nX-Forwarded-Host: evil.example.com\r\nForwarded: host=evil.example.com", "api.example.com"},
	{"HTTP/1.1\r\nHost: :\r\nX-Forwarded-Host: evil.example.com", ""},
}

// hostFields are what Go's server lets through over HTTP/2, where it refuses no :authority but
// one with an @.
var hostFields = []struct {
	fields []field
	host   string // as in hostCase
}{
	{[]field{{":authority", "api.example.com:8443"}}, "api.example.com:8443"},
	{[]field{{":authority", "api.example.com"}, {"host", "evil.example.com"}}, "api.example.com"},
	{[]field{{"host", "api.example.com"}}, "api.example.com"},
	{[]field{{":authority", "a/public"}}, ""},
	{[]field{{":authority", "a?b"}, {"host", "evil.example.com"}}, ""},
	{[]field{{":authority", "a#b"}}, ""},
	{[]field{{":authority", `a\b`}}, ""},
	{[]field{{":authority", "a b"}}, ""},
	{[]field{{"host", "a/public"}}, ""},
	{nil, ""},
}

// hostRefused are what Go's server does not let through.
var hostRefused = []string{
	"HTTP/1.1",
	"HTTP/1.1\r\nHost: a/b",
	"HTTP/1.1\r\nHost: a?b",
	"HTTP/1.1\r\nHost: me@a",
	"HTTP/1.1\r\nHost: a b",
	"HTTP/1.1\r\nHost: a\r\nHost: b",
}

// An application builds https:// + domainName + path. A domain name that is empty or no host
// would take the first segment of the path with it, past what the gateway guards.
func TestHosts(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		// One request is an event in every format, of backends with and without a host.
		api := newLambda(t, nil)
		hosts := map[string]string{} // the backend's own, as events have it, by function
		var backends []object
		for prefix, format := range map[string]string{"rest": "1.0", "http": "2.0", "alb": "alb"} {
			for suffix, host := range map[string]string{"none": "", "own": "shop.example.com:81"} {
				function := prefix + "-" + suffix
				api.Handle(function, replies(`{"statusCode":200}`))
				backend := lambdaBackend(inFormat(api, function, format), at("/public/admin"))
				if host != "" {
					backend["host"] = list{"http://" + host}
				}
				hosts[function] = cmp.Or(host, "localhost")
				backends = append(backends, backend)
			}
		}
		gw := start(t, g, []object{with(endpoint("/hosts", backends...), all)}, options{TLS: true})

		checkHosts := func(name any, host string) {
			t.Helper()
			for function, want := range hosts {
				if host != "" && g.forwardsHost {
					want = host
				}
				got := hostOf(t, onlyCall(t, api, function).Payload)
				if got.host != want {
					t.Errorf("%s, %q: got the host %q, want %q", function, name, got.host, want)
				}
				u, err := url.Parse("https://" + got.domainName + got.path)
				if err != nil || u.Path != "/public/admin" || u.Host != got.domainName || got.domainName != withoutPort(want) {
					t.Errorf("%s, %q: got the domain name %q and the path %q, which make the URL %v (%v)", function, name, got.domainName, got.path, u, err)
				}
			}
			api.Reset()
		}
		for _, tc := range hostCases {
			if got := gw.spelled(t, "GET /hosts "+tc.head+"\r\nConnection: close\r\n\r\n"); got.status != http.StatusOK {
				t.Errorf("%q: got %d", tc.head, got.status)
			}
			checkHosts(tc.head, tc.host)
		}
		for _, tc := range hostFields {
			if !gw.spelledHTTP2(t, append([]field{{":path", "/hosts"}}, tc.fields...)...) {
				t.Errorf("%q: got no answer", tc.fields)
			}
			checkHosts(tc.fields, tc.host)
		}

		for _, head := range hostRefused {
			if got := gw.spelled(t, "GET /hosts "+head+"\r\nConnection: close\r\n\r\n"); got.status != http.StatusBadRequest {
				t.Errorf("%q: got %d, want 400", head, got.status)
			}
		}
		if gw.spelledHTTP2(t, field{":path", "/hosts"}, field{":authority", "me@a"}) {
			t.Error("got an answer for an :authority with a user")
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got %d calls, want none", len(calls))
		}
	})
}

// An eventHost is what an event of any format tells of the host.
type eventHost struct{ host, domainName, path string }

// hostOf reads an event. An ALB's has no domainName, so that applications take its host.
func hostOf(t *testing.T, payload []byte) eventHost {
	t.Helper()
	var event struct {
		Headers           map[string]string   `json:"headers"`
		MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
		RawPath           string              `json:"rawPath"`
		Path              string              `json:"path"`
		RequestContext    struct {
			DomainName string `json:"domainName"`
			ELB        any    `json:"elb"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		t.Fatal(err)
	}
	got := eventHost{domainName: event.RequestContext.DomainName, path: event.RawPath + event.Path}
	for name, value := range event.Headers {
		if strings.EqualFold(name, "Host") {
			got.host += value // one header, whatever its case
		}
	}
	for name, values := range event.MultiValueHeaders {
		if strings.EqualFold(name, "Host") && (len(values) != 1 || values[0] != got.host) {
			t.Errorf("got %s: %q beside %q", name, values, got.host)
		}
	}
	if event.RequestContext.ELB != nil {
		got.domainName = withoutPort(got.host)
	}
	return got
}

// withoutPort is a host without its port, brackets included.
func withoutPort(host string) string {
	return strings.TrimSuffix(host, ":"+(&url.URL{Host: host}).Port())
}
