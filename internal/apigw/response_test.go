package apigw

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestParseResponse(t *testing.T) {
	const (
		json20 = "application/json"
		text   = "text/plain; charset=utf-8"
	)
	h := func(pairs ...string) http.Header {
		header := make(http.Header)
		for i := 0; i < len(pairs); i += 2 {
			header.Add(pairs[i], pairs[i+1])
		}
		return header
	}
	for _, tc := range []struct {
		name, reply string
		format      Format
		multi       bool
		want        Response
	}{
		{
			name:  "all members",
			reply: `{"statusCode":201,"headers":{"content-type":"text/html","x-n":1.50,"X-B":true},"multiValueHeaders":{"X-M":["a",2]},"cookies":["a=1; Path=/","b=2"],"body":"<p>","isBase64Encoded":false}`,
			want:  Response{201, h("Content-Type", "text/html", "X-N", "1.50", "X-B", "true", "X-M", "a", "X-M", "2", "Set-Cookie", "a=1; Path=/", "Set-Cookie", "b=2"), []byte("<p>")},
		},
		{name: "base64", reply: `{"statusCode":200,"headers":{"content-type":"image/png"},"body":"iVBORw==","isBase64Encoded":true}`, want: Response{200, h("Content-Type", "image/png"), []byte("\x89PNG")}},
		{name: "empty cookies", reply: `{"statusCode":200,"cookies":["",null,"a=1"]}`, want: Response{200, h("Set-Cookie", "a=1"), nil}},
		{name: "a body that the status forbids", reply: `{"statusCode":204,"body":"x"}`, want: Response{204, h(), []byte("x")}},
		{name: "an empty body", reply: `{"statusCode":204,"body":""}`, want: Response{204, h(), []byte{}}},
		{name: "no body", reply: `{"statusCode":304,"headers":null,"multiValueHeaders":null,"cookies":null,"body":null,"isBase64Encoded":null}`, want: Response{304, h(), nil}},
		{name: "no content type", reply: `{"statusCode":200,"body":"a"}`, want: Response{200, h("Content-Type", text), []byte("a")}},
		{name: "no content type in 1.0", format: REST, reply: `{"statusCode":200,"body":"{}"}`, want: Response{200, h("Content-Type", json20), []byte("{}")}},
		{name: "no content type and 2.0", format: HTTP, reply: `{"statusCode":500,"body":"a"}`, want: Response{500, h("Content-Type", text), []byte("a")}},
		{name: "a status that is a string", reply: `{"statusCode":"418"}`, want: Response{418, h(), nil}},
		{name: "a status as Python may spell it", reply: `{"statusCode":200.0}`, want: Response{200, h(), nil}},
		{name: "the lowest status", reply: `{"statusCode":200}`, want: Response{200, h(), nil}},
		{name: "the highest status", reply: `{"statusCode":599}`, want: Response{599, h(), nil}},
		{name: "unknown members", format: REST, reply: `{"statusCode":200,"statusDescription":"200 OK","x":{}}`, want: Response{200, h(), nil}},
		{
			name:  "headers in both maps",
			reply: `{"statusCode":200,"headers":{"x-a":"2","X-B":"1","x-null":null},"multiValueHeaders":{"X-A":["1","3"],"x-b":["1"],"x-none":[],"x-null":[null]}}`,
			want:  Response{200, h("X-A", "1", "X-A", "3", "X-A", "2", "X-B", "1"), nil},
		},
		{
			name: "headers that the response must not have",
			reply: `{"statusCode":200,"headers":{"connection":"x-hop","x-hop":"1","content-length":"7","transfer-encoding":"chunked","upgrade":"h2c","trailer":"x",` +
				`"keep-alive":"1","te":"x","proxy-authenticate":"x","bad name":"x","":"x","x-lf":"a\nb: c","x-nul":"\u0000","x-trim":"  a\t","x-latin":"é","x-empty":""},"cookies":["a=1\r\nb: c"]}`,
			want: Response{200, h("X-Trim", "a", "X-Latin", "é", "X-Empty", ""), nil},
		},

		// A REST API returns a body that is not base64 unchanged.
		{name: "text instead of base64", format: REST, reply: `{"statusCode":200,"body":"{\"a\":1}","isBase64Encoded":true}`, want: Response{200, h("Content-Type", json20), []byte(`{"a":1}`)}},
		{name: "base64 in 1.0", format: REST, reply: `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, want: Response{200, h("Content-Type", json20), []byte("hi")}},

		// A load balancer.
		{name: "headers for a load balancer", format: ALB, reply: `{"statusCode":201,"statusDescription":"201 Created","headers":{"a":"b"},"multiValueHeaders":{"a":["c"]},"cookies":["d=e"],"body":"x"}`, want: Response{201, h("A", "b", "Content-Type", "application/octet-stream"), []byte("x")}},
		{name: "all values of headers for a load balancer", format: ALB, multi: true, reply: `{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"set-cookie":["c=1","d=2"]},"cookies":["d=e"]}`, want: Response{200, h("Set-Cookie", "c=1", "Set-Cookie", "d=2"), nil}},
		{name: "base64 for a load balancer", format: ALB, reply: `{"statusCode":200,"headers":{"content-type":"text/html"},"body":"aGk=","isBase64Encoded":true}`, want: Response{200, h("Content-Type", "text/html"), []byte("hi")}},

		// 2.0 without a statusCode.
		{name: "data", reply: ` {"body":"x","headers":{"a":"b"}} `, want: Response{200, h("Content-Type", json20), []byte(` {"body":"x","headers":{"a":"b"}} `)}},
		{name: "a status code of other spelling", format: HTTP, reply: `{"StatusCode":500}`, want: Response{200, h("Content-Type", json20), []byte(`{"StatusCode":500}`)}},
		{name: "a list", format: HTTP, reply: `[1]`, want: Response{200, h("Content-Type", json20), []byte("[1]")}},
		{name: "a number", reply: `7`, want: Response{200, h("Content-Type", json20), []byte("7")}},
		{name: "a string", format: HTTP, reply: ` "Hello, \"you\"" `, want: Response{200, h("Content-Type", json20), []byte(`Hello, "you"`)}},
		{name: "null", format: HTTP, reply: `null`, want: Response{200, h("Content-Type", json20), []byte("null")}},
		{name: "nothing", reply: ``, want: Response{200, h("Content-Type", json20), []byte("")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 4 { // maps have no order
				got, err := ParseResponse([]byte(tc.reply), tc.format, tc.multi)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, tc.want) {
					t.Errorf("got  %d %v %q\nwant %d %v %q", got.Status, got.Header, got.Body, tc.want.Status, tc.want.Header, tc.want.Body)
				}
			}
		})
	}
}

func TestParseResponseErrors(t *testing.T) {
	for _, tc := range []struct {
		reply  string
		format Format
		want   string
		multi  bool
	}{
		{`{`, HTTP, "it is not JSON", false},
		{`x`, HTTP, "it is not JSON", false},
		{`{"a":1}`, REST, "statusCode: missing", false},
		{`null`, REST, "statusCode: missing", false},
		{`"Hello"`, REST, "it is a string, not an HTTP response", false},
		{`[]`, REST, "it is a list, not an HTTP response", false},
		{`404 page not found`, REST, "it is not JSON, so it is not an HTTP response", false},
		{`404`, REST, "it is a number, not an HTTP response", false},
		{`{"errorType":"a","errorMessage":"b"}`, REST, "statusCode: missing; with errorType and errorMessage, the reply looks like a function's error", false},
		{`{"errorType":"a"}`, REST, "statusCode: missing", false},
		{``, REST, "it is not JSON, so it is not an HTTP response", false},
		{`{"statusCode":null}`, HTTP, `statusCode: must be an integer from 200 to 599, is null`, false},
		{`{"statusCode":"OK"}`, HTTP, `statusCode: must be an integer from 200 to 599, is 'OK'`, false},
		{`{"statusCode":200.5}`, HTTP, `statusCode: must be an integer from 200 to 599, is 200.5`, false},
		{`{"statusCode":0}`, HTTP, `statusCode: must be an integer from 200 to 599, is 0`, false},
		{`{"statusCode":101}`, HTTP, `statusCode: must be an integer from 200 to 599, is 101`, false},
		{`{"statusCode":600}`, HTTP, `statusCode: must be an integer from 200 to 599, is 600`, false},
		{`{"statusCode":"4111-1111-1111-1111"}`, HTTP, `statusCode: must be an integer from 200 to 599, is a text of 21 bytes`, false},
		{`{"statusCode":4111111111111111}`, HTTP, `statusCode: must be an integer from 200 to 599, is a text of 16 bytes`, false},
		{`{"statusCode":{"card":4111}}`, HTTP, `statusCode: must be an integer from 200 to 599, is {'card':4111}`, false},
		{`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":["*"]}}`, HTTP, `headers: 'Access-Control-Allow-Origin': must be a string, is a list`, false},
		{`{"statusCode":200,"headers":{"card 4111-1111-1111":{}}}`, HTTP, `headers: a text of 19 bytes: must be a string, is an object`, false},
		{`{"statusCode":"+200"}`, HTTP, `statusCode: must be an integer from 200 to 599, is '+200'`, false},
		{`{"statusCode":"0200"}`, HTTP, `statusCode: must be an integer from 200 to 599, is '0200'`, false},
		{`{"statusCode":[]}`, HTTP, `statusCode: must be an integer from 200 to 599, is []`, false},
		{`{"statusCode":200,"body":{"a":1}}`, HTTP, "body: must not be of the type object", false},
		{`{"statusCode":200,"body":1}`, REST, "body: must not be of the type number", false},
		{`{"statusCode":200,"body":"!","isBase64Encoded":true}`, HTTP, "body: isBase64Encoded is true, but the text is not base64: illegal base64 data at input byte 0", false},
		{`{"statusCode":200,"body":"a","isBase64Encoded":"false"}`, HTTP, "isBase64Encoded: must not be of the type string", false},
		{`{"statusCode":200,"headers":[]}`, HTTP, "headers: must not be of the type array", false},
		{`{"statusCode":200,"headers":{"a":["b"]}}`, HTTP, `headers: 'a': must be a string, is a list`, false},
		{`{"statusCode":200,"multiValueHeaders":{"a":"b"}}`, HTTP, "multiValueHeaders: must not be of the type string", false},
		{`{"statusCode":200,"multiValueHeaders":{"a":[{}]}}`, HTTP, `multiValueHeaders: 'a': must be a string, is an object`, false},
		{`{"statusCode":200,"cookies":"a=1"}`, HTTP, "cookies: must not be of the type string", false},

		{`{"a":1}`, ALB, "statusCode: missing", false},
		{`"Hello"`, ALB, "it is a string, not an HTTP response", false},
		{`{"statusCode":200,"body":"!","isBase64Encoded":true}`, ALB, "body: isBase64Encoded is true, but the text is not base64: illegal base64 data at input byte 0", false},
		{`{"statusCode":200,"multiValueHeaders":{"a":"b"}}`, ALB, "multiValueHeaders: must not be of the type string", true},

		// The reply of a streaming function to a backend without stream.
		{"{\"statusCode\":200}\x00\x00\x00\x00\x00\x00\x00\x00body", HTTP, `it is not JSON: it begins with the status and headers of a stream, so the backend needs 'stream': true`, false},
		{" {}\x00\x00\x00\x00\x00\x00\x00\x00", REST, `it is not JSON, so it is not an HTTP response: it begins with the status and headers of a stream, so the backend needs 'stream': true`, false},
		{"x\x00\x00\x00\x00\x00\x00\x00\x00", HTTP, "it is not JSON", false},
		{"\x00\x00\x00\x00\x00\x00\x00\x00", ALB, "it is not JSON, so it is not an HTTP response", false},
	} {
		got, err := ParseResponse([]byte(tc.reply), tc.format, tc.multi)
		if err == nil || err.Error() != tc.want || !reflect.DeepEqual(got, Response{}) {
			t.Errorf("%s: got %+v, %v; want %q", tc.reply, got, err, tc.want)
		}
	}
}

// The name of a header can contain only these bytes.
func TestNamesOfHeaders(t *testing.T) {
	const token = "!#$%&'*+-.^_`|~" + "0123456789" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		name := string([]byte{byte(c)})
		if got, want := isToken(name), strings.Contains(token, name); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
	for name, want := range map[string]bool{"": false, token: true, "a:": false, "é": false} {
		if got := isToken(name); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
}

// The value of a header can contain all bytes except control characters. It can contain a tab.
func TestValuesOfHeaders(t *testing.T) {
	for c := range 256 {
		value := string([]byte{byte(c)})
		if got, want := isHeaderValue(value), !strings.Contains("\x00\x01\x02\x03\x04\x05\x06\x07\x08\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f", value); got != want {
			t.Errorf("%q: got %t, want %t", value, got, want)
		}
	}
}

// Many spellings of a name make one header.
func TestManySpellingsOfAHeader(t *testing.T) {
	const letters = 10
	var reply strings.Builder
	reply.WriteString(`{"statusCode":200,"headers":{`)
	for i := range 1 << letters {
		if i > 0 {
			reply.WriteByte(',')
		}
		name := []byte(strings.Repeat("x", letters))
		for bit := range letters {
			if i>>bit&1 == 1 {
				name[bit] = 'X'
			}
		}
		fmt.Fprintf(&reply, `"%s":"%d"`, name, i)
	}
	reply.WriteString("}}")
	got, err := ParseResponse([]byte(reply.String()), HTTP, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Header.Values(strings.Repeat("x", letters))); n != 1<<letters {
		t.Errorf("got %d values, want %d", n, 1<<letters)
	}
}

// checkHead fails the test if HTTP cannot carry the status and headers of a response.
func checkHead(t *testing.T, e Response) {
	t.Helper()
	if e.Status < 200 || e.Status > 599 {
		t.Errorf("got the status %d", e.Status)
	}
	var b strings.Builder
	if err := e.Header.Write(&b); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for name, values := range e.Header {
		if http.CanonicalHeaderKey(name) != name || !isToken(name) || name == "Connection" || name == "Transfer-Encoding" {
			t.Errorf("got the header %q", name)
		}
		for _, v := range values {
			lines++
			if strings.ContainsAny(v, "\r\n\x00") {
				t.Errorf("got %q", v)
			}
		}
	}
	if got := strings.Count(b.String(), "\r\n"); got != lines {
		t.Errorf("%d headers make %d lines", lines, got)
	}
}

// FuzzResponse checks that every reply gives a response that HTTP can carry, or an error, and that a
// reply that is not an HTTP response does not change.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		`{"statusCode":200,"headers":{"a":"b","content-length":"1"},"multiValueHeaders":{"A":["c"]},"cookies":["d"],"body":"aGk=","isBase64Encoded":true}`,
		`{"statusCode":"204","headers":{"x\n":"y","connection":"a, b"}}`, `{"statusCode":1e2}`, `"text"`, `{"a":1}`, `null`, ``, `{`,
	} {
		for format := range 4 {
			f.Add(seed, format)
		}
	}
	f.Fuzz(func(t *testing.T, reply string, n int) {
		format, multi := Format(uint(n)%4), uint(n)%4 == 3
		if multi {
			format = ALB
		}
		got, err := ParseResponse([]byte(reply), format, multi)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x00") || !reflect.DeepEqual(got, Response{}) {
				t.Errorf("got %+v and %q", got, err)
			}
			return
		}
		checkHead(t, got)
		var fields map[string]json.RawMessage
		if json.Unmarshal([]byte(reply), &fields) == nil && fields["statusCode"] == nil && string(got.Body) != reply {
			t.Errorf("the body has changed to %q", got.Body)
		}
	})
}

