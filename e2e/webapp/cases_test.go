package webapp

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// A testCase is a request. Exceptions refer to it by its name.
type testCase struct {
	name string
	answertest.Request
}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"

	// The version of the tea "assam", the date and the version of the leaflet.
	assamETag     = `"b44e8beef81b975a"`
	leafletETag   = `"leaflet-7"`
	leafletDate   = "Tue, 21 May 2024 08:30:00 GMT"
	afterLeaflet  = "Wed, 22 May 2024 08:30:00 GMT"
	beforeLeaflet = "Mon, 20 May 2024 08:30:00 GMT"
)

// every has each byte value once: it is not UTF-8, and contains a NUL.
var every = func() string {
	var b [256]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()

func field(name, value string) answertest.Field { return answertest.Field{Name: name, Value: value} }

func get(name, target string, header ...answertest.Field) testCase {
	return testCase{name, answertest.Request{Method: http.MethodGet, Target: target, Header: header}}
}

// rawGet returns a GET whose target or headers net/http's client would not send.
func rawGet(name, target string, header ...answertest.Field) testCase {
	return testCase{name, answertest.Request{Method: http.MethodGet, Target: target, Header: header, Raw: true}}
}

func with(name, method, target, contentType, body string, header ...answertest.Field) testCase {
	if contentType != "" {
		header = append(header, field("Content-Type", contentType))
	}
	return testCase{name, answertest.Request{Method: method, Target: target, Header: header, Body: body}}
}

func chunked(c testCase) testCase {
	c.Chunked = true
	return c
}

func raw(c testCase) testCase {
	c.Raw = true
	return c
}

func basicAuth(user, password string) answertest.Field {
	return field("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func gzipped(s string) string {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	zw.Write([]byte(s))
	zw.Close()
	return b.String()
}

// multipartBody has a field, two files of one name, one of them binary, and a file
// without content.
const multipartType = "multipart/form-data; boundary=leaves"

var multipartBody = strings.ReplaceAll(`--leaves
Content-Disposition: form-data; name="note"

thé, 100 g
--leaves
Content-Disposition: form-data; name="file"; filename="leaf.bin"
Content-Type: application/octet-stream

`+every+`
--leaves
Content-Disposition: form-data; name="file"; filename="na\"me é.txt"
Content-Type: text/plain; charset=utf-8

second
--leaves
Content-Disposition: form-data; name="empty"; filename=""

--leaves--
`, "\n", "\r\n")

// cases are requests whose answers must be the same with and without a gateway.
var cases = []testCase{
	// Pages.
	get("home page", "/"),
	get("page, compressed", "/", field("Accept-Encoding", "gzip")),
	get("page, deflated", "/", field("Accept-Encoding", "deflate")),
	get("page, a list of encodings", "/", field("Accept-Encoding", "br;q=1.0, gzip;q=0.8, *;q=0.1")),
	get("page, no such encoding", "/", field("Accept-Encoding", "br")),
	get("page without a content type", "/plain"),
	get("page without a content type, compression accepted", "/plain", field("Accept-Encoding", "gzip")),
	get("menu in UTF-8", "/menu/utf-8"),
	get("menu in ISO-8859-1", "/menu/iso-8859-1"),
	get("menu in ISO-8859-1, compressed", "/menu/iso-8859-1", field("Accept-Encoding", "gzip")),
	get("menu in UTF-16", "/menu/utf-16"),
	get("menu in no character set", "/menu/ebcdic"),

	// Query strings.
	get("query", "/search?tea=assam"),
	get("query with repeated names", "/search?tag=green&tag=black&tag=green&a=1"),
	get("query with empty values", "/search?a=&b&=c&d=1"),
	get("query with spaces and pluses", "/search?a=b+c&d=e%20f&g=h%2Bi&j%20k=l"),
	get("query with Unicode", "/search?th%C3%A9=%E9%BE%8D%E4%BA%95&e=%F0%9F%8D%B5"),
	get("query with reserved characters", "/search?a=%26%3D%3F%23%25%2F&b=c=d&e=f/g?h&%5B%5D=%3B&u=http://x/?y"),
	get("query with markup", "/search?a=%3Cb%3E%22%27"),
	get("query with commas", "/search?a=1,2&a=3&b=%2C"),
	get("query with a NUL and line breaks", "/search?a=%00%0D%0A%09b"),
	get("query with invalid UTF-8", "/search?a=%E9%FFb"),
	rawGet("query with raw bytes", "/search?a=th\xc3\xa9&b=\"<>|{}^`"),
	rawGet("query with semicolons", "/search?a=1;b=2&c=3"),
	rawGet("query with a broken escape", "/search?a=%zz&b=%4&c=ok"),
	rawGet("query of separators", "/search?&&=&&a=1&"),
	rawGet("query that is empty", "/search?"),
	rawGet("query with a second question mark", "/search??a=b?c"),
	get("query with unusual spelling", "/request?a=x%20y&a=(b)&a"),
	get("filter", "/teas?tag=black&tag=scented"),
	get("filter with Unicode and a plus", "/teas?origin=Sri+Lanka"),
	get("filter that nothing passes", "/teas?origin=Mars"),

	// Paths.
	get("path with a space", "/labels/earl%20grey"),
	get("path with a plus", "/labels/a+b"),
	get("path with an escaped plus", "/labels/a%2Bb"),
	get("path with Unicode", "/labels/th%C3%A9-%E9%BE%8D%E4%BA%95"),
	get("path with an escaped question mark", "/labels/what%3Fa=b"),
	get("path with an escaped hash", "/labels/no%231"),
	get("path with an escaped percent sign", "/labels/100%25"),
	get("path with an escaped escape", "/labels/a%252Fb%2520c"),
	get("path with reserved characters", "/labels/a:b@c&d=e$f!g'h(i)j*k"),
	get("path with a comma and a semicolon", "/labels/a,b;c=d"),
	get("path with escaped commas", "/labels/a%2Cb%3Bc"),
	get("path with quotes and brackets", "/labels/%22%3Ca%3E%5Bb%5D%7Bc%7D%22"),
	get("path with dots", "/labels/a..b"),
	get("path of dots", "/labels/.."),
	get("path with a dot", "/labels/."),
	get("path with invalid UTF-8", "/labels/th%E9"),
	get("path with a tilde", "/labels/~a_b-c.d"),
	rawGet("path with raw bytes", "/labels/th\xc3\xa9"),
	rawGet("path with needless escapes", "/labels/%61%62%7E"),
	get("path with two placeholders", "/shelves/top%20left/boxes/7"),
	get("path with two placeholders and unescaped characters", "/shelves/a:b/boxes/c,d;e"),
	get("path with a slash at its end", "/teas/"),
	get("unknown page", "/attic/window?a=b"),
	with("unknown method", http.MethodDelete, "/leaflet", "", ""),

	// The JSON API.
	get("list", "/teas"),
	get("list, compressed", "/teas", field("Accept-Encoding", "gzip, deflate, br, zstd")),
	get("tea", "/teas/assam"),
	get("tea with a name in Unicode", "/teas/mat%C3%A9"),
	get("unknown tea", "/teas/coffee"),
	get("tea, not modified", "/teas/assam", field("If-None-Match", assamETag)),
	get("tea, not modified, weak", "/teas/assam", field("If-None-Match", "W/"+assamETag)),
	get("tea, modified", "/teas/assam", field("If-None-Match", `"0"`)),
	get("tea, not modified, any", "/teas/assam", field("If-None-Match", "*")),
	get("tea, not modified, a list of versions", "/teas/assam", field("If-None-Match", `"0", `+assamETag)),
	with("create", http.MethodPost, "/teas", jsonType, `{"id":"th\u00e9 vert/1","name":"Thé vert","price":1e1}`),
	with("create, compressed answer", http.MethodPost, "/teas", jsonType, `{"id":"x","tags":["a","b"]}`, field("Accept-Encoding", "gzip")),
	with("create what exists", http.MethodPost, "/teas", jsonType, `{"id":"assam"}`),
	with("create from broken JSON", http.MethodPost, "/teas", jsonType, `{"id":`),
	with("create from nothing", http.MethodPost, "/teas", jsonType, ""),
	with("create from JSON with invalid UTF-8", http.MethodPost, "/teas", jsonType, "{\"id\":\"th\xe9\"}"),
	with("create from another type", http.MethodPost, "/teas", "text/plain", `{"id":"x"}`),
	with("create from no type", http.MethodPost, "/teas", "", `{"id":"x"}`),
	with("create from a type with a suffix", http.MethodPost, "/teas", "application/vnd.tea+json; charset=utf-8", `{"id":"x"}`),
	chunked(with("create in chunks", http.MethodPost, "/teas", jsonType, `{"id":"chunk"}`)),
	with("replace", http.MethodPut, "/teas/assam", jsonType, `{"name":"Assam, second flush","price":9}`),
	with("replace this version", http.MethodPut, "/teas/assam", jsonType, `{"name":"A"}`, field("If-Match", assamETag)),
	with("replace another version", http.MethodPut, "/teas/assam", jsonType, `{"name":"A"}`, field("If-Match", `"0"`)),
	with("change", http.MethodPatch, "/teas/assam", "application/merge-patch+json", `{"price":8}`),
	with("change with numbers beyond a float", http.MethodPatch, "/teas/assam", jsonType, `{"price":12345678901234567890}`),
	with("change of an unknown tea", http.MethodPatch, "/teas/coffee", jsonType, `{}`),
	with("remove", http.MethodDelete, "/teas/assam", "", ""),
	with("removal of a tea that is sold out", http.MethodDelete, "/teas/gyokuro", "", ""),
	with("removal of an unknown tea", http.MethodDelete, "/teas/coffee", "", ""),

	// Cookies.
	with("several cookies set", http.MethodPut, "/basket/assam", "", ""),
	with("cookies read and set", http.MethodPut, "/basket/earl-grey", "", "", field("Cookie", "basket=assam; other=1")),
	with("cookie removed", http.MethodDelete, "/basket", "", "", field("Cookie", "basket=assam")),
	get("no cookies", "/basket"),
	get("cookies", "/basket", field("Cookie", "a=1; b=2")),
	get("cookies of odd values", "/basket", field("Cookie", `a="q, r"; b=x=y==; c=; d; e=%20; a=again; f=1:2/3`)),
	get("invalid cookies", "/basket", field("Cookie", "flag; =x; a b=1; c,d=ok; =")),
	rawGet("cookies in two headers", "/basket", field("Cookie", "a=1; b=2"), field("Cookie", "c=3")),
	rawGet("cookies without spaces", "/basket", field("cookie", "a=1;b=2;;c=3;")),

	// Redirections.
	get("moved permanently", "/moved/301"),
	get("found", "/moved/302"),
	get("see other", "/moved/303"),
	get("temporary redirect", "/moved/307"),
	get("permanent redirect", "/moved/308"),
	with("temporary redirect of a POST", http.MethodPost, "/moved/307", formType, "a=b"),
	with("see other after a POST", http.MethodPost, "/moved/303", formType, "a=b"),
	get("redirect to the sign-in", "/account"),
	get("redirect with the host", "/home"),
	get("redirect with the host and a port", "/home", field("Host", answertest.Host+":8443")),

	// Forms and uploads.
	with("form", http.MethodPost, "/purchases", formType, "tea=assam&grams=100"),
	with("form with escapes", http.MethodPost, "/purchases", formType, "tea=mat%C3%A9&note=a+b%2Bc%26d&note=%00"),
	with("form in another character set", http.MethodPost, "/purchases", formType+"; charset=iso-8859-1", "tea=th%E9"),
	with("form with raw bytes", http.MethodPost, "/purchases", formType, "tea=\xe9\xff"),
	with("form that is broken", http.MethodPost, "/purchases", formType, "tea=%zz"),
	with("form of a broken query", http.MethodPost, "/purchases?a=%zz", formType, "tea=assam"),
	with("form without a body", http.MethodPost, "/purchases", formType, ""),
	chunked(with("form in chunks", http.MethodPost, "/purchases", formType, "tea=assam")),
	get("order", "/purchases/0815?tea=Assam"),
	with("upload", http.MethodPost, "/uploads", multipartType, multipartBody),
	chunked(with("upload in chunks", http.MethodPost, "/uploads", multipartType, multipartBody)),
	with("upload that breaks off", http.MethodPost, "/uploads", multipartType, multipartBody[:300]),
	with("upload of no form", http.MethodPost, "/uploads", jsonType, "{}"),
	with("letter", http.MethodPost, "/letters", "text/plain", "Dear shop,\r\nthé!\n"),
	with("letter, compressed", http.MethodPost, "/letters", "text/plain", gzipped("Dear shop, thé!"), field("Content-Encoding", "gzip")),
	with("letter that is not compressed as it says", http.MethodPost, "/letters", "text/plain", "Dear shop", field("Content-Encoding", "gzip")),
	with("letter that announces itself", http.MethodPost, "/letters", "text/plain", "Dear shop", field("Expect", "100-continue")),

	// Bodies, which the shop sends back unchanged.
	with("text", http.MethodPost, "/echo", "text/plain; charset=utf-8", "thé 龍井 \U0001f375 <&> \u2028"),
	with("text in ISO-8859-1", http.MethodPost, "/echo", "text/plain; charset=iso-8859-1", "th\xe9"),
	with("text with invalid UTF-8", http.MethodPost, "/echo", "text/plain", "a\xff\xfe\xc3(b"),
	with("text with NULs", http.MethodPost, "/echo", "text/plain", "a\x00b\x00"),
	with("text with a byte order mark", http.MethodPost, "/echo", "text/plain", "\ufeffa"),
	with("JSON that looks like a reply of a function", http.MethodPost, "/echo", jsonType, `{"statusCode":418,"body":"no","isBase64Encoded":true}`),
	with("JSON that is null", http.MethodPost, "/echo", jsonType, "null"),
	with("JSON", http.MethodPost, "/echo", jsonType, ` {"a": [1, 2.50, "\u00e9"], "a": null}`+"\n"),
	with("XML", http.MethodPut, "/echo", "application/xml", "<?xml version=\"1.0\"?>\n<tea a='b'>&amp;</tea>"),
	with("bytes of every value", http.MethodPost, "/echo", "application/octet-stream", every),
	with("bytes of every value as JSON", http.MethodPut, "/echo", jsonType, every),
	with("bytes of every value as a text", http.MethodPatch, "/echo", "text/plain", every),
	with("bytes of every value with an invalid type", http.MethodPatch, "/echo", "a b;;=", every),
	with("body without a type", http.MethodPost, "/echo", "", "plain enough"),
	with("body that looks like base64", http.MethodPost, "/echo", "text/plain", "YWJj"),
	with("body of one byte", http.MethodPut, "/echo", "image/png", "\x89"),
	with("body that is empty", http.MethodPost, "/echo", "text/plain", ""),
	chunked(with("body that is empty, in chunks", http.MethodPost, "/echo", "text/plain", "")),
	with("body of a DELETE", http.MethodDelete, "/echo", jsonType, `{"why":"cold"}`),
	with("body of a GET", http.MethodGet, "/echo", jsonType, `{"q":1}`),
	with("body that is encoded", http.MethodPost, "/echo", "text/plain", gzipped("tea"), field("Content-Encoding", "gzip")),
	with("body that is not encoded, and says so", http.MethodPost, "/echo", "text/plain", "tea", field("Content-Encoding", "identity")),
	with("body in an unknown encoding", http.MethodPost, "/echo", "text/plain", "ea+t", field("Content-Encoding", "pig-latin")),
	with("body of 2 MB", http.MethodPost, "/echo", "application/octet-stream", strings.Repeat(every, 8<<10)),
	with("text that is long", http.MethodPut, "/echo", "text/plain", strings.Repeat("\"tea\" <é>\n", 20<<10)),
	raw(chunked(with("body in chunks, by hand", http.MethodPatch, "/echo", "text/plain", "by hand"))),

	// Downloads.
	get("PNG", "/logo.png"),
	get("PNG, compression accepted", "/logo.png", field("Accept-Encoding", "gzip")),
	get("PNG, not modified since", "/logo.png", field("If-Modified-Since", leafletDate)),
	get("file", "/leaflet"),
	get("file, not modified", "/leaflet", field("If-None-Match", leafletETag)),
	get("file, not modified, a list of versions", "/leaflet", field("If-None-Match", `"leaflet-6", `+leafletETag)),
	get("file, not modified since", "/leaflet", field("If-Modified-Since", afterLeaflet)),
	get("file, modified since", "/leaflet", field("If-Modified-Since", beforeLeaflet)),
	get("file, unmodified since", "/leaflet", field("If-Unmodified-Since", beforeLeaflet)),
	get("file, another version", "/leaflet", field("If-Match", `"leaflet-6"`)),
	get("range", "/leaflet", field("Range", "bytes=5-9")),
	get("range from the end", "/leaflet", field("Range", "bytes=-7")),
	get("range to the end", "/logo.png", field("Range", "bytes=100-")),
	get("range beyond the end", "/leaflet", field("Range", "bytes=100000-")),
	get("range of another unit", "/leaflet", field("Range", "leaves=1-2")),
	get("several ranges", "/leaflet", field("Range", "bytes=0-3, 24-27")),
	get("range of this version", "/leaflet", field("Range", "bytes=0-3"), field("If-Range", leafletETag)),
	get("range of another version", "/leaflet", field("Range", "bytes=0-3"), field("If-Range", `"leaflet-6"`)),
	get("range if unmodified", "/leaflet", field("Range", "bytes=0-3"), field("If-Range", leafletDate)),
	get("2 MB of bytes", "/archive"),
	get("long text", "/ledger"),
	get("file that is compressed as it is", "/prices.csv.gz"),
	get("text of every character", "/alphabet"),

	// Authentication.
	get("no credentials", "/cellar"),
	get("wrong credentials", "/cellar", basicAuth("gopher", "?")),
	get("credentials", "/cellar", basicAuth("gopher", "p:ässword")),

	// Statuses.
	get("200 without a body", "/status/200"),
	get("202 with a body", "/status/202?body=soon"),
	get("204", "/status/204"),
	get("204 with a body that is dropped", "/status/204?body=x"),
	get("304 with a body that is dropped", "/status/304?body=x"),
	get("205", "/status/205"),
	get("299", "/status/299?body=%7B%7D"),
	get("304 out of nothing", "/status/304"),
	get("400 with a body", "/status/400?body=%3Chtml%3E"),
	get("404 without a body", "/status/404"),
	get("418", "/status/418?body=short+and+stout"),
	get("451 with a body in Unicode", "/status/451?body=th%C3%A9"),
	get("500", "/status/500?body=oh"),
	get("503 without a body", "/status/503"),
	get("599", "/status/599"),
	get("no status at all", "/silence"),

	// Headers.
	get("repeated headers in the answer", "/links"),
	get("headers of odd values in the answer", "/headers"),
	get("connection that the shop ends", "/farewell"),
	get("headers", "/request", field("X-Tea", "assam"), field("Accept-Language", "fr"), field("Referer", "http://tea.example/a,b")),
	get("repeated headers", "/request", field("X-Tea", "assam"), field("X-Tea", "earl-grey")),
	get("headers with commas", "/request", field("X-Tea", "a, b,c"), field("Accept", "text/html, */*;q=0.8")),
	get("headers that are empty", "/request", field("X-Tea", ""), field("X-Tea-Two", "")),
	get("headers in Unicode", "/request", field("X-Tea", "thé 龍井")),
	get("headers in ISO-8859-1", "/request", field("X-Tea", "th\xe9")),
	get("headers with quotes", "/request", field("X-Tea", `"a\"b" <c> \`)),
	rawGet("headers in another case", "/request", field("x-TEA", "1"), field("X-tea", "2"), field("x-tea-two", "\t3  "), field("user-agent", "raw")),
	rawGet("headers about the connection", "/request", field("Connection", "keep-alive, X-Tea-Hop"), field("X-Tea-Hop", "1"), field("X-Tea", "2"), field("User-Agent", "raw")),
	rawGet("no user agent", "/request"),
	get("long headers", "/request", field("X-Tea", strings.Repeat("leaf ", 1000)+".")),
}
