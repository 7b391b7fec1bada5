package apigw

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// Every format has the host that the client called, for each Host that Go's server accepts.
func TestEventHost(t *testing.T) {
	label, longest := strings.Repeat("a", 63), strings.Repeat("a.", 126)+"a"
	for _, tc := range []struct {
		name       string
		forwarded  string // X-Forwarded-Host; "-" for none
		unknown    bool   // the framework does not tell the host that the client called
		backend    string
		host       string
		domainName string
		prefix     string
	}{
		{name: "a name", forwarded: "api.example.com", host: "api.example.com", domainName: "api.example.com", prefix: "api"},
		{name: "a name and a port", forwarded: "api.example.com:8080", host: "api.example.com:8080", domainName: "api.example.com", prefix: "api"},
		{name: "one label", forwarded: "api", host: "api", domainName: "api", prefix: "api"},
		{name: "the longest label", forwarded: label, host: label, domainName: label, prefix: label},
		{name: "the longest name", forwarded: longest, host: longest, domainName: longest, prefix: "a"},
		{name: "a dot at its end", forwarded: "api.example.com.", host: "api.example.com.", domainName: "api.example.com.", prefix: "api"},
		{name: "an underscore", forwarded: "my_api:80", host: "my_api:80", domainName: "my_api", prefix: "my_api"},
		{name: "an IPv4 address", forwarded: "127.0.0.1:8080", host: "127.0.0.1:8080", domainName: "127.0.0.1"},
		{name: "an IPv6 address", forwarded: "[::1]", host: "[::1]", domainName: "[::1]"},
		{name: "an IPv6 address and a port", forwarded: "[2001:DB8::1]:8080", host: "[2001:DB8::1]:8080", domainName: "[2001:DB8::1]"},

		// Hosts that a URL cannot contain, or that would change its host or path.
		{name: "a port that is not a number", forwarded: "a:b", host: "localhost", domainName: "localhost", prefix: "localhost"},
		{name: "a colon", forwarded: ":", backend: "http://shop:81", host: "shop:81", domainName: "shop", prefix: "shop"},
		{name: "no port after the colon", forwarded: "a:", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a port above 65535", forwarded: "a:65536", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a signed port", forwarded: "a:+1", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an unclosed bracket", forwarded: "[::1", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "text after a bracket", forwarded: "[::1]a", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an IPv4 address in brackets", forwarded: "[127.0.0.1]", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an IPv6 address without brackets", forwarded: "::1", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a zone", forwarded: "[fe80::1%eth0]", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a percent sign", forwarded: "%zz", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "escaped", forwarded: "a%2Fb", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a path", forwarded: "a/b", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a user", forwarded: "me@a", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a query", forwarded: "a?b", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a fragment", forwarded: "a#b", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a backslash", forwarded: `a\b`, backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a space", forwarded: "a b", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a list", forwarded: "a, b", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an empty label", forwarded: "a..b", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a dot", forwarded: ".", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "two dots", forwarded: "..", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a number", forwarded: "8080", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an address of too few parts", forwarded: "1.2.3", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an address of too many parts", forwarded: "1.2.3.4.5", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a hexadecimal address", forwarded: "a.0x7f", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "not hexadecimal", forwarded: "0x", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a long label", forwarded: strings.Repeat("a", 64), backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "a long name", forwarded: strings.Repeat("a.", 127) + "a", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "not ASCII", forwarded: "bücher.example", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "an empty Host", forwarded: "", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},
		{name: "no Host", forwarded: "-", backend: "http://shop", host: "shop", domainName: "shop", prefix: "shop"},

		{name: "a client cannot choose the name", forwarded: "evil.example.com", unknown: true, backend: "http://one.example.com:81", host: "one.example.com:81", domainName: "one.example.com", prefix: "one"},
		{name: "a backend without a scheme", forwarded: "-", backend: "one.example.com:81", host: "one.example.com:81", domainName: "one.example.com", prefix: "one"},
		{name: "a backend with a path", forwarded: "-", backend: "https://one.example.com/a", host: "one.example.com", domainName: "one.example.com", prefix: "one"},
		{name: "a backend at an address", forwarded: "-", backend: "http://[::1]:81", host: "[::1]:81", domainName: "[::1]"},
		{name: "a backend with an invalid host", forwarded: "-", backend: "http://%zz", host: "localhost", domainName: "localhost", prefix: "localhost"},
		{name: "a backend without a host", forwarded: "a:b", unknown: true, host: "localhost", domainName: "localhost", prefix: "localhost"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// Over HTTP/2 a client can send a Host header besides :authority.
			r := Request{Headers: map[string][]string{"Host": {"evil.example.com"}}}
			if tc.forwarded != "-" {
				r.Headers["X-Forwarded-Host"] = []string{tc.forwarded}
			}
			route := Route{Host: tc.backend, ForwardsHost: !tc.unknown}
			var v2 events.APIGatewayV2HTTPRequest
			decodeStrictly(t, eventOf(t, "2.0", route, Settings{}, r), &v2)
			if c := v2.RequestContext; c.DomainName != tc.domainName || c.DomainPrefix != tc.prefix || v2.Headers["host"] != tc.host {
				t.Errorf("2.0: got %q, %q and %q, want %q, %q and %q", c.DomainName, c.DomainPrefix, v2.Headers["host"], tc.domainName, tc.prefix, tc.host)
			}
			var v1 events.APIGatewayProxyRequest
			decodeLeniently(t, eventOf(t, "1.0", route, Settings{}, r), &v1)
			if c := v1.RequestContext; c.DomainName != tc.domainName || c.DomainPrefix != tc.prefix || v1.Headers["Host"] != tc.host || len(v1.MultiValueHeaders["Host"]) != 1 {
				t.Errorf("1.0: got %q, %q and %q, want %q, %q and %q", c.DomainName, c.DomainPrefix, v1.MultiValueHeaders["Host"], tc.domainName, tc.prefix, tc.host)
			}
			var alb events.ALBTargetGroupRequest
			decodeStrictly(t, eventOf(t, "alb", route, Settings{}, r), &alb)
			if alb.Headers["host"] != tc.host {
				t.Errorf("alb: got %q, want %q", alb.Headers["host"], tc.host)
			}
		})
	}
}

// FuzzHost checks that a URL that an application makes from an event has the event's host and path,
// for any Host of the client.
func FuzzHost(f *testing.F) {
	for _, seed := range []string{"a.example.com:80", "a:b", ":", "[::1", "[::1]:8080", "%zz", "", "a/b", "a@b", "0x7f.1", "..", "a\\b", "xn--bcher-kva.example"} {
		f.Add(seed, "http://shop:81")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, forwarded, backend string) {
		r := Request{Headers: map[string][]string{"X-Forwarded-Host": {forwarded}}}
		var got events.APIGatewayV2HTTPRequest
		decodeStrictly(t, eventOf(t, "2.0", Route{URLPattern: "/public/admin", Host: backend, ForwardsHost: true}, Settings{}, r), &got)
		for _, host := range []string{got.RequestContext.DomainName, got.Headers["host"]} {
			u, err := url.Parse("https://" + host + got.RawPath)
			if err != nil || u.Host != host || u.Path != "/public/admin" || u.User != nil {
				t.Errorf("%q: got the URL %v, %v", host, u, err)
			}
			if _, err := http.NewRequest("GET", u.String(), nil); err != nil {
				t.Error(err)
			}
		}
	})
}
