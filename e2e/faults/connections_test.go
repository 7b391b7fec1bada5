package faults

import (
	"sync/atomic"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// connectionFaults are connections that fail. The gateway retries the call, although it cannot know
// whether the function has been executed.
func connectionFaults() []row {
	const noConnection = "invocation failed: code RequestError"
	fails := func(name string, api start) row {
		return row{name: name, api: api, status: 502, calls: exactly(2), within: atOnce, logged: "invocation failed: "}
	}
	cut := func(point lambdatest.CutPoint) start { return lambda(nil, lambdatest.Cut(point).Always()) }
	cutOnce := func(name string, point lambdatest.CutPoint) row {
		return row{name: name, api: lambda(nil, lambdatest.Cut(point)), status: 200, body: goodReply, calls: exactly(2), within: atOnce}
	}
	once := func(name string, first func(x *exchange)) row {
		return row{name: name, api: well(first), status: 200, body: goodReply, calls: exactly(2), within: atOnce}
	}
	answer := whole(200, "", goodReply)
	return []row{
		{name: "refused", api: refuses, status: 502, within: atOnce, logged: noConnection},
		{name: "no-such-host", api: nowhere, status: 502, within: atOnce, logged: noConnection},
		{name: "never-accepted", api: deaf, endpoint: soon, status: 504, within: atOnce, logged: noAnswer},
		{name: "never-accepted-in-a-merge", api: deaf, endpoint: soon, merged: true, status: 200, body: goodReply, within: atOnce, logged: noAnswer},

		fails("reset-on-connect", rude((*exchange).reset)),
		fails("reset-before-headers", hostileAPI((*exchange).reset)),
		fails("reset-within-headers", hostileAPI(func(x *exchange) { x.write(answer[:40]); x.reset() })),
		fails("reset-within-body", hostileAPI(func(x *exchange) { x.write(answer[:len(answer)-5]); x.reset() })),
		once("reset-once", (*exchange).reset),

		fails("cut-on-connect", rude(func(*exchange) {})),
		fails("cut-before-headers", cut(lambdatest.BeforeHeaders)),
		fails("cut-within-headers", cut(lambdatest.WithinHeaders)),
		fails("cut-after-headers", cut(lambdatest.AfterHeaders)),
		fails("cut-within-body", cut(lambdatest.WithinBody)),
		cutOnce("cut-before-headers-once", lambdatest.BeforeHeaders),
		cutOnce("cut-within-headers-once", lambdatest.WithinHeaders),
		cutOnce("cut-after-headers-once", lambdatest.AfterHeaders),
		cutOnce("cut-within-body-once", lambdatest.WithinBody),
		fails("cut-within-a-chunk", saying(head(200, chunks)+"20\r\n{")),
		fails("cut-between-chunks", saying(head(200, chunks)+chunked(goodReply))),

		fails("untrusted-certificate", untrusted),
		fails("plain-http-in-place-of-tls", func(t *testing.T, f string) *api { return secure(rude(func(x *exchange) { x.write(answer) })(t, f)) }),
		fails("tls-cut-within-the-handshake", func(t *testing.T, f string) *api {
			return secure(rude(func(x *exchange) { x.conn.Read(make([]byte, 1)); x.reset() })(t, f))
		}),
		tlsThatNeverAnswers(),
		fails("tls-alert-in-place-of-http", saying("\x15\x03\x01\x00\x02\x02\x16")),

		fails("another-protocol", saying("SSH-2.0-OpenSSH_9.6\r\n")),
		fails("no-status", saying("HTTP/1.1 planted\r\n\r\n")),
		fails("malformed-header", saying("HTTP/1.1 200 OK\r\nplanted\r\n\r\n")),
		fails("http-2", saying("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
		{
			// The gateway did not ask for another protocol, and the connection with it never ends.
			name: "switched-protocols", api: hostileAPI(func(x *exchange) {
				x.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: planted\r\n\r\n")
				x.stall()
			}),
			status: 502, calls: exactly(1), within: atOnce, logged: "the reply cannot be decoded: ",
		},
	}
}

// tlsThatNeverAnswers is an API that does not answer a TLS handshake. It ends with its client,
// because net/http itself waits for the 10 seconds that KrakenD allows for a handshake.
func tlsThatNeverAnswers() row {
	answered := make(chan struct{})
	return row{
		name: "tls-that-never-answers", endpoint: soon,
		api: func(t *testing.T, f string) *api {
			return secure(rude(func(x *exchange) { x.await(answered) })(t, f))
		},
		request: func(c *client) (response, error) {
			defer close(answered)
			return c.get()
		},
		status: 504, calls: exactly(1), within: atOnce, logged: noAnswer,
	}
}

// well is an API that works, except for its first call.
func well(first func(x *exchange)) start {
	var called atomic.Bool
	return hostileAPI(func(x *exchange) {
		if called.CompareAndSwap(false, true) {
			first(x)
			return
		}
		x.keep = true
		x.write(whole(200, "", goodReply))
	})
}
