package text

import (
	"net/http"
	"strings"
	"testing"
)

func TestHasSignature(t *testing.T) {
	for _, test := range []struct {
		code, message string
		want          bool
	}{
		{"AccessDeniedException", "User is not authorized", false},
		{"", "", false},
		{"IncompleteSignature", "", true},
		{"IncompleteSignatureException", "", true},
		{"InvalidSignatureException", "The request signature does not match", true},
		{"SignatureDoesNotMatch", "", true},
		{"BadHeader", "got AWS4-HMAC-SHA256 and no more", true},
		{"", "Credential=AKIDEXAMPLE/20261127", true},
	} {
		if got := HasSignature(test.code, test.message); got != test.want {
			t.Errorf("%s %q: got %t, want %t", test.code, test.message, got, test.want)
		}
	}
}

func TestWithoutUserinfo(t *testing.T) {
	for s, want := range map[string]string{
		"":                                       "",
		"no URL, a@b":                            "no URL, a@b",
		"https://lambda.us-west-2.amazonaws.com": "https://lambda.us-west-2.amazonaws.com",
		`Post "https://user:pass@host/": EOF`:    `Post "https://xxxxx@host/": EOF`,
		`parse "http://u:%zz@host": invalid`:     `parse "http://xxxxx@host": invalid`,
		"http://a:b@one\nhttp://c:d@two":         "http://xxxxx@one\nhttp://xxxxx@two",
	} {
		if got := WithoutUserinfo(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestRepeats(t *testing.T) {
	const secret = "IQoJb3JpZ2luX2VjEXAMPLEnot/a+token=="
	for _, tc := range []struct {
		name, a, b string
		want       bool
	}{
		{"nothing", "", "", false},
		{"all of it", "the token " + secret + " is bad", secret, true},
		{"16 bytes of it", "the token " + secret[3:19] + "… is bad", secret, true},
		{"15 bytes of it", "the token " + secret[3:18] + "… is bad", secret, false},
		{"its end", secret[len(secret)-16:], secret, true},
		{"blocks of it, each short", secret[:8] + " " + secret[8:16] + " " + secret[16:24], secret, false},
		{"the second of two places", secret[:10] + " " + secret[:16], secret, true},
		{"with escapes", `{\"card\":\"4111-1111\"}`, `{"card":"4111-1111"}`, true},
		{"a short text, whole", "line 1: pin=1234", "pin=1234", true},
		{"a short text, in part", "line 1: pin=123", "pin=1234", false},
		{"a text too short to count", "a pin=123", "pin=123", false},
		{"a longer second text", secret, strings.Repeat("x", 1001) + secret + strings.Repeat("x", 1001), true},
		{"other texts", "Rate exceeded for this function", secret, false},
	} {
		if got := Repeats(tc.a, []byte(tc.b)); got != tc.want {
			t.Errorf("%s: got %t, want %t", tc.name, got, tc.want)
		}
	}
}

func FuzzRepeats(f *testing.F) {
	f.Add("the token 0123456789abcdef", []byte("0123456789abcdef0123"))
	f.Add("aaaaaaaaaaaaaaaab", []byte("baaaaaaaaaaaaaaaa"))
	f.Add("0123456789abcdef", []byte("x0123456789abcdex0123456789abcdef"))
	f.Fuzz(func(t *testing.T, a string, b []byte) {
		if strings.Contains(a, `\`) || len(a) < minRun || len(b) < minRun {
			return
		}
		want := false
		for i := range len(a) - minRun + 1 {
			want = want || strings.Contains(string(b), a[i:i+minRun])
		}
		if got := Repeats(a, b); got != want {
			t.Errorf("%q, %q: got %t, want %t", a, b, got, want)
		}
	})
}

func BenchmarkRepeats(b *testing.B) {
	payload := []byte(strings.Repeat(`{"tea":"assam","n":12345},`, 6<<20/26))
	message := strings.Repeat("Could not parse the request body into JSON. ", 20)
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if Repeats(message, payload) {
			b.Fatal("it does not")
		}
	}
}

func TestRepeatsRequest(t *testing.T) {
	const secret = "not-a-secret-but-long-enough"
	for _, tc := range []struct {
		name string
		h    http.Header
		body string
		want bool
	}{
		{"nothing", nil, "", false},
		{"a header", http.Header{"X-Amz-Security-Token": {"x", secret}}, "", true},
		{"a header without secrets", http.Header{"X-Amz-Date": {secret}}, "", false},
		{"a form", nil, "Action=AssumeRoleWithWebIdentity&WebIdentityToken=" + secret, true},
		{"a form's other value", nil, "RoleSessionName=" + secret, false},
		{"JSON", nil, `{"refreshToken":"` + secret + `"}`, true},
		{"JSON's other value", nil, `{"grantType":"` + secret + `","token":7}`, false},
	} {
		if got := RepeatsRequest("no: "+secret, tc.h, []byte(tc.body)); got != tc.want {
			t.Errorf("%s: got %t, want %t", tc.name, got, tc.want)
		}
	}
}
