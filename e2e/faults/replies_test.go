package faults

import (
	"strings"
	"time"
)

const (
	undecodable = "the reply cannot be decoded"
	noAnswer    = "the deadline passed "
)

// replyFaults are replies that are late, inconsistent or invalid.
func replyFaults() []row {
	// is returns a row for an invalid reply. The gateway does not execute the function again.
	is := func(name, reply string, more object) row {
		return row{name: name, api: lambda(replies(reply)), backend: more, status: 502, calls: exactly(1), within: atOnce, logged: undecodable}
	}
	late := func(name string, answer func(x *exchange)) row {
		return row{name: name, api: hostileAPI(answer), endpoint: soon, status: 504, calls: exactly(1), within: atOnce, logged: noAnswer}
	}
	proxy := func(r row) row {
		r.settings = object{"response_format": "proxy"}
		return r
	}
	answer := whole(200, "", goodReply)
	beginning, _, _ := strings.Cut(answer, "X-Amzn-") // ends in a header's line
	return []row{
		late("no-answer", (*exchange).stall),
		late("stalls-within-headers", func(x *exchange) { x.write(beginning); x.stall() }),
		late("stalls-after-headers", func(x *exchange) { x.write(head(200, "Content-Length: 13\r\n")); x.stall() }),
		late("stalls-within-body", func(x *exchange) { x.write(answer[:len(answer)-5]); x.stall() }),
		late("slow-headers", func(x *exchange) { x.drip(beginning, "X-Planted: planted\r\n") }),
		late("slow-body", func(x *exchange) { x.drip(head(200, ""), `{"planted":`) }),
		late("slow-chunks", func(x *exchange) { x.drip(head(200, chunks), chunked(" ")) }),
		{
			name: "no-answer-in-a-merge", api: lambda(hangs), endpoint: soon, merged: true,
			status: 200, body: goodReply, calls: exactly(1), within: atOnce, logged: noAnswer,
		},

		// The rest of the announced length never comes.
		{
			name: "length-too-long", api: saying(head(200, "Content-Length: 100\r\n") + goodReply),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: ",
		},
		{
			// The length is shorter than the body, so the reply is cut and is not JSON. By its length
			// it is complete, so the gateway does not retry.
			name: "length-too-short", api: saying(head(200, "Content-Length: 5\r\n") + goodReply),
			status: 502, calls: exactly(1), within: atOnce, logged: undecodable,
		},
		{
			// The bytes after the reply must not become the answer to the next call.
			name: "more-than-one-answer", api: hostileAPI(func(x *exchange) { x.keep = true; x.write(answer + whole(200, "", `{"planted":true}`)) }), request: (*client).getThrice,
			status: 200, body: goodReply, calls: exactly(3), within: atOnce,
		},
		{
			name: "length-that-is-invalid", api: saying(head(200, "Content-Length: planted\r\n") + goodReply),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "two-lengths", api: saying(head(200, "Content-Length: 5\r\nContent-Length: 13\r\n") + goodReply),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "negative-chunk", api: saying(head(200, chunks) + "-1\r\n" + goodReply),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: ",
		},
		{
			name: "no-body", api: saying(whole(200, "", "")),
			status: 200, body: "{}", calls: exactly(1), within: atOnce,
		},
		{
			name: "only-a-head", api: saying(head(204, "")),
			status: 200, body: "{}", calls: exactly(1), within: atOnce,
		},

		is("half-of-json", `{"planted":`, nil),
		is("not-json", "<planted/>", nil),
		is("list-for-an-object", `["planted"]`, nil),
		is("object-for-a-collection", `{"planted":1}`, object{"is_collection": true}),
		is("zero-bytes", strings.Repeat("\x00", 1000), nil),
		is("invalid-utf-8", "\xff\xfe{\x00}\x00", nil),
		is("number-without-end", `{"planted":`+strings.Repeat("9", 1<<20), nil),
		proxy(is("envelope-without-a-status", `{"statusCode":"planted","body":"{}"}`, nil)),
		proxy(is("envelope-of-101", `{"statusCode":101,"body":"{}"}`, nil)),
		proxy(is("envelope-with-half-of-base64", `{"statusCode":200,"isBase64Encoded":true,"body":"e30"}`, nil)),
		proxy(is("envelope-with-half-of-json", `{"statusCode":200,"body":"{\"planted\":"}`, nil)),
	}
}

// drip sends the beginning of an answer, and then slowly repeats drop until the gateway closes the
// connection.
func (x *exchange) drip(begin, drop string) {
	x.write(begin)
	for x.write(drop) {
		time.Sleep(20 * time.Millisecond)
	}
}

// getThrice makes three requests, one after the other, and returns the last response.
func (c *client) getThrice() (r response, err error) {
	for range 3 {
		if r, err = c.get(); err != nil {
			break
		}
	}
	return r, err
}
