package faults

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go/private/protocol/eventstream"
	"github.com/aws/aws-sdk-go/private/protocol/eventstream/eventstreamapi"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	brokeOff = "the reply broke off: "
	damaged  = undecodable + `: 'damaged event stream`
)

// streamFaults are faults of streams. Before the first byte, a fault is an error like any other, and
// the gateway repeats the call if the connection ends. After it, the gateway cuts off the response.
func streamFaults() []row {
	streaming := func(r row) row {
		r.name, r.within = "stream-"+r.name, atOnce
		r.settings = object{"stream": true}
		r.backend, r.endpoint = object{"encoding": "no-op"}, with(object{"output_encoding": "no-op"}, r.endpoint)
		return r
	}
	// fails returns a row for a fault before the first byte, and breaks for a fault after it.
	fails := func(name string, api start, logged string) row {
		return streaming(row{name: name, api: api, status: 502, calls: exactly(1), logged: logged})
	}
	breaks := func(name string, api start, logged string) row {
		return streaming(row{name: name, api: api, status: 200, body: "begun", cut: true, calls: exactly(1), logged: logged})
	}
	// again expects a second call, because the connection ends before the stream begins.
	again := func(r row) row {
		r.calls = exactly(2)
		return r
	}
	late := func(r row) row {
		r.endpoint = with(r.endpoint, soon)
		if !r.cut {
			r.status = 504
		}
		return r
	}
	ends := func(r row) row {
		r.cut, r.logged = false, ""
		return r
	}

	says := func(messages ...string) start { return saying(append([]string{streamHead("")}, messages...)...) }
	then := func(next func(x *exchange), messages ...string) start {
		return hostileAPI(func(x *exchange) {
			x.write(streamHead(""))
			x.write(messages...)
			next(x)
		})
	}
	page := func(messages ...string) start {
		return saying(append([]string{streamHead("application/vnd.awslambda.http-integration-response")}, messages...)...)
	}
	prelude := func(s string) string { return payloadChunk(s + strings.Repeat("\x00", 8)) }
	begun, complete := payloadChunk("begun"), invokeComplete("{}")
	failed := invokeComplete(`{"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"planted\",\"errorMessage\":\"planted\"}"}`)
	exception := message("exception", "ServiceException", `{"Message":"planted"}`)
	garbage := strings.Repeat("planted", 100)
	wrongSum := begun[:len(begun)-1] + "!"
	// These messages have correct checksums, so that the gateway finds the fault itself.
	tooShort := sealed("\x00\x00\x00\x04\x00\x00\x00\x00")
	huge := sealed("\xff\xff\xff\xff\x00\x00\x00\x00")
	hugeHeaders := sealed("\xff\xff\xff\xff\xff\xff\xff\xf0")
	const lengths = 12
	at := lengths + 1 + int(begun[lengths])
	noType := sealed(begun[:at] + "\x7f" + begun[at+1:len(begun)-4])
	failing := func(body io.Reader) func() (*events.LambdaFunctionURLStreamingResponse, error) {
		return func() (*events.LambdaFunctionURLStreamingResponse, error) {
			if body == nil {
				return nil, errors.New(plantedMessage)
			}
			return &events.LambdaFunctionURLStreamingResponse{StatusCode: 200, Body: body}, nil
		}
	}

	throttled := again(fails("throttled", lambda(nil, lambdatest.Throttle(0).Always()), "invocation failed: code TooManyRequestsException (429)"))
	throttled.status = 429
	throttledOnce := again(ends(breaks("throttled-once", lambda(replies("begun"), lambdatest.Throttle(0)), "")))
	large := ends(breaks("of-20-mb", then(func(x *exchange) {
		chunk := payloadChunk(strings.Repeat("x", 1<<20))
		for range 20 {
			x.write(chunk)
		}
		x.write(complete)
	}, begun), ""))
	large.begins = true
	// A RST may overtake the bytes before it, so it waits until the client has read them.
	read := make(chan struct{})
	reset := breaks("reset", then(func(x *exchange) {
		x.await(read)
		x.reset()
	}, begun), brokeOff)
	reset.request = func(c *client) (response, error) { return c.getAndTell(len("begun"), read) }
	return []row{
		throttled,
		throttledOnce,
		again(fails("reset-before-headers", hostileAPI((*exchange).reset), "invocation failed: ")),
		again(fails("cut-before-headers", lambda(nil, lambdatest.Cut(lambdatest.BeforeHeaders).Always()), "invocation failed: ")),
		again(fails("cut-after-headers", lambda(nil, lambdatest.Cut(lambdatest.AfterHeaders).Always()), brokeOff)),
		again(fails("of-nothing", says(), brokeOff)),
		again(fails("reset-after-headers", then((*exchange).reset), brokeOff)),
		fails("failing", lambda(failing(nil)), "the function failed: code errorString"),
		fails("failing-before-the-first-byte", says(failed), "the function failed: code planted: 'planted'"),
		again(fails("exception", says(exception), "invocation failed: code ServiceException: 'planted'")),
		fails("of-garbage", says(garbage), damaged),
		// The message claims a length of 4 bytes, which is less than its own prelude. That is
		// malformed, and not cut off, so the gateway does not retry.
		fails("of-a-message-too-short", says(tooShort), damaged+`: a message of 4 bytes'`),
		fails("of-4-gb-of-headers", says(hugeHeaders), damaged+`: a message of 4294967295 bytes'`),
		fails("of-an-unknown-header-type", says(noType), damaged+`: a header of type 127'`),
		fails("with-a-wrong-checksum", says(wrongSum), damaged+`: wrong checksum of a message'`),
		fails("compressed-that-is-broken", saying(strings.Replace(streamHead(""), "\r\n", "\r\nContent-Encoding: gzip\r\n", 1), zip("")[:10]+garbage), damaged),
		fails("without-a-prelude", hostileAPI(func(x *exchange) {
			x.write(streamHead("application/vnd.awslambda.http-integration-response"))
			x.forever(payloadChunk(strings.Repeat(" ", 1<<10)))
		}), undecodable),
		fails("of-half-a-prelude", page(payloadChunk(`{"statusCode":`), complete), undecodable),
		fails("of-a-prelude-without-a-status", page(prelude(`{"statusCode":"planted"}`), complete), undecodable),
		late(fails("stalling-before-the-first-byte", then((*exchange).stall), noAnswer)),
		late(fails("of-empty-messages-without-end", then(func(x *exchange) { x.drip("", payloadChunk("")) }), noAnswer)),

		breaks("without-an-end", lambda(replies("begun"), lambdatest.Cut(lambdatest.BeforeComplete)), brokeOff),
		breaks("cut-within-a-message", says(begun, begun[:20]), brokeOff),
		breaks("cut-within-a-chunk", saying(strings.Replace(streamHead(""), "\r\n", "\r\n"+chunks, 1), chunked(begun)+"20\r\n"+begun[:20]), brokeOff),
		reset,
		breaks("failing-in-the-middle", lambda(failing(io.MultiReader(strings.NewReader("begun"), failingReader{}))), "the function failed: code errorString: 'planted'"),
		breaks("exception-in-the-middle", says(begun, exception), brokeOff),
		breaks("of-garbage-in-the-middle", says(begun, garbage), brokeOff),
		breaks("of-an-unknown-header-type-in-the-middle", says(begun, noType), brokeOff),
		breaks("with-a-wrong-checksum-in-the-middle", says(begun, wrongSum), brokeOff),
		breaks("of-4-gb-in-the-middle", says(begun, huge), brokeOff),
		breaks("shorter-than-its-length", page(prelude(`{"statusCode":200,"headers":{"content-length":"100"}}`), begun, complete), brokeOff),
		late(breaks("stalling", then((*exchange).stall, begun), "the deadline passed while the function wrote its reply")),

		ends(breaks("with-bytes-after-its-end", says(begun, complete, garbage), "")),
		ends(breaks("of-unknown-events", says(message("event", "Planted", "planted"), begun, complete), "")),
		large,
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("planted") }

// streamHead returns the status line and headers of a stream. An empty contentType means the type of
// the messages.
func streamHead(contentType string) string {
	if contentType == "" {
		contentType = "application/vnd.amazon.eventstream"
	}
	return "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nX-Amzn-Requestid: hostile\r\n\r\n"
}

// message returns a message of an event stream.
func message(messageType, kind, payload string) string {
	m := eventstream.Message{Payload: []byte(payload)}
	name := eventstreamapi.EventTypeHeader
	if messageType == eventstreamapi.ExceptionMessageType {
		name = eventstreamapi.ExceptionTypeHeader
	}
	m.Headers.Set(name, eventstream.StringValue(kind))
	m.Headers.Set(eventstreamapi.MessageTypeHeader, eventstream.StringValue(messageType))
	var b bytes.Buffer
	eventstream.NewEncoder(&b).Encode(m) // writes to a buffer never fail
	return b.String()
}

// sealed returns a part of a message, followed by its checksum.
func sealed(part string) string {
	return string(binary.BigEndian.AppendUint32([]byte(part), crc32.ChecksumIEEE([]byte(part))))
}

func payloadChunk(payload string) string { return message("event", "PayloadChunk", payload) }

func invokeComplete(payload string) string { return message("event", "InvokeComplete", payload) }