func TestParsePrelude(t *testing.T) {
	const end = "\x00\x00\x00\x00\x00\x00\x00\x00"
	long := strings.Repeat(" ", maxPrelude)
	for _, tc := range []struct {
		name, stream string
		status       int // 0 if the prelude is incomplete
		header       http.Header
		body         string
		err          string
	}{
		{name: "nothing"},
		{name: "half of it", stream: `{"statusCode":2`},
		{name: "half of the end", stream: `{"statusCode":200}` + end[:7]},
		{
			name:   "everything",
			stream: `{"statusCode":201,"headers":{"content-type":"text/html","content-length":"-3"},"multiValueHeaders":{"x-a":["1","2"]},"cookies":["a=1"]}` + end + "\x00body" + end,
			status: 201, header: http.Header{"Content-Type": {"text/html"}, "X-A": {"1", "2"}, "Set-Cookie": {"a=1"}}, body: "\x00body" + end,
		},
		{name: "no status", stream: `{}` + end, status: 200, header: http.Header{}},
		{
			name: "a length", stream: `{"headers":{"content-length":"3","content-type":"text/html"}}` + end, status: 200,
			header: http.Header{"Content-Type": {"text/html"}, "Content-Length": {"3"}},
		},
		{name: "two lengths", stream: `{"headers":{"a":"b"},"multiValueHeaders":{"content-length":["3","4"],"content-type":["a"]}}` + end, status: 200, header: http.Header{"Content-Type": {"a"}, "A": {"b"}}},
		{name: "the longest", stream: long[2:] + "{}" + end + "x", status: 200, header: http.Header{}, body: "x"},
		{name: "the longest, without its end", stream: long[2:] + "{}"},
		{name: "the longest, with half of its end", stream: long[2:] + "{}" + end[:4]},
		{
			name: "a length of 0", stream: `{"headers":{"content-length":"0","content-type":"text/html"}}` + end, status: 200,
			header: http.Header{"Content-Type": {"text/html"}, "Content-Length": {"0"}},
		},
		{name: "no body follows", stream: `{"statusCode":304}` + end, status: 304, header: http.Header{}},
		{name: "too long", stream: long[1:] + "{}" + end, err: ErrPrelude.Error()},
		{name: "not JSON", stream: "x" + end, err: "the prelude is not a JSON object"},
		{name: "null", stream: "null" + end, err: "the prelude is not a JSON object"},
		{name: "an empty prelude", stream: end, err: "the prelude is not a JSON object"},
		{name: "a bad status", stream: `{"statusCode":"x"}` + end, err: `prelude: statusCode: must be an integer from 200 to 599, is 'x'`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, body, err := ParsePrelude([]byte(tc.stream))
			switch {
			case tc.err != "":
				if err == nil || err.Error() != tc.err || got != nil {
					t.Errorf("got %+v, %v; want %q", got, err, tc.err)
				}
			case err != nil:
				t.Error(err)
			case tc.status == 0:
				if got != nil {
					t.Errorf("got %+v of an incomplete prelude, want nil", got)
				}
			case got == nil:
				t.Error("got nil, want a response")
			case got.Status != tc.status || fmt.Sprint(got.Header) != fmt.Sprint(tc.header) || string(body) != tc.body:
				t.Errorf("got %d %v %q, want %d %v %q", got.Status, got.Header, body, tc.status, tc.header, tc.body)
			}
		})
	}
}

