//go:build integration

package e2e

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// An adapterCase is a request. Exceptions refer to it by its name. The requests of e2e/webapp test
// more of HTTP; these test what frameworks and their adapters treat differently.
type adapterCase struct {
	name string
	answertest.Request
	// class marks one request of each kind, which goes through every generation.
	class bool
}

// adapterRoutes are the endpoints. The applications have all of them except the last two.
var adapterRoutes = []struct{ method, path string }{
	{"GET", "/"},
	{"GET", "/request"},
	{"GET", "/url"},
	{"GET", "/search"},
	{"GET", "/labels/{label}"},
	{"GET", "/shelves/{shelf}/boxes/{box}"},
	{"GET", "/basket"},
	{"PUT", "/basket/{set}"},
	{"POST", "/echo"},
	{"PUT", "/echo"},
	{"PATCH", "/echo"},
	{"DELETE", "/echo"},
	{"POST", "/json"},
	{"POST", "/forms"},
	{"GET", "/status/{status}"},
	{"GET", "/moved/{status}"},
	{"GET", "/leaflet"},
	{"GET", "/links"},
	{"GET", "/pixel.png"},
	{"GET", "/every"},
	{"GET", "/ledger"},
	{"GET", "/ticks"},
	{"GET", "/late"},
	{"GET", "/cellar"},
	{"GET", "/broken"},
	{"GET", "/attic/{room}"},
	{"DELETE", "/basket"},
}

func adapterGet(name, target string, header ...answertest.Field) adapterCase {
	return adapterCase{name: name, Request: answertest.Request{Target: target, Header: header}}
}

func adapterSend(name, method, target, contentType, body string) adapterCase {
	var header []answertest.Field
	if contentType != "" {
		header = append(header, sent("Content-Type", contentType))
	}
	return adapterCase{name: name, Request: answertest.Request{Method: method, Target: target, Header: header, Body: body}}
}

func sent(name, value string) answertest.Field { return answertest.Field{Name: name, Value: value} }

// ofClass sets class.
func ofClass(c adapterCase) adapterCase {
	c.class = true
	return c
}

