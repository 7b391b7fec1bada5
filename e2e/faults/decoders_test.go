package faults

// decoderFaults are replies that KrakenD's decoders, or the steps after them, could misread. All rows
// are merges, where nothing recovers a panic: it would end the process.
func decoderFaults(g generation) []row {
	is := func(name, reply, want string, backend object) row {
		return row{
			name: name, api: lambda(replies(reply)), backend: backend, merged: true,
			status: 200, body: want, calls: exactly(1), within: atOnce,
		}
	}
	bad := func(r row) row {
		r.body, r.logged = goodReply, undecodable
		return r
	}
	grouped := func(o object) object { return with(o, object{"group": "g"}) }
	return []row{
		is("null-for-a-collection", "null", `{"g":{},"good":true}`, grouped(object{"is_collection": true})),
		is("null-for-an-object", "null", `{"g":{},"good":true}`, grouped(nil)),
		is("null-as-safejson", "null", `{"g":{},"good":true}`, grouped(object{"encoding": "safejson"})),
		is("null-as-a-string", "null", `{"g":{"content":"null"},"good":true}`, grouped(object{"encoding": "string"})),
		is("scalar-as-safejson", "1", `{"g":{"`+g.scalarKey+`":1},"good":true}`, grouped(object{"encoding": "safejson"})),
		bad(is("scalar-for-a-collection", "1", "", object{"is_collection": true})),
		bad(is("collection-without-end", "[1,", "", object{"is_collection": true})),

		is("target-that-is-not-an-object", `{"data":1}`, `{"g":{},"good":true}`, grouped(object{"target": "data"})),
		is("target-that-is-null", `{"data":null}`, `{"g":{},"good":true}`, grouped(object{"target": "data"})),
		is("denied-below-a-number", `{"a":1,"b":{"c":null}}`, `{"g":{"a":1,"b":{}},"good":true}`,
			grouped(object{"blacklist": []string{"a.x", "b.c", "n.n.n"}, "deny": []string{"a.x", "b.c", "n.n.n"}})),
		is("flatmap-of-missing-fields", `{"a":1,"b":[]}`, `{"g":{"a":1,"b":[]},"good":true}`, grouped(flatmap(
			object{"type": "move", "args": []string{"a.b.c", "x"}},
			object{"type": "move", "args": []string{"b.*.c", "b.*.d"}},
			object{"type": "move", "args": []string{"c.*", "c.d.e.f"}},
			object{"type": "del", "args": []string{"a.*.*"}},
			object{"type": "append", "args": []string{"a", "b"}},
		))),
		is("flatmap-that-leaves-nothing", `{"a":1}`, goodReply, flatmap(object{"type": "del", "args": []string{"*"}})),
	}
}

func flatmap(ops ...object) object {
	return object{"extra_config": object{"github.com/devopsfaith/krakend/proxy": object{"flatmap_filter": ops}}}
}
