package config

import (
	"math/rand/v2"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestEndpoint(t *testing.T) {
	for _, endpoint := range []string{
		"http://127.0.0.1", "http://127.0.0.1:4566", "https://127.0.0.1:4566/", "http://0.0.0.0:1", "http://255.255.255.255:65535",
		"http://localhost:4566", "https://lambda.us-west-2.amazonaws.com", "https://lambda.us-west-2.amazonaws.com.", "HTTPS://Lambda.Example:443",
		"http://my_stack:4566", "http://localstack-1:4566", "http://1password.example", "http://4566.example", "http://a", "http://xn--bcher-kva.example", "http://1.2.3.4.example",
		"http://[::]", "http://[::1]:4566", "http://[2001:db8::1]/a", "http://[2001:DB8:0:0:0:0:0:1]:80", "http://[1:2:3:4:5:6:7::]",
		"http://localhost/", "http://localhost/a/b", "http://localhost//a", "http://localhost/a%20b%2Fc", "http://localhost/~a/b;c=d,e:f@g/(h)!$&'*+._-",
	} {
		if err := CheckEndpoint(endpoint); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestEndpointErrors(t *testing.T) {
	const (
		notAURL = "must be an http or https URL such as http://127.0.0.1:4566"
		broken  = notAURL + "; this one cannot be parsed"
		query   = "must not have a query or a fragment"
		escape  = "has a path with characters that must be escaped, as %20 is for a space"
	)
	noPort := func(port string) string {
		return "has the port '" + port + "', which is not a number from 1 to 65535"
	}
	noHost := func(host string) string {
		return "has the host '" + host + "', which is neither a host name nor an IP address"
	}
	for _, tc := range []struct{ endpoint, want string }{
		{"localhost", notAURL + `, is 'localhost'`},
		{"localhost:4566", notAURL + `, is 'localhost:4566'`},
		{"127.0.0.1:4566", broken},
		{"//localhost", notAURL + `, is '//localhost'`},
		{"http:localhost", notAURL + `, is 'http:localhost'`},
		{"http:/localhost", notAURL + `, is 'http:/localhost'`},
		{"http://", notAURL + `, is 'http://'`},
		{"http:///path", notAURL + `, is 'http:///path'`},
		{"http://:4566", notAURL + `, is 'http://:4566'`},
		{"ftp://localhost", notAURL + `, is 'ftp://localhost'`},
		{"httpss://localhost", notAURL + `, is 'httpss://localhost'`},
		{" http://localhost", broken},
		{"http://localhost\n", broken},
		{"http://a b", broken},
		{"http://%zz", broken},
		{"http://[::1", broken},
		{"http://[::1%25eth0]:4566", noHost("[::1%eth0]:4566")},
		{"http://[::ffff:127.0.0.1]", noHost("[::ffff:127.0.0.1]")},
		{"http://localhost:http", broken},
		{"http://me@localhost", "must not carry a user or a password"},
		{"http://me:hunter2@localhost", "must not carry a user or a password"},
		{"me:hunter2@localhost", notAURL},
		{"http://localhost?token=hunter2", query},
		{"http://localhost/?", query},
		{"http://localhost/#", query},
		{"http://localhost#hunter2", query},
		{"http://localhost:", "must have a port after the colon"},
		{"http://localhost:0", noPort("0")},
		{"http://localhost:080", noPort("080")},
		{"http://localhost:65536", noPort("65536")},
		{"http://[::1]:65536", noPort("65536")},
		{"http://127.0.0.256", noHost("127.0.0.256")},
		{"http://127.0.0.01:80", noHost("127.0.0.01:80")},
		{"http://127.0.0", noHost("127.0.0")},
		{"http://1.2.3.4.5", noHost("1.2.3.4.5")},
		{"http://2130706433", noHost("2130706433")},
		{"http://a..b", noHost("a..b")},
		{"http://.a", noHost(".a")},
		{"http://a!b", noHost("a!b")},
		{"http://bücher.example", noHost("bücher.example")},
		{"http://%6c", broken},
		{"http://localhost/a b", escape},
		{"http://localhost/ä", escape},
		{`http://localhost/a"b`, escape},
		{"http://localhost/%2", broken},
		{"http://localhost/{function}", escape},
	} {
		switch err := CheckEndpoint(tc.endpoint); {
		case err == nil:
			t.Errorf("%q: got no error, want %q", tc.endpoint, tc.want)
		case err.Error() != tc.want:
			t.Errorf("%q: got %q, want %q", tc.endpoint, err, tc.want)
		}
	}
}

// The grammar of ports matches exactly the numbers from 1 to 65535.
func TestEndpointPorts(t *testing.T) {
	for n := range 70_000 {
		if got, want := validPort.MatchString(strconv.Itoa(n)), 1 <= n && n <= 65535; got != want {
			t.Fatalf("%d: got %t, want %t", n, got, want)
		}
	}
}

// An address in brackets must be an IPv6 address for the standard library, without an IPv4 part.
func TestEndpointIPv6(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{"0", "1", "abcd", "FFFF", "12345", "g", "127.0.0.1", ""}
	counts := map[bool]int{}
	for range 10_000 {
		var b strings.Builder
		for i, n := 0, r.IntN(10); i <= n; i++ {
			if i > 0 {
				b.WriteString([]string{":", ":", ":", ":", ":", "::"}[r.IntN(6)])
			}
			b.WriteString(pieces[min(r.IntN(40), r.IntN(len(pieces)))])
		}
		s := b.String()
		address, err := netip.ParseAddr(s)
		want := err == nil && address.Is6() && !strings.Contains(s, ".")
		counts[want]++
		if got := authority.MatchString("[" + s + "]"); got != want {
			t.Errorf("seed %d: %q: got %t, want %t", seed, s, got, want)
		}
	}
	if counts[true] < 200 || counts[false] < 200 {
		t.Errorf("got %d valid addresses and %d invalid ones, want at least 200 of each", counts[true], counts[false])
	}
}

// FuzzEndpoint checks that net/url, and so the SDK, reads the same scheme, host, port and path from
// an accepted endpoint.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{
		"http://127.0.0.1:4566", "https://localhost/a%2Fb", "http://[::1]:80", "http://me:hunter2@a", "http://a/@b:c", "HTTP://a.b.", "http://1.2.3", "http://a:65536", "http://a?b", "http://a//b/..", "http://[::ffff:1.2.3.4]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		err := CheckEndpoint(endpoint)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("%q: an error of more than one line: %q", endpoint, err)
			}
			return
		}
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatalf("%q: %v", endpoint, err)
		}
		if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
			t.Errorf("%q: got %#v", endpoint, u)
		}
		if again := u.Scheme + "://" + u.Host + u.EscapedPath(); !strings.EqualFold(again, endpoint) {
			t.Errorf("%q: is %q for net/url", endpoint, again)
		}
	})
}
