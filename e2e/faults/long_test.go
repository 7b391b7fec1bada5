package faults

import "strings"

// longFaults are long replies, which the gateway sends on as they come. It can repeat the call for a
// reply that it decodes, but not for one that the client already gets. Then the client must see that
// the response is cut off.
func longFaults() []row {
	const begin = `{"begun":"`
	reply := begin + strings.Repeat("x", 1<<20) + `"}`
	length := "Content-Length: 1048588\r\n" // of the reply
	some := reply[:200<<10]
	noOp := func(r row) row {
		r.backend, r.endpoint = object{"encoding": "no-op"}, with(object{"output_encoding": "no-op"}, r.endpoint)
		return r
	}
	breaks := func(name string, answer func(x *exchange)) row {
		return noOp(row{
			name: "long-" + name, api: hostileAPI(answer), status: 200, body: begin, begins: true, cut: true,
			calls: exactly(1), within: atOnce, logged: brokeOff,
		})
	}
	fails := func(name string, answer func(x *exchange), logged string) row {
		return row{name: "long-" + name, api: hostileAPI(answer), status: 502, calls: exactly(2), within: atOnce, logged: logged}
	}
	once := func(name string, first func(x *exchange)) row {
		return row{name: "long-" + name, api: well(first), status: 200, body: goodReply, calls: exactly(2), within: atOnce}
	}
	after := func(then func(x *exchange), parts ...string) func(x *exchange) {
		return func(x *exchange) {
			x.write(parts...)
			then(x)
		}
	}
	end := func(*exchange) {}
	stalling := breaks("stalling", after((*exchange).stall, head(200, length), some))
	stalling.endpoint, stalling.logged = with(stalling.endpoint, soon), "the deadline passed while the reply was coming"
	late := fails("stalling-decoded", after((*exchange).stall, head(200, length), some), noAnswer)
	late.endpoint, late.status, late.calls = soon, 504, exactly(1)
	endless := breaks("without-end", after(func(x *exchange) { x.forever(chunked(reply[len(begin):][:1<<20])) }, head(200, chunks), chunked(begin)))
	endless.taken = bounded
	return []row{
		breaks("cut", after(end, head(200, length), some)),
		breaks("cut-within-a-chunk", after(end, head(200, chunks), chunked(some), "20\r\n{")),
		breaks("cut-between-chunks", after(end, head(200, chunks), chunked(some))),
		stalling,
		endless,
		noOp(fails("cut-near-the-start", after(end, head(200, length), some[:10<<10]), "invocation failed: ")),
		noOp(once("cut-near-the-start-once", after(end, head(200, length), some[:10<<10]))),
		noOp(row{
			name: "long", api: saying(whole(200, "", reply)), status: 200, body: reply, calls: exactly(1), within: atOnce,
		}),
		noOp(row{
			name: "long-in-chunks", api: saying(head(200, chunks), chunked(some), chunked(reply[len(some):]), "0\r\n\r\n"),
			status: 200, body: reply, calls: exactly(1), within: atOnce,
		}),

		fails("cut-decoded", after(end, head(200, length), some), brokeOff),
		fails("cut-within-a-chunk-decoded", after(end, head(200, chunks), chunked(some), "20\r\n{"), brokeOff),
		once("cut-decoded-once", after(end, head(200, length), some)),
		late,
		{
			name: "long-string", backend: object{"encoding": "string"}, api: saying(whole(200, "", "["+strings.Repeat("1,", 1<<18)+"1]")),
			status: 200, body: `{"content":"[` + strings.Repeat("1,", 1<<18) + `1]"}`, calls: exactly(1), within: atOnce,
		},
		{
			name: "long-string-cut", backend: object{"encoding": "string"}, api: hostileAPI(after(end, head(200, length), some)),
			status: 502, calls: exactly(2), within: atOnce, logged: brokeOff,
		},
		{
			name: "long-nothing", api: saying(whole(200, "", strings.Repeat(" ", 100<<10)+"null")), status: 200, body: "{}", calls: exactly(1), within: atOnce,
		},
		{
			name: "long-null", api: saying(whole(200, "", "null"+strings.Repeat(" ", 100<<10))), status: 200, body: "{}", calls: exactly(1), within: atOnce,
		},
	}
}
