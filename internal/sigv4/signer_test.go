package sigv4

import (
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"
)

// signed compares our signature of a request with the signature of the SDK's signer. It returns
// false if ours does not sign the request.
func signed(t *testing.T, r *http.Request, body []byte, value credentials.Value, region string, now time.Time) bool {
	t.Helper()
	request.SanitizeHostForHeader(r) // as the SDK does before it signs
	want := r.Clone(t.Context())
	delete(want.Header, authorizationHeader) // otherwise the SDK would use the current time
	before := maps.Clone(r.Header)
	if _, err := v4.NewSigner(credentials.NewStaticCredentialsFromCreds(value)).Sign(want, bytes.NewReader(body), "lambda", region, now); err != nil {
		t.Fatal(err)
	}

	digest := sha256.Sum256(body)
	if err := NewSigner(region, "lambda").Sign(r, &digest, &Credentials{value.AccessKeyID, value.SecretAccessKey, value.SessionToken}, now, new(Values)); err != nil {
		for _, name := range []string{authorizationHeader, dateHeader, tokenHeader} {
			delete(r.Header, name)
			delete(before, name)
		}
		if !maps.EqualFunc(r.Header, before, func(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }) {
			t.Errorf("not signed, but changed: %v", r.Header)
		}
		return false
	}
	for name := range want.Header {
		if got, want := r.Header[name], want.Header[name]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if len(r.Header) != len(want.Header) {
		t.Errorf("got %v, want %v", r.Header, want.Header)
	}
	if r.URL.String() != want.URL.String() {
		t.Errorf("the SDK would send it to %s, we to %s", want.URL, r.URL)
	}
	return true
}

func TestSignature(t *testing.T) {
	for _, tc := range []struct {
		name   string
		url    string
		header http.Header
		token  string
		body   string
		fails  bool // our signer does not sign it
	}{
		{name: "only the host"},
		{name: "a body", body: `{"a":1}`},
		{name: "a token", token: "t/o=k+e n"},
		{name: "a replaced token", token: "new", header: http.Header{tokenHeader: {"old"}}},
		{name: "a second attempt", header: http.Header{dateHeader: {"20200101T000000Z"}, authorizationHeader: {"AWS4-HMAC-SHA256 x"}}},
		{name: "headers", header: http.Header{"Content-Length": {"7"}, "X-Amz-Log-Type": {"Tail"}, "X-Amz-Client-Context": {"e30="}, "A": {"b"}, "Zz": {""}}},
		{name: "headers that are not signed", header: http.Header{"User-Agent": {"x"}, "X-Amzn-Trace-Id": {"Root=1"}}},
		{name: "spaces", header: http.Header{"A": {"  a   b  c ", "\t d", "", "   "}, "B": {"   "}}},
		{name: "names with a common prefix", header: http.Header{"X-A": {"1"}, "X-A-B": {"2"}, "X": {"3"}, "X-": {"4"}, "X_a": {"5"}}},
		{name: "headers in unusual spellings", header: http.Header{"x-lower": {"1"}, "X-UPPER": {"2"}}},
		{name: "more than usual", header: func() http.Header {
			h := make(http.Header)
			for c := range 30 {
				h["X-"+string(rune('A'+c))] = []string{strings.Repeat("v", 200)}
			}
			return h
		}()},
		{name: "an ARN", url: "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations"},
		{name: "a qualifier", url: "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/f/invocations?Qualifier=%24LATEST"},
		{name: "the port of the scheme", url: "http://localhost:80/f"},
		{name: "another port", url: "http://localhost:4566/f"},
		{name: "no path", url: "http://localhost:4566"},
		{name: "a path that is escaped", url: "http://localhost/a%20b/%C3%A9/(x)/~f"},

		{name: "a header in two spellings", header: http.Header{"X-A": {"1"}, "x-a": {"2"}}, fails: true},
		{name: "the host as a header", header: http.Header{"Host": {"x"}}, fails: true},
		{name: "a digest in the request", header: http.Header{digestHeader: {"UNSIGNED-PAYLOAD"}}, fails: true},
		{name: "two parameters", url: "http://localhost/f?a=1&b=2", fails: true},
		{name: "a parameter without a value", url: "http://localhost/f?a", fails: true},
		{name: "a parameter in another spelling", url: "http://localhost/f?a=b+c", fails: true},
		{name: "a parameter that is not UTF-8", url: "http://localhost/f?a=%zz", fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.url == "" {
				tc.url = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/my-function/invocations"
			}
			r, err := http.NewRequest(http.MethodPost, tc.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tc.header != nil {
				r.Header = tc.header
			}
			value := credentials.Value{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret", SessionToken: tc.token}
			if signed(t, r, []byte(tc.body), value, "us-east-1", time.Date(2026, 2, 28, 23, 59, 59, 999, time.FixedZone("", -3600))) == tc.fails {
				t.Errorf("signed: %t, want %t", !tc.fails, tc.fails)
			}
		})
	}
}

// Our signer does not sign a URL without a host and a path.
func TestSignatureOfAnOpaqueURL(t *testing.T) {
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Scheme: "http", Opaque: "//localhost/a/b", Host: "localhost"}, Header: make(http.Header)}
	if signed(t, r, nil, credentials.Value{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "x"}, "us-east-1", time.Now()) {
		t.Error("it is signed, want an error")
	}
}

