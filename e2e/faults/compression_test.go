package faults

import (
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"sync"
)

// compressionFaults are replies that claim to be compressed, although the calls ask for identity.
// (net/http would decompress a reply that the call asked for, without a limit.) If KrakenD 1.x's parser
// gets an invalid gzip in a merge, its process ends.
func compressionFaults() []row {
	var rows []row
	for _, coding := range []string{"gzip", "x-gzip"} {
		encoded := "Content-Encoding: " + coding + "\r\n"
		lies := func(name string, answer func(x *exchange)) row {
			return row{
				name: coding + name, api: hostileAPI(answer), status: 502, calls: exactly(1),
				taken: bounded, within: atOnce, logged: undecodable,
			}
		}
		merged := func(r row) row {
			r.merged, r.status, r.body = true, 200, goodReply
			return r
		}
		again := func(r row) row { // the status decides whether the gateway retries
			r.calls, r.logged = exactly(2), "invocation failed: "
			return r
		}
		says := func(headers, body string) func(x *exchange) {
			return func(x *exchange) { x.write(whole(200, encoded+headers, body)) }
		}
		zipped := zip(goodReply)
		wrongSum := zipped[:len(zipped)-8] + "planted!"
		rows = append(rows,
			row{
				name: coding, api: saying(whole(200, encoded, zipped)),
				status: 200, body: goodReply, calls: exactly(1), within: atOnce,
			},
			lies("-that-is-invalid", says("", goodReply)),
			merged(lies("-that-is-invalid-in-a-merge", says("", goodReply))),
			lies("-cut", says("", zipped[:len(zipped)/2])),
			merged(lies("-cut-in-a-merge", says("", zipped[:len(zipped)/2]))),
			lies("-with-a-wrong-checksum", says("", wrongSum)),
			lies("-with-bytes-after-its-end", says("", zipped+"planted")),
			lies("-of-a-broken-block", says("", zipped[:10]+"\xff\xff\xff\xff")),
			lies("-bomb", says("", bomb())),
			merged(lies("-bomb-in-a-merge", says("", bomb()))),
			lies("-bomb-of-two-layers", says("", zip(bomb()))),
			lies("-without-end", func(x *exchange) {
				x.write(head(200, encoded))
				x.forever(zip(strings.Repeat(" ", 1<<20)))
			}),
			lies("-of-nothing-without-end", func(x *exchange) {
				x.write(head(200, encoded))
				x.forever(strings.Repeat(zip(""), 1<<10))
			}),
			again(lies("-that-is-invalid-of-an-error", func(x *exchange) { x.write(whole(500, encoded, `{"planted":true}`)) })),
			lies("-that-is-invalid-of-a-function-error", says("X-Amz-Function-Error: Unhandled\r\n", `{"planted":true}`)),
		)
	}
	return append(rows,
		row{
			name: "unknown-coding", api: saying(whole(200, "Content-Encoding: br\r\n", goodReply)),
			status: 502, calls: exactly(1), within: atOnce, logged: undecodable,
		},
		row{
			// A client that gets the bytes unchanged can check them itself.
			name: "x-gzip-that-is-invalid-for-no-op", api: saying(whole(200, "Content-Encoding: x-gzip\r\n", goodReply)),
			backend: object{"encoding": "no-op"}, endpoint: object{"output_encoding": "no-op"},
			status: 200, body: goodReply, calls: exactly(1), within: atOnce,
		},
		row{
			name: "invalid-gzip-in-an-envelope", settings: object{"response_format": "proxy"}, merged: true,
			api:    lambda(replies(`{"statusCode":200,"headers":{"content-encoding":"gzip"},"body":"{\"planted\":true}"}`)),
			status: 200, body: goodReply, calls: exactly(1), within: atOnce, logged: undecodable,
		},
		row{
			name: "gzip-bomb-in-an-envelope", settings: object{"response_format": "proxy"}, merged: true,
			api:    lambda(replies(`{"statusCode":200,"headers":{"content-encoding":"gzip"},"isBase64Encoded":true,"body":"` + base64.StdEncoding.EncodeToString([]byte(bomb())) + `"}`)),
			status: 200, body: goodReply, calls: exactly(1), within: atOnce, logged: undecodable,
		},
	)
}

func zip(s string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// bomb is 50 MB, compressed.
var bomb = sync.OnceValue(func() string { return zip(strings.Repeat(" ", 50<<20)) })