// everyByte has each byte value once: it is not UTF-8, and contains a NUL.
var everyByte = func() string {
	var b [256]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()

var credentials = "Basic " + base64.StdEncoding.EncodeToString([]byte("gopher:p:ässword"))

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// adapterCases are requests whose answers must be the same with and without a gateway.
var adapterCases = []adapterCase{
	// Paths.
	adapterGet("page", "/"),
	adapterGet("label", "/labels/assam"),
	adapterGet("label with a space", "/labels/earl%20grey"),
	ofClass(adapterGet("label in Unicode", "/labels/th%C3%A9-%E9%BE%8D%E4%BA%95")),
	adapterGet("label with an emoji", "/labels/%F0%9F%8D%B5"),
	adapterGet("label with a plus", "/labels/a+b"),
	adapterGet("label with an escaped plus", "/labels/a%2Bb"),
	adapterGet("label with reserved characters", "/labels/a:b@c&d=e$f!g'h(i)j*k"),
	adapterGet("label with a comma and a semicolon", "/labels/a,b;c=d"),
	adapterGet("label with quotes and brackets", "/labels/%22%3Ca%3E%5Bb%5D%7Bc%7D%22"),
	adapterGet("label with dots and a tilde", "/labels/~a..b_c-d.e"),
	adapterGet("two placeholders", "/shelves/top%20left/boxes/7"),
	adapterGet("unknown page", "/attic/window?a=b"),
	adapterSend("unknown method", http.MethodDelete, "/basket", "", ""),

	// Query strings.
	adapterGet("query", "/search?tea=assam"),
	ofClass(adapterGet("query with repeated names", "/search?tag=green&tag=black&tag=green&a=1")),
	adapterGet("query with empty values", "/search?a=&c=d&e="),
	adapterGet("query with a space and a plus", "/search?a=b+c&d=e%20f&g=h%2Bi&j%20k=l"),
	adapterGet("query with an escaped ampersand", "/search?a=%26%3D%3F%23%25%2F&b=c%26d"),
	adapterGet("query in Unicode", "/search?th%C3%A9=%E9%BE%8D%E4%BA%95&e=%F0%9F%8D%B5"),
	adapterGet("query with a comma", "/search?a=1,2&b=%2C"),
	adapterGet("query with commas and a repeated name", "/search?a=1,2&a=3"),
	adapterGet("query with an address", "/search?u=http%3A%2F%2Fx%2F%3Fy%3D1%26z%3D2&v=a:b/c?d"),
	adapterGet("query with an escaped escape", "/search?a=%252F%2520"),
	adapterGet("query with markup and brackets", "/search?a%5Bb%5D=%3Cb%3E%22%27"),

	// Headers.
	adapterGet("headers", "/request", sent("X-Tea", "assam"), sent("Accept-Language", "fr"), sent("Referer", "http://tea.example/a,b")),
	ofClass(adapterGet("repeated headers", "/request", sent("X-Tea", "assam"), sent("X-Tea", "earl-grey"))),
	adapterGet("headers, one value a part of the other", "/request", sent("X-Tea", "earl"), sent("X-Tea", "earl-grey")),
	adapterGet("headers with commas", "/request", sent("X-Tea", "a, b,c"), sent("Accept", "text/html, */*;q=0.8")),
	adapterGet("headers with quotes", "/request", sent("X-Tea", `"a\"b" <c> \`)),
	adapterGet("long headers", "/request", sent("X-Tea", strings.Repeat("leaf ", 1000)+".")),
	adapterGet("user agent", "/request", sent("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) tea/1.0")),
	adapterGet("no credentials", "/cellar"),
	adapterGet("wrong credentials", "/cellar", sent("Authorization", "Basic ?")),
	adapterGet("credentials", "/cellar", sent("Authorization", credentials)),

	// The URL of the application.
	adapterGet("URL", "/url?a=b"),
	ofClass(adapterGet("URL behind TLS", "/url?a=b", sent("X-Forwarded-Proto", "https"))),

	// Cookies.
	adapterGet("no cookies", "/basket"),
	adapterGet("cookies", "/basket", sent("Cookie", "a=1; b=x=y==; c=%20; d=\"q\"")),
	ofClass(adapterSend("cookies set", http.MethodPut, "/basket/several", "", "")),
	adapterSend("cookie set", http.MethodPut, "/basket/one", "", ""),
	adapterSend("cookies set, with a date", http.MethodPut, "/basket/expiring", "", ""),
	adapterSend("cookie removed", http.MethodPut, "/basket/removed", "", ""),

	// Bodies, which the application sends back unchanged.
	ofClass(adapterSend("JSON", http.MethodPost, "/json", jsonType, `{"tea":"thé 龍井 🍵","n":[1,2.5,null,true],"s":"\u2028<&>"}`)),
	adapterSend("JSON with a character set", http.MethodPost, "/json", jsonType+"; charset=utf-8", `[]`),
	adapterSend("broken JSON", http.MethodPost, "/json", jsonType, `{"tea":`),
	adapterSend("form", http.MethodPost, "/forms", formType, "tea=mat%C3%A9&note=a+b%2Bc%26d&tea=assam"),
	adapterSend("text", http.MethodPost, "/echo", "text/plain; charset=utf-8", "thé 龍井 \U0001f375 <&> \u2028\n"),
	adapterSend("HTML", http.MethodPut, "/echo", "text/html", "<p>thé"),
	adapterSend("CSV", http.MethodPost, "/echo", "text/csv", "tea;price\r\nassam;7.50\r\n"),
	adapterSend("XML", http.MethodPut, "/echo", "application/xml", "<?xml version=\"1.0\"?>\n<tea a='b'>&amp;</tea>"),
	adapterSend("GraphQL", http.MethodPost, "/echo", "application/graphql", `{ tea(id: "assam") { name } }`),
	adapterSend("lines of JSON", http.MethodPost, "/echo", "application/x-ndjson", "{\"a\":1}\n{\"a\":\"é\"}\n"),
	adapterSend("YAML", http.MethodPost, "/echo", "application/yaml", "tea: thé\n"),
	adapterSend("JSON, as text", http.MethodPatch, "/echo", "application/merge-patch+json", ` {"price": 8.0} `),
	adapterSend("body of a DELETE", http.MethodDelete, "/echo", jsonType, `{"why":"cold"}`),
	adapterSend("body that looks like base64", http.MethodPost, "/echo", "text/plain", "YWJj"),
	adapterSend("body without a type", http.MethodPost, "/echo", "", "plain enough"),
	adapterSend("empty body", http.MethodPost, "/echo", "text/plain", ""),
	ofClass(adapterSend("bytes of every value", http.MethodPost, "/echo", "application/octet-stream", everyByte)),
	adapterSend("bytes as an image", http.MethodPut, "/echo", "image/png", "\x89PNG\r\n\x1a\n\x00"),
	adapterSend("text of 100 KB", http.MethodPost, "/echo", "text/plain", strings.Repeat("\"tea\" <é>\n", 10<<10)),
	adapterSend("bytes of 100 KB", http.MethodPost, "/echo", "application/octet-stream", strings.Repeat(everyByte, 400)),

	// Answers.
	ofClass(adapterGet("PNG", "/pixel.png")),
	adapterGet("bytes", "/every"),
	adapterGet("long text", "/ledger"),
	adapterGet("repeated headers in the answer", "/links"),
	adapterGet("file", "/leaflet"),
	adapterGet("file, not modified", "/leaflet", sent("If-None-Match", `"leaflet-7"`)),
	adapterGet("a stream", "/ticks"),
	adapterGet("error of the application", "/broken"),
	adapterGet("200 without a body", "/status/200"),
	adapterGet("202", "/status/202?body=soon"),
	adapterGet("204", "/status/204"),
	adapterGet("304", "/status/304"),
	adapterGet("400", "/status/400?body=%3Chtml%3E"),
	adapterGet("404 without a body", "/status/404"),
	ofClass(adapterGet("418", "/status/418?body=short+and+stout")),
	adapterGet("451 in Unicode", "/status/451?body=th%C3%A9"),
	adapterGet("500", "/status/500?body=oh"),
	adapterGet("503", "/status/503"),
	adapterGet("moved permanently", "/moved/301"),
	adapterGet("found", "/moved/302"),
	adapterGet("see other", "/moved/303"),
	adapterGet("temporary redirect", "/moved/307"),
	adapterGet("permanent redirect", "/moved/308"),
}
