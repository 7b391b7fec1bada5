package jsonreply

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// documents are replies. taken tells whether the one pass decodes them, without KrakenD's decoder.
var documents = []struct {
	document string
	taken    bool
}{
	// Objects and lists
	{`{}`, true},
	{`[]`, true},
	{" \t\r\n{ \"a\" : 1 , \"b\" : [ ] } ", true},
	{`{"a":null,"b":true,"c":false,"d":"","e":{},"f":[]}`, true},
	{`{"":{"":{"":""}}}`, true},
	{`[1,"1",[1],{"1":1},null,true,false]`, true},
	{`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}`, true},
	// Of duplicate keys the last one counts, as a whole
	{`{"a":1,"a":2}`, true},
	{`{"a":{"x":1},"a":{"y":2}}`, true},
	{`{"a":[1,2,3],"a":[4]}`, true},
	{`{"b":{"a":{"x":1},"a":null}}`, true},
	{`{"a":1,"\u0061":2,"A":3}`, true},
	// Only the first value counts
	{`{"a":1}{"a":2}`, true},
	{`[1]2`, true},
	{`{"a":1}}`, true},
	{`{"a":1} private`, true},
	{"[1]\x00", true},
	{`[1],`, true},
	// Numbers
	{`[0,-0,1,-1,10,1.5,-1.50,0.0,1e1,1E+1,1e-01,-0.0e-0,1.0E400]`, true},
	{`[12345678901234567890123456789012345678901234567890.000000000000000000000000000001]`, true},
	{`[01]`, false}, {`[-]`, false}, {`[+1]`, false}, {`[.5]`, false}, {`[1.]`, false}, {`[1.e1]`, false},
	{`[1e]`, false}, {`[1e+]`, false}, {`[0x1]`, false}, {`[1_0]`, false}, {`[--1]`, false}, {`[-a]`, false},
	{`[NaN]`, false}, {`[Infinity]`, false}, {`[1`, false}, {`[1.`, false}, {`[1e`, false}, {`[-`, false}, {`[0`, false},
	// Strings
	{`["\"\\\/\b\f\n\r\t","\u0000\u001f\u00e9\u20AC\ud83d\ude00"]`, true},
	{`["a\u0000b","` + "\x7f" + `","é€😀","` + strings.Repeat("0123456é", 100) + `"]`, true},
	{`["\u2028\u2029","<>&","\u003c"]`, true},
	{`["\ufffd","\ufeff"]`, true},
	{`["\'"]`, false}, {`["\a"]`, false}, {`["\x41"]`, false}, {`["\U0041"]`, false},
	{`["\u"]`, false}, {`["\u12"]`, false}, {`["\u12g4"]`, false}, {`["\u+123"]`, false}, {`["\u 123"]`, false},
	{`["\`, false}, {`["\u`, false}, {`["\u123`, false}, {`["\ud83d\u12"]`, false}, {`["\ud83d\`, false},
	{"[\"\x00\"]", false}, {"[\"\n\"]", false}, {"[\"\x1f\"]", false}, {"[\"12345678\x1f\"]", false},
	{"[\"é\n\"]", false}, {"[\"\\\\\n\"]", false}, {"{\"\t\":1}", false},
	{`["a`, false}, {`["`, false}, {`["é`, false}, {`["\n`, false}, {`["\na`, false}, {`['a']`, false},
	// Half surrogate pairs
	{`["\ud800","\udc00","\ud800x","\ud800\n","\ud800\ud800","\udc00\ud800","\ud800\ud83d\ude00","\ud800\u0041","\uD83D\uDE00","\ud83dé"]`, true},
	{`{"\ud800":1,"\udfff":2}`, true},
	// Bytes that are not UTF-8
	{"[\"\xff\",\"\xffa\",\"a\xff\",\"\xc3\",\"\xc3(\",\"\xe2\x82\",\"\xe2\x82(\",\"\xf0\x9f\x98\",\"\x80\x80\"]", true},
	{"[\"\xc0\x80\",\"\xed\xa0\x80\",\"\xed\xa0\xbd\xed\xb8\x80\",\"\xf4\x90\x80\x80\",\"\xf8\x88\x80\x80\x80\",\"\xef\xbf\xbd\",\"\\n\xff\\u00e9\"]", true},
	{"{\"\xff\":1,\"\xfe\":2,\"\\ufffd\":3}", true},
	{"[\xff]", false}, {"\xff{}", false}, {"{\"a\"\xff:1}", false},
	// Neither an object nor a list
	{`null`, false}, {`true`, false}, {`1`, false}, {`"a"`, false}, {``, false}, {` `, false},
	{"\ufeff{}", false}, {"\v{}", false}, {"\u00a0[]", false}, {"\x00", false}, {`}`, false}, {`]`, false}, {`:`, false}, {`,`, false},
	// Incomplete, or not JSON
	{`{`, false}, {`[`, false}, {`{"a"`, false}, {`{"a":`, false}, {`{"a":1`, false}, {`{"a":1,`, false}, {`[1,`, false}, {`[{`, false}, {`{"a":[`, false},
	{`{"a":1,}`, false}, {`[1,]`, false}, {`[,]`, false}, {`[1,,2]`, false}, {`[1 2]`, false}, {`[1;2]`, false}, {`{,}`, false}, {`{"a":}`, false},
	{`{"a" 1}`, false}, {`{"a":1 "b":2}`, false}, {`{a:1}`, false}, {`{1:1}`, false}, {`{null:1}`, false}, {`{"a":1]`, false}, {`[1}`, false}, {`{"a","b"}`, false},
	{`[nul]`, false}, {`[nulll]`, false}, {`[True]`, false}, {`[tru`, false}, {`[fals]`, false}, {`[truefalse]`, false}, {`[undefined]`, false},
	{`[/**/]`, false}, {"[\f]", false}, {"[1\x00]", false}, {"{\"a\":1\x00}", false},
}

// outcome is the result of a decoder.
type outcome struct {
	data map[string]any
	err  error
}

func (o outcome) String() string { return fmt.Sprintf("%#v, %v", o.data, o.err) }

func (o outcome) equal(other outcome) bool {
	return reflect.DeepEqual(o.data, other.data) && fmt.Sprintf("%T %[1]v", o.err) == fmt.Sprintf("%T %[1]v", other.err)
}

func decode(d Decoder, r io.Reader) (o outcome) {
	o.err = d(r, &o.data)
	return o
}

// check compares each decoder with the decoder that it replaces.
func check(t *testing.T, document string) {
	t.Helper()
	checkAs(t, document, owns)
}

// onlyAny is for long documents: the decoders parse them in the same way.
var onlyAny = map[string]Decoder{"Any": ownAny}

// checkAs compares some of the decoders.
func checkAs(t *testing.T, document string, owns map[string]Decoder) {
	t.Helper()
	for name, own := range owns {
		got, want := decode(known.OnePass(own), strings.NewReader(document)), decode(own, strings.NewReader(document))
		if !got.equal(want) {
			t.Errorf("%s of %.200q\ngot  %v\nwant %v", name, document, got, want)
		}
	}
	taken, err := reference(strings.NewReader(document))
	switch taken.(type) {
	case map[string]any, []any:
	default:
		err = errors.New("no object or list")
	}
	if _, ok := newParser([]byte(document)).document(); ok != (err == nil) {
		t.Errorf("the pass takes %.200q: got %t, want %t", document, ok, err == nil)
	}
}

func TestDecoders(t *testing.T) {
	for _, tc := range documents {
		check(t, tc.document)
		if _, ok := newParser([]byte(tc.document)).document(); ok != tc.taken {
			t.Errorf("the pass takes %q: got %t, want %t", tc.document, ok, tc.taken)
		}
	}
}

// The length of a document, a string or a list does not matter, nor does the position of a value.
func TestSizes(t *testing.T) {
	for n := range 40 {
		x := strings.Repeat("x", n)
		for _, s := range []string{x, x + `\n`, x + "é", x + "\xff", x + `\ud83d\ude00`, `\\` + x, "é" + x} {
			check(t, `{"`+s+`":["`+s+`","`+s+`"]}`)
		}
		check(t, `["`+x+"\x01"+`"]`)
		check(t, `["`+x)
		check(t, strings.Repeat(" ", n)+`["`+x+`",`+strings.Repeat("7", n+1)+`]`)
	}
	for _, n := range []int{pieceSize / 4, pieceSize, 2 * pieceSize, classSize(0), classSize(1)} {
		for d := -12; d <= 2; d++ {
			check(t, `["a","`+strings.Repeat("x", n+d)+`","b"]`)
		}
	}
	for _, long := range []string{
		`["` + strings.Repeat("x", 2*classSize(classes-1)) + `"]`,
		`[` + strings.Repeat(`{"id":12345,"name":"a name","tags":["a","b"],"":null},`, 3_000) + `0]`,
		`[` + strings.Repeat(`1,`, maxKept) + `0]`,
	} {
		checkAs(t, long, onlyAny)
	}
}

func TestDepth(t *testing.T) {
	for _, depth := range []int{maxDepth, maxDepth + 1, maxDepth + 2} { // encoding/json refuses the last one
		for name, document := range map[string]string{
			"lists":   strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth),
			"objects": strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat(`}`, depth),
		} {
			for kind, own := range owns {
				got, want := decode(known.OnePass(own), strings.NewReader(document)), decode(own, strings.NewReader(document))
				if !got.equal(want) {
					t.Errorf("%s of %d %s: got %v, want %v", kind, depth, name, got.err, want.err)
				}
			}
			if _, ok := newParser([]byte(document)).document(); ok != (depth <= maxDepth) {
				t.Errorf("the pass takes %d %s: got %t", depth, name, ok)
			}
		}
	}
}

// KrakenD's decoder sees the same bytes in the same order, and the same error of the reader.
func TestReaders(t *testing.T) {
	broken := errors.New("the connection broke")
	for _, document := range []string{``, `{`, `{"a":1}`, `[1]`, `{"a":1} and more`, `null`, `{"a":"` + strings.Repeat("x", 20<<10)} {
		for name, reader := range map[string]func() io.Reader{
			"whole":             func() io.Reader { return strings.NewReader(document) },
			"byte by byte":      func() io.Reader { return iotest.OneByteReader(strings.NewReader(document)) },
			"data with the end": func() io.Reader { return iotest.DataErrReader(strings.NewReader(document)) },
			"breaks": func() io.Reader {
				return io.MultiReader(strings.NewReader(document), iotest.ErrReader(broken))
			},
			"cut": func() io.Reader {
				return io.MultiReader(strings.NewReader(document), iotest.ErrReader(io.ErrUnexpectedEOF))
			},
		} {
			for kind, own := range owns {
				got, want := decode(known.OnePass(own), reader()), decode(own, reader())
				if !got.equal(want) {
					t.Errorf("%s of %.40q, %s\ngot  %v\nwant %v", kind, document, name, got, want)
				}
			}
		}
	}
}

// encoding/json adds the members of an object to an existing map.
func TestExistingData(t *testing.T) {
	for kind, own := range owns {
		for _, document := range []string{`{"a":1}`, `[1]`, `null`} {
			got, want := outcome{data: map[string]any{"b": 2}}, outcome{data: map[string]any{"b": 2}}
			got.err, want.err = known.OnePass(own)(strings.NewReader(document), &got.data), own(strings.NewReader(document), &want.data)
			if !got.equal(want) {
				t.Errorf("%s of %s: got %v; want %v", kind, document, got, want)
			}
		}
	}
}

// A decoded value does not change when its buffer is used for another document.
func TestBuffersAreNotShared(t *testing.T) {
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			d := known.OnePass(ownAny)
			type kept struct {
				document []byte
				got      outcome
			}
			var all []kept
			for i := range 60 {
				fill := string(rune('a' + (worker*60+i)%26))
				document := []byte(fmt.Sprintf(`{"%[1]s":"%[1]s","n":%[2]d,"escaped":"\n%[1]s","list":[%[3]s"%[1]s"]`, strings.Repeat(fill, 1+i), worker*1000+i,
					strings.Repeat(`{"`+fill+`":"`+fill+`\t"},`, 1<<(i%11))))
				if i%5 != 0 { // otherwise the document is incomplete, and its elements stay on the stack
					document = append(document, '}')
				}
				all = append(all, kept{document, decode(d, bytes.NewReader(document))})
			}
			for _, k := range all {
				if want := decode(ownAny, bytes.NewReader(k.document)); !k.got.equal(want) {
					t.Errorf("%.100q: got %.200v\nwant %.200v", k.document, k.got, want)
				}
			}
		})
	}
	wg.Wait()
}

