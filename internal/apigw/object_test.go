package apigw

import (
	"strings"
	"testing"
)

// plain replaces the escapes of U+FFFD: encoding/json of Go 1.27 does not escape the one that replaces
// an invalid byte.
var plain = strings.NewReplacer(`\ufffd`, "\ufffd")

// Events have the same bytes as those of encoding/json.
func TestEventIsThatOfEncodingJSON(t *testing.T) {
	route, r := order()
	r.Time = eventTime
	binary, unscoped := r, r
	binary.Body = []byte("text, but for\xff\x00")
	unscoped.Claims = map[string]string{"sub": "me"}
	for name, r := range map[string]Request{"order": r, "binary": binary, "no scopes": unscoped, "nothing": {}, "many headers": manyHeaders()} {
		for format := range formats {
			for _, s := range []Settings{{}, shop, {MultiValueHeaders: true}, {CookieHeader: true}, {BinaryMediaTypes: []string{"*/*"}}} {
				api := NewAPI(formats[format], route, s)
				if got, want := string(api.AppendEvent(nil, &r)), string(api.oracle(&r)); got != want {
					t.Errorf("%s, %s\ngot  %s\nwant %s", name, format, got, want)
				}
			}
		}
	}
}

// FuzzEvent compares the bytes of events with those of encoding/json.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"a":"\n"}`), "application/json", "X-A", "a", "b", "a/b", "a=1; b=2", "sub", uint8(0))
	f.Add([]byte("\xff<&>\u2028"), "text/plain", "traceparent", "\xff", "é\u2029", "", "", "scope", uint8(1))
	f.Add([]byte(nil), "", "x_a", "", "", "..", ";", "", uint8(3))
	f.Add([]byte("1"), "text/xml", "x", "a&b=c", "+", "", "", "", uint8(15))
	f.Add([]byte(nil), "", "X-Zone", "a", "", "", "", "", uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, contentType, header, value, other, param, cookie, claim string, flags uint8) {
		r := Request{
			Method: value,
			Params: map[string]string{"Id": param},
			Query:  map[string][]string{value: {other, param}, other: {value}, header: nil},
			Headers: map[string][]string{
				"Content-Type": {contentType}, header: {value, other}, "Cookie": {cookie, value}, "X-Forwarded-Host": {other}, "User-Agent": {value},
			},
			ID:   other,
			Time: eventTime,
			Body: body,
		}
		var s Settings
		if flags&1 != 0 {
			r.Claims = map[string]string{claim: value, "scope": other}
			r.PathParameters = map[string]string{param: other, other: param}
		}
		if flags&2 != 0 {
			s = Settings{AccountID: value, APIID: other, Stage: claim, StageVariables: map[string]string{value: other, other: value}}
			r.TraceContext = map[string]string{"traceparent": other}
		}
		s.MultiValueHeaders, s.CookieHeader = flags&8 != 0, flags&16 != 0
		for _, format := range formats {
			api := NewAPI(format, Route{URLPattern: "/{{.Id}}/x?y={{.Id}}", Endpoint: "/" + param, ForwardsHost: flags&4 != 0}, s)
			if got, want := plain.Replace(string(api.AppendEvent(nil, &r))), plain.Replace(string(api.oracle(&r))); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		}
	})
}
