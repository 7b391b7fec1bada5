package apigw

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEventBody(t *testing.T) {
	const latin1 = "caf\xe9"
	for _, tc := range []struct {
		contentType, encoding, body string
		text                        string // the formats that send it as text
	}{
		{"application/json", "", `{}`, "1.0 2.0 alb"},
		{"application/json; charset=utf-8", "", `{}`, "1.0 2.0 alb"},
		{"Application/JSON;charset=\"utf-8\"", "", `{}`, "1.0 2.0 alb"},
		{"application/json; charset", "", `{}`, "1.0 2.0 alb"},  // cannot be parsed
		{"application/json; a=1; a=2", "", `{}`, "1.0 2.0 alb"}, // cannot be parsed either
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

// checkBody checks whether an event has a body as text or as base64.
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

// binary_media_types apply in every format, as in a REST API.
func TestBinaryMediaTypes(t *testing.T) {
	for _, tc := range []struct {
		types             []string
		contentType, body string
		text              bool
	}{
		{[]string{}, "image/png", "a", true},
		{[]string{}, "image/png", "\xff", false}, // text cannot contain it
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

// FuzzEventBody checks that every event contains the request's body unchanged, for any headers.
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
			payload := NewAPI(format, Route{URLPattern: "/{{.Id}}/x?y={{.Id}}"}, Settings{}).AppendEvent(nil, &r)
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

// FuzzALB checks that a load balancer's event is JSON, and that its decoded query strings are those
// of the request.
func FuzzALB(f *testing.F) {
	f.Add("q", "a b&c=d", "e+f", "Accept", "text/html", true)
	f.Add("", "", "%zz", "x-\xff", "\xff", false)
	f.Fuzz(func(t *testing.T, name, first, second, header, value string, multi bool) {
		payload := NewAPI(ALB, Route{}, Settings{MultiValueHeaders: multi}).AppendEvent(nil, &Request{
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