// A parser that waits for its next document holds no reference to the last one.
func TestReset(t *testing.T) {
	for _, document := range []string{
		`{"a":[1,"x",{"b":"\n"}],"c":[[],{}]}`,
		`{"a":[1,"x",{"b":"y","c":[1,2,3,`, // its elements stay on the stacks
	} {
		p := newParser([]byte(document))
		p.document()
		p.reset()
		for _, v := range p.values[:cap(p.values)] {
			if v != nil {
				t.Errorf("%s: got %v on the stack", document, v)
			}
		}
		for _, k := range p.keys[:cap(p.keys)] {
			if k != "" {
				t.Errorf("%s: got the key %q on the stack", document, k)
			}
		}
		if p.src != nil || p.piece != "" {
			t.Errorf("%s: the parser refers to the document", document)
		}
	}
}

// A short string does not keep its document in memory.
func TestKeptStrings(t *testing.T) {
	const documents = 64
	long := strings.Repeat("x", 1<<17)
	decode := known.OnePass(ownObject)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	kept := make([]any, documents)
	for i := range kept {
		var data map[string]any
		document := fmt.Sprintf(`{"first":"%s","short":["a%d",%d],"last":"\n%s"}`, long, i, i, long)
		if err := decode(strings.NewReader(document), &data); err != nil {
			t.Fatal(err)
		}
		kept[i] = data["short"]
	}
	after := heap()
	if after > before+4<<20 {
		t.Errorf("%d short lists keep %d bytes", documents, after-before)
	}
	runtime.KeepAlive(kept)
}

