package text

import (
	"encoding/base64"
	"html"
	"net/url"
	"strings"
	"testing"
)

func TestRepeats(t *testing.T) {
	const secret = "IQoJb3JpZ2luX2VjEXAMPLEnot/a+token=="
	for _, tc := range []struct {
		name, a, b string
		want       bool
	}{
		{"nothing", "", "", false},
		{"the whole text", "the token " + secret + " is bad", secret, true},
		{"16 bytes", "the token " + secret[3:19] + "… is bad", secret, true},
		{"15 bytes", "the token " + secret[3:18] + "… is bad", secret, false},
		{"the last 16 bytes", secret[len(secret)-16:], secret, true},
		{"several short parts", secret[:8] + " " + secret[8:16] + " " + secret[16:24], secret, false},
		{"in the second of two places", secret[:10] + " " + secret[:16], secret, true},
		{"in base64", "got SVFvSmIzSnBaMmx1WDJWakVYQU1QTEVub3QvYSt0b2tlbj09", secret, true},
		{"in base64 after other characters", "x/" + base64.RawURLEncoding.EncodeToString([]byte("a "+secret)), secret, true},
		{"in base64 before another character", base64.RawStdEncoding.EncodeToString([]byte(secret)) + "x", secret, true},
		{"in base64 for URLs", "az8-az8_az8-az8_az8-az8_", "k?>k??k?>k??k?>k??", true},
		{"a short text in base64", "got cGluPTEyMzQ=", "pin=1234", true},
		{"in URL encoding", "got%20%7B%22a%22%3A%22b%22%2C%22c%22%3A%22d%22%7D", `{"a":"b","c":"d"}`, true},
		{"in URL encoding, from its start", "%7B%22a%22%3A%22b%22%2C%22c%22%3A%22d%22%7D", `{"a":"b","c":"d"}`, true},
		{"in HTML, from its start", "&quot;a&quot;:&quot;b&quot;,&#34;c&#34;:1", `{"a":"b","c":1}`, true},
		{"escapes, from the start", `\u00e9t\u00e9, \u00e9t\u00e9, hiver`, "été, été, hiver", true},
		{"escapes, from the start of the other", "été, été, hiver", `\u00e9t\u00e9, \u00e9t\u00e9, hiver`, true},
		{"with a percent sign", "100% of 4111-1111-1111-1111 %zz", "4111-1111-1111-1111", true},
		{"in HTML", "<p>{&quot;a&quot;:&quot;b&quot;,&#34;c&#34;:1}", `{"a":"b","c":1}`, true},
		{"JSON in JSON in JSON", `{\\\"card\\\":\\\"4111-1111\\\"}`, `{"card":"4111-1111"}`, true},
		{"without escapes", "the name Zoë \U0001f375 & Jörg is bad", `{"name":"Zo\u00eb \ud83c\udf75 \u0026 J\u00F6rg"}`, true},
		{"with escapes in the message", `the name Zo\u00eb \ud83c\udf75 \u0026 J\u00f6rg is bad`, "Zoë \U0001f375 & Jörg", true},
		{"with invalid escapes", `C:\users\ud83c\udf\`, "C:users\ufffdudf", true},
		{"half of a surrogate pair", `\ud83cABCDEFGHIJKLM`, "\ufffdABCDEFGHIJKLM", true},
		{"an escape at the end", `hiver, automne \u00e9`, "hiver, automne é", true},
		{"lines", "one line of it\nand another", `{"text":"one line of it\nand another"}`, true},
		{"with escapes", `{\"card\":\"4111-1111\"}`, `{"card":"4111-1111"}`, true},
		{"a short text, whole", "line 1: pin=1234", "pin=1234", true},
		{"a short text, in part", "line 1: pin=123", "pin=1234", false},
		{"a text that is too short", "a pin=123", "pin=123", false},
		{"a longer second text", secret, strings.Repeat("x", 1001) + secret + strings.Repeat("x", 1001), true},
		{"in base64, with the first and last of its letters and digits", strings.Repeat("azAZ09+/", 3), "k0\x19\xd3\xdf\xbfk0\x19\xd3\xdf\xbf", true},
		{"all short escapes", `one: \b\f\n\r\t`, "one: \b\f\n\r\t", true},
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
	f.Add(`0123456789\u00e4\\"0123456789`, []byte(`0123456789\u00e4\\"0123456789`))
	f.Add("0123456789abcdef", []byte("x0123456789abcdex0123456789abcdef"))
	f.Fuzz(func(t *testing.T, a string, b []byte) {
		if len(a) < minRun || len(b) < minRun {
			return
		}
		want := false
		for i := range len(a) - minRun + 1 {
			want = want || strings.Contains(string(b), a[i:i+minRun])
		}
		if got := shares([]byte(a), b); got != want {
			t.Errorf("%q, %q: got %t, want %t", a, b, got, want)
		}
		// Repeats finds it in every form.
		for name, form := range map[string]string{
			"itself": a, "in URL encoding": url.PathEscape(a), "in HTML": html.EscapeString(a),
			"in base64": "xyz" + base64.StdEncoding.EncodeToString([]byte(a)),
		} {
			if want && !Repeats(form, b) {
				t.Errorf("%q, %q: not found %s: %q", a, b, name, form)
			}
		}
	})
}

func BenchmarkRepeats(b *testing.B) {
	payload := []byte(strings.Repeat(`{"tea":"assam","n":12345},`, 6<<20/26))
	message := strings.Repeat("Could not parse the request body into JSON. ", 20)
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if Repeats(message, payload) {
			b.Fatal("got false, want true")
		}
	}
}

func BenchmarkRepeatsSecret(b *testing.B) {
	secret := []byte(strings.Repeat("IQoJb3JpZ2luX2VjEXAMPLEnot/a+token", 20))
	for b.Loop() {
		if Repeats("Rate exceeded for the function my-function-of-some-length", secret) {
			b.Fatal("got false, want true")
		}
	}
}