// Signing the next attempt does not change the headers of the last one: its connection may still
// read them.
func TestSignatureOfTheNextAttempt(t *testing.T) {
	r, _ := http.NewRequest(http.MethodPost, "http://localhost/f", nil)
	value := credentials.Value{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret", SessionToken: "a"}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	signed(t, r, nil, value, "us-east-1", now)
	sent, was := maps.Clone(r.Header), r.Header.Clone()

	value.SessionToken = "b"
	signed(t, r, nil, value, "us-east-1", now.Add(time.Second))
	for name := range was {
		if sent[name][0] != was[name][0] {
			t.Errorf("%s has changed to %s", was[name], sent[name])
		}
		if r.Header[name][0] == was[name][0] {
			t.Errorf("%s is still %s", name, was[name])
		}
	}

	value.SessionToken = ""
	digest := sha256.Sum256(nil)
	if err := NewSigner("us-east-1", "lambda").Sign(r, &digest, &Credentials{AccessKeyID: value.AccessKeyID, SecretAccessKey: value.SecretAccessKey}, now, new(Values)); err != nil {
		t.Fatal(err)
	}
	if r.Header[tokenHeader] != nil {
		t.Error("the token of the other credentials is still there")
	}
}

// A used signer makes the same signatures as a new one, in the same second and later.
func TestSignaturesOfOneSigner(t *testing.T) {
	c := Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}
	digest := sha256.Sum256(nil)
	sign := func(s *Signer, now time.Time) http.Header {
		r, _ := http.NewRequest(http.MethodPost, "http://localhost/f", nil)
		if err := s.Sign(r, &digest, &c, now, new(Values)); err != nil {
			t.Fatal(err)
		}
		return r.Header
	}
	one := NewSigner("us-east-1", "lambda")
	for _, second := range []int64{0, 0, 1_700_000_000, 1_700_000_000, 1_700_000_001, 1_700_100_000, 1_700_000_000} {
		now := time.Unix(second, 0)
		got, want := sign(one, now), sign(NewSigner("us-east-1", "lambda"), now)
		if !maps.EqualFunc(got, want, slices.Equal) || got.Get("X-Amz-Date") != now.UTC().Format("20060102T150405Z") {
			t.Errorf("at %d: got %v, want %v", second, got, want)
		}
	}
}

// A signer keeps a key for one secret and one day in UTC.
func TestSigningKeyIsKept(t *testing.T) {
	s := NewSigner("us-east-1", "lambda")
	day := time.Date(2026, 1, 1, 23, 0, 0, 0, time.UTC)
	key := s.key("not-a-secret", day)
	for _, same := range []time.Time{day.In(time.FixedZone("", 7200)), day.Add(time.Minute)} {
		if s.key("not-a-secret", same) != key {
			t.Errorf("derived again at %v", same)
		}
	}
	for secret, at := range map[string]time.Time{"not-a-secret": day.Add(time.Hour), "another": day} {
		if got := s.key(secret, at); got == key || got.secret != secret || !strings.HasPrefix(got.name, at.Format("20060102/")) {
			t.Errorf("%s, %s: got the key of another scope", secret, at)
		}
		s.key("not-a-secret", day)
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/f/invocations?Qualifier=%24LATEST", "X-Amz-Log-Type", "Tail", "X-Amz-Client-Context", " a  b ", "AKIDEXAMPLE", "not-a-secret", "", "us-east-1", []byte("{}"), int64(1700000000))
	f.Add("http://localhost:4566/a%20b", "x-a", "", "X-A", "\t", "a", "", "token", "", []byte(nil), int64(0))
	f.Add("http://[::1]:80", "Host", "a", "User-Agent", "b", "", "s", "t", "eu-west-1", []byte{0, 255}, int64(-1))
	f.Fuzz(func(t *testing.T, target, name1, value1, name2, value2, id, secret, token, region string, body []byte, seconds int64) {
		r, err := http.NewRequest(http.MethodPost, target, io.NopCloser(bytes.NewReader(body)))
		now := time.Unix(seconds, 0).UTC()
		switch {
		case err != nil:
			t.Skip("not a URL: such an endpoint is a bad configuration")
		case r.URL.Opaque != "":
			t.Skip("an opaque URL: the SDK's signer panics on those with few slashes; see TestSignatureOfAnOpaqueURL")
		case now.Year() < 0 || now.Year() > 9999:
			t.Skip("a year without four digits: the format of X-Amz-Date has four")
		case !isToken.MatchString(name1) || !isToken.MatchString(name2):
			t.Skip("not a header name: net/http would not send it")
		case id == "" || secret == "":
			t.Skip("no credentials: the SDK's signer refuses them, and calls without credentials end before they are signed")
		}
		r.Header = http.Header{name1: {value1, value2}, name2: {value2}}
		value := credentials.Value{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}
		signed(t, r, body, value, region, now)
	})
}

// isToken matches the name of a header. Source: RFC 9110, section 5.6.2.
var isToken = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