// KrakenD's own decoder is not called for a valid document.
func TestOwnIsNotNeeded(t *testing.T) {
	own := func(io.Reader, *map[string]any) error { return errors.New("called") }
	for i, r := range NewKnown(own, own, own) {
		document := []string{`{"a":1}`, `[1]`, `[1]`}[i]
		if got := decode(r.onePass, strings.NewReader(document)); got.err != nil || len(got.data) != 1 {
			t.Errorf("decoder %d of %s: got %v", i, document, got)
		}
	}
}

// The parser reads nothing behind the end of a document.
func TestEndOfDocument(t *testing.T) {
	for _, tc := range documents {
		exact := append(make([]byte, 0, len(tc.document)), tc.document...)
		if _, ok := newParser(exact).document(); ok != tc.taken {
			t.Errorf("the pass takes %q: got %t, want %t", tc.document, ok, tc.taken)
		}
	}
}

// Short strings share copies, and documents share a parser.
func TestAllocations(t *testing.T) {
	const boxes, limit = 1000, 1030 // a string in an interface is an allocation
	document := []byte("[" + strings.Repeat(`"short",`, boxes) + `{"a":"\n"}]`)
	if got := testing.AllocsPerRun(100, func() {
		p := newParser(document)
		p.document()
		p.free()
	}); got > limit {
		t.Errorf("got %v allocations, want at most %d", got, limit)
	}
}
