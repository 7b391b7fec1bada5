package faults

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	// maxReply is the largest reply of a function, in bytes. maxDepth is the deepest nesting of its
	// JSON.
	maxReply = 6<<20 + 100
	maxDepth = 10_000

	// bounded is far more than the largest reply and the kernel's buffers, and far less than 100 MB
	// or an endless reply.
	bounded = 64 << 20
)

// sizeFaults are replies that are too large: for Lambda's limits, for a decoder's stack, or because
// they never end. The gateway stops reading when it notices that.
func sizeFaults() []row {
	// tooMuch returns a row for a reply that is too large. The gateway does not execute the function
	// again.
	tooMuch := func(name string, answer func(x *exchange), more ...object) row {
		return row{
			name: name, api: hostileAPI(answer), settings: with(nil, more...), status: 502, calls: exactly(1),
			taken: bounded, within: atOnce, logged: undecodable,
		}
	}
	noOp := func(r row) row {
		r.backend, r.endpoint = object{"encoding": "no-op"}, object{"output_encoding": "no-op"}
		return r
	}
	again := func(r row, logged string) row { // the answer is invalid HTTP, so the gateway retries
		r.calls, r.taken, r.logged = exactly(2), 2*bounded, logged
		return r
	}
	as := func(encoding string, r row) row {
		r.backend = object{"encoding": encoding}
		return r
	}
	proxy := object{"response_format": "proxy"}
	megabyte := strings.Repeat("x", 1<<20)
	endless := func(status int, headers string) func(x *exchange) {
		return func(x *exchange) {
			x.write(head(status, headers+chunks), chunked(`{"planted":"`))
			x.forever(chunked(megabyte))
		}
	}
	deep := func(open, end string, n int) string {
		return `{"deep":` + strings.Repeat(open, n-1) + "1" + strings.Repeat(end, n-1) + "}"
	}
	return []row{
		tooMuch("endless-body", endless(200, "")),
		as("string", tooMuch("endless-body-as-a-string", endless(200, ""))),
		tooMuch("endless-envelope", endless(200, ""), proxy),
		tooMuch("endless-body-without-chunks", func(x *exchange) { x.write(head(200, "")); x.forever(megabyte) }),
		tooMuch("endless-body-of-spaces", func(x *exchange) { x.write(head(200, "")); x.forever(strings.Repeat(" ", 1<<20)) }),
		again(tooMuch("endless-trailer", func(x *exchange) {
			x.write(head(200, chunks+"Trailer: X-Planted\r\n"), chunked(goodReply), "0\r\n")
			x.forever("X-Planted: " + megabyte + "\r\n")
		}), "invocation failed: "),
		tooMuch("endless-function-error", endless(200, "X-Amz-Function-Error: Unhandled\r\n")),
		tooMuch("endless-refusal", endless(403, "X-Amzn-Errortype: AccessDeniedException\r\n")),
		tooMuch("endless-error", endless(500, "")),
		{
			name: "endless-headers", api: hostileAPI(func(x *exchange) {
				x.write("HTTP/1.1 200 OK\r\n")
				x.forever("X-Planted: " + megabyte + "\r\n")
			}),
			status: 502, calls: exactly(2), taken: 2 * bounded, within: atOnce, logged: "invocation failed: code RequestError",
		},
		{
			name: "endless-status", api: hostileAPI(func(x *exchange) { x.write("HTTP/1.1 200 "); x.forever(megabyte) }),
			status: 502, calls: exactly(2), taken: 2 * bounded, within: atOnce, logged: "invocation failed: code RequestError",
		},
		{
			name: "early-hints-without-end", api: hostileAPI(func(x *exchange) {
				x.forever("HTTP/1.1 103 Early Hints\r\nLink: <" + megabyte + ">\r\n\r\n")
			}),
			status: 502, calls: exactly(2), taken: 2 * bounded, within: atOnce, logged: "invocation failed: code RequestError",
		},
		{
			name: "header-of-20-mb", api: saying(head(200, "X-Planted: "+strings.Repeat("x", 20<<20)+"\r\n") + goodReply),
			status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: code RequestError",
		},
		tooMuch("200000-headers", func(x *exchange) {
			x.write(whole(200, strings.Repeat("X-Planted: planted\r\n", 200_000), goodReply))
		}),
		{
			// The client gets none of these headers.
			name: "1000-headers", api: saying(whole(200, strings.Repeat("X-Planted: planted\r\n", 1000), goodReply)),
			status: 200, body: goodReply, calls: exactly(1), within: atOnce,
		},

		tooMuch("100-mb", func(x *exchange) {
			x.write(head(200, "Content-Length: 104857600\r\n"))
			for range 100 {
				if !x.write(megabyte) {
					break
				}
			}
		}),
		tooMuch("one-byte-too-much", func(x *exchange) { x.write(whole(200, "", sized(maxReply+1))) }),
		noOp(tooMuch("one-byte-too-much-for-no-op", func(x *exchange) { x.write(whole(200, "", sized(maxReply+1))) })),
		tooMuch("one-byte-too-much-without-length", func(x *exchange) { x.write(head(200, ""), sized(maxReply+1)) }),
		{
			name: "as-much-as-lambda-returns", api: saying(whole(200, "", sized(maxReply))),
			status: 200, body: sized(maxReply), calls: exactly(1), within: atOnce,
		},
		{
			name: "more-than-lambda-returns", api: lambda(replies(sized(maxReply + 1))),
			status: 502, calls: exactly(1), within: atOnce, logged: "the function failed: code Function.ResponseSizeTooLarge",
		},
		{
			name: "more-than-lambda-takes", request: func(c *client) (response, error) {
				return c.post("application/json", strings.NewReader(sized(6<<20+1)))
			}, endpoint: object{"method": "POST"}, api: lambda(nil),
			status: 413, within: atOnce, logged: "the payload is larger than Lambda's limit of 6291456 bytes",
		},
		{
			// The client gets its answer, although it never stops sending.
			name: "request-without-end", request: (*client).postForever, endpoint: object{"method": "POST"}, api: lambda(nil),
			status: 413, within: atOnce, logged: "the payload is larger than Lambda's limit of 6291456 bytes",
		},

		{
			name: "request-with-trailers", request: (*client).postWithTrailers, endpoint: object{"method": "POST"}, api: lambda(nil),
			status: 200, body: goodReply, calls: exactly(1), within: atOnce,
		},

		tooMuch("100000-nested-lists", lambdaSays(deep("[", "]", 100_000))),
		tooMuch("100000-nested-objects", lambdaSays(deep(`{"a":`, "}", 100_000))),
		as("safejson", tooMuch("100000-nested-lists-as-safejson", lambdaSays(strings.Repeat("[", 100_000)))),
		tooMuch("envelope-with-100000-nested-lists", lambdaSays(`{"statusCode":200,"body":"{}","planted":`+deep("[", "]", 100_000)+`}`), proxy),
		tooMuch("envelope-body-with-100000-nested-lists", lambdaSays(fmt.Sprintf(`{"statusCode":200,"body":%q}`, deep("[", "]", 100_000))), proxy),
		tooMuch("one-level-too-deep", lambdaSays(deep("[", "]", maxDepth+1))),
		{
			name: "as-deep-as-can-be", api: lambda(replies(deep("[", "]", maxDepth))),
			status: 200, body: deep("[", "]", maxDepth), calls: exactly(1), within: atOnce,
		},

		noOp(tooMuch("envelope-with-a-large-header", lambdaSays(`{"statusCode":200,"body":"{}","headers":{"x-planted":"`+strings.Repeat("x", 65<<10)+`"}}`), proxy)),
		noOp(tooMuch("envelope-with-many-headers", lambdaSays(`{"statusCode":200,"body":"{}","multiValueHeaders":{"x-planted":["1"`+strings.Repeat(`,"1"`, 20_000)+`]}}`), proxy)),
		noOp(tooMuch("envelope-with-many-cookies", lambdaSays(`{"statusCode":200,"body":"{}","cookies":["a=1"`+strings.Repeat(`,"a=1"`, 20_000)+`]}`), proxy)),
		{
			name: "100-concurrent-executions", api: lambda(nil, lambdatest.Cut(lambdatest.BeforeHeaders).Always()), settings: object{"max_retries": 0}, endpoint: object{"concurrent_calls": 100},
			status: 502, calls: exactly(100), within: atOnce, logged: "invocation failed: code RequestError",
		},
	}
}

// lambdaSays answers like Lambda, with the reply of a function.
func lambdaSays(reply string) func(x *exchange) {
	return func(x *exchange) {
		x.keep = true
		x.write(whole(200, "", reply))
	}
}

// sized returns a JSON object of n bytes.
func sized(n int) string {
	const frame = `{"large":""}`
	return `{"large":"` + strings.Repeat("x", n-len(frame)) + `"}`
}

// postForever sends a body that does not end.
func (c *client) postForever() (response, error) {
	return c.post("application/json", zeros{})
}

// postWithTrailers sends headers after its body. The gateway drops them.
func (c *client) postWithTrailers() (response, error) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.URL+c.path, io.MultiReader(strings.NewReader("{}")))
	if err != nil {
		return response{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Trailer = http.Header{"X-Planted": {"planted"}}
	return receive(c.Client.Do(request))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