// FuzzPrelude checks that HTTP can carry the head of a stream, and that head and body do not depend
// on the chunks.
func FuzzPrelude(f *testing.F) {
	for _, seed := range []string{
		"{\"statusCode\":200,\"headers\":{\"a\":\"b\"}}\x00\x00\x00\x00\x00\x00\x00\x00body",
		"{\"cookies\":[\"a\",\"b\\n\"]}\x00\x00\x00\x00\x00\x00\x00\x00\x00", "x\x00\x00\x00\x00\x00\x00\x00\x00", "", "{",
	} {
		f.Add([]byte(seed), uint(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, at uint) {
		whole, body, err := ParsePrelude(stream)
		if err != nil || whole == nil {
			return
		}
		checkHead(t, *whole)
		cut := int(at % uint(len(stream)+1))
		first, firstBody, err := ParsePrelude(stream[:cut])
		if err != nil {
			t.Fatalf("the first %d bytes: %v", cut, err)
		}
		if first == nil {
			if cut > len(stream)-len(body) {
				t.Errorf("got no head in %d bytes; it has %d", cut, len(stream)-len(body))
			}
			return
		}
		if !reflect.DeepEqual(first, whole) || string(firstBody)+string(stream[cut:]) != string(body) {
			t.Errorf("cut at %d: got %+v %q, want %+v %q", cut, first, firstBody, whole, body)
		}
	})
}
