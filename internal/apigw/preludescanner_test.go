package apigw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"

// preludeState returns what encoding/json and ParsePrelude find at the beginning of a stream.
func preludeState(stream []byte, announced bool) PreludeState {
	if !announced && !mayBePrelude(stream) {
		return PreludeAbsent
	}
	head, _, err := ParsePrelude(stream)
	switch {
	case errors.Is(err, ErrPrelude):
		return PreludeAbsent
	case head == nil && err == nil:
		return PreludePending
	}
	return PreludeFound
}

// The scanner reads each stream byte by byte. A bar stands before the byte that proves that the
// stream has no prelude. A stream with zeros at the end and without a bar ends with the prelude's end.
func TestPreludeScanner(t *testing.T) {
	for _, tc := range []struct{ name, stream string }{
		{"nothing", ""},
		{"an empty object", "{}" + zeros},
		{"white space", " \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n[ \t\r\n1 \t\r\n, \t\r\n[ \t\r\n] \t\r\n] \t\r\n, \t\r\n\"b\" : { } \t\r\n}" + zeros},
		{"a prelude", `{"statusCode":201,"headers":{"content-type":"text/html"},"cookies":["a=1","b=2"]}` + zeros},
		{"all values", `{"a":[true,false,null,"s",{"b":{}},[[]],0,-1,10,1.50,-0.1,1e2,1E+2,1.0e-07,0e1],"c":2}` + zeros},
		{"all escapes", `{"\"\\\/\b\f\n\r\t\u12aF":"\"\\\/\b\f\n\r\t\uD800}\""}` + zeros},
		{"all hexadecimal digits", `{"\u0123\u4567\u89ab\ucdef\uABCD\uEF00":1}` + zeros},
		{"bytes that are not UTF-8", "{\"\xff\":\"\xc3\x7f\"}" + zeros},
		{"half of a prelude", `{"statusCode":201,"headers":{`},
		{"half of the end", "{}" + zeros[:7]},
		{"an invalid prelude", `{"statusCode":"x"}` + zeros},

		{"text", "|tea"}, {"an array", "|[]" + zeros}, {"a string", `|"tea"` + zeros}, {"zeros", "|" + zeros}, {"a mark of UTF-8", "|\xef\xbb\xbf{}" + zeros},
		{"a form feed", " |\f{}" + zeros},
		{"a script", "{|let a}"}, {"a template", "{|{a}}"}, {"a zero in an object", "{|" + zeros},
		{"JSON, line by line", "{\"a\":1}|\n{\"a\":2}\n"}, {"white space before the end", "{}| " + zeros}, {"two objects", "{}|{}"},
		{"a zero too few", "{}" + zeros[:7] + "|tea"},
		{"a comma before the first member", `{|,"a":1}`}, {"a comma after the last member", `{"a":1,|}`}, {"no comma", `{"a":1 |"b":2}`}, {"no colon", `{"a"|,"b"}`}, {"no value", `{"a":|}`},
		{"a colon in an array", `{"a":[1|:2]}`}, {"a comma before the first element", `{"a":[|,1]}`}, {"a comma after the last element", `{"a":[1,|]}`}, {"a key that is a number", `{|1:2}`},
		{"an array closed as an object", `{"a":[1|}}`}, {"an object closed as an array", `{"a":{"b":1|]}`}, {"an empty array closed as an object", `{"a":[|}}`}, {"an empty object closed as an array", `{"a":{|]}`},
		{"a line in a string", "{\"a|\n\":1}"}, {"a zero in a string", "{\"a\":\"|" + zeros}, {"an unknown escape", `{"\|x":1}`}, {"an escape of three digits", `{"a":"\u12a|"`}, {"a digit that is none", `{"\u0|g00":1}`},
		{"a word", `{"a":t|ea}`}, {"a longer word", `{"a":true|s}`}, {"another word", `{"a":|undefined}`}, {"a word in capitals", `{"a":n|ULL}`}, {"false", `{"a":fals|y}`},
		{"a zero in front", `{"a":0|1}`}, {"a plus", `{"a":|+1}`}, {"a minus alone", `{"a":-|}`}, {"two signs", `{"a":-|-1}`}, {"a point in front", `{"a":|.5}`}, {"a point at the end", `{"a":5.|}`},
		{"two points", `{"a":1.5|.1}`}, {"no exponent", `{"a":1e|}`}, {"a sign without an exponent", `{"a":1e+|,`}, {"two exponents", `{"a":1e5|e5}`}, {"an exponent with a point", `{"a":1e5|.0}`}, {"two numbers", `{"a":1 |2}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, after, absent := strings.Cut(tc.stream, "|")
			stream := before + after
			var scanner PreludeScanner
			for i := range len(stream) {
				want := PreludePending
				switch {
				case absent && i >= len(before):
					want = PreludeAbsent
				case !absent && i == len(stream)-1 && strings.HasSuffix(stream, zeros):
					want = PreludeFound
				}
				got := scanner.Scan([]byte{stream[i]})
				if got != want {
					t.Errorf("got %d after %q, want %d", got, stream[:i+1], want)
				}
				if want := preludeState([]byte(stream[:i+1]), false); got != want {
					t.Errorf("got %d after %q, and %d as one piece", got, stream[:i+1], want)
				}
			}
			if got, want := scanner.Scan(nil), preludeState([]byte(stream), false); got != want {
				t.Errorf("got %d at the end, want %d", got, want)
			}
		})
	}
}

// If the content type announces a prelude, only zeros end it.
func TestPreludeScannerAnnounced(t *testing.T) {
	for stream, want := range map[string]PreludeState{
		"": PreludePending, "{}": PreludePending, "tea": PreludePending, "{}" + zeros[:7]: PreludePending, "{}" + zeros[:7] + "a" + zeros[:7]: PreludePending,
		"{}" + zeros: PreludeFound, "{} \n" + zeros + "tea": PreludeFound, "tea" + zeros: PreludeFound, zeros: PreludeFound, zeros[:7] + "a" + zeros: PreludeFound,
	} {
		scanner := PreludeScanner{Announced: true}
		if got := scanner.Scan([]byte(stream)); got != want || got != preludeState([]byte(stream), true) {
			t.Errorf("got %d for %q, want %d", got, stream, want)
		}
	}
}

// The scanner has the limits of ParsePrelude and of encoding/json.
func TestPreludeScannerLimits(t *testing.T) {
	spaces := strings.Repeat(" ", maxPrelude)
	nested := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}" + zeros
	}
	for _, tc := range []struct {
		name, stream      string
		untold, announced PreludeState
	}{
		{"the longest", spaces[2:] + "{}" + zeros, PreludeFound, PreludeFound},
		{"the longest, without the last zero", spaces[2:] + "{}" + zeros[:7], PreludePending, PreludePending},
		{"too long", spaces[1:] + "{}" + zeros, PreludeAbsent, PreludeAbsent},
		{"no end", `{"a":"` + spaces, PreludePending, PreludePending},
		{"no end within the limit", `{"a":"` + spaces + "xx", PreludeAbsent, PreludeAbsent},
		{"white space alone", spaces, PreludePending, PreludePending},
		{"the deepest", nested(maxNesting), PreludeFound, PreludeFound},
		{"too deep", nested(maxNesting + 1), PreludeAbsent, PreludeFound},
	} {
		for announced, want := range map[bool]PreludeState{false: tc.untold, true: tc.announced} {
			scanner := PreludeScanner{Announced: announced}
			if got, whole := scanner.Scan([]byte(tc.stream)), preludeState([]byte(tc.stream), announced); got != want || got != whole {
				t.Errorf("%s, announced %t: got %d, want %d; %d as one piece", tc.name, announced, got, want, whole)
			}
		}
	}
}

// longStream returns 64 KiB that begin like a prelude.
func longStream() []byte {
	stream := []byte(`{"rows":[`)
	for i := 0; len(stream) < maxPrelude; i++ {
		stream = fmt.Appendf(stream, `{"id":%d,"name":"row \"%d\"","share":%d.5e-1,"last":false},`, i, i, i)
	}
	return stream[:maxPrelude]
}

// scanIn scans a stream in chunks of n bytes.
func scanIn(n int, stream []byte, announced bool) *PreludeScanner {
	scanner := &PreludeScanner{Announced: announced}
	for chunk := range slices.Chunk(stream, n) {
		scanner.Scan(chunk)
	}
	return scanner
}

// The work does not depend on the size of the chunks: the scanner makes one step for each byte until
// it has decided, and allocates memory only for the nesting.
func TestPreludeScannerWork(t *testing.T) {
	stream := longStream()
	for _, announced := range []bool{false, true} {
		for _, size := range []int{1, 4, 1000, len(stream)} {
			scanner := scanIn(size, stream, announced)
			if scanner.state != PreludePending || scanner.scanned != len(stream) {
				t.Errorf("announced %t, chunks of %d bytes: state %d, %d steps for %d bytes", announced, size, scanner.state, scanner.scanned, len(stream))
			}
			if got := testing.AllocsPerRun(5, func() { scanIn(size, stream, announced) }); got > 2 {
				t.Errorf("announced %t, chunks of %d bytes: %v allocations, want 2 at most", announced, size, got)
			}
		}
	}
	for _, decided := range []string{"{}" + zeros, "{}\n"} {
		scanner := scanIn(1, []byte(decided), false)
		want := scanner.state
		if got := scanner.Scan(stream); got != want || got == PreludePending || scanner.scanned != len(decided) {
			t.Errorf("%q and more: state %d, then %d; %d steps", decided, want, got, scanner.scanned)
		}
	}
}

// BenchmarkPreludeScanner compares 64 KiB in chunks of 4 bytes with 64 KiB in one chunk.
func BenchmarkPreludeScanner(b *testing.B) {
	stream := longStream()
	var whole, pieces time.Duration
	b.SetBytes(int64(2 * len(stream)))
	for b.Loop() {
		start := time.Now()
		scanIn(len(stream), stream, false)
		middle := time.Now()
		scanIn(4, stream, false)
		whole, pieces = whole+middle.Sub(start), pieces+time.Since(middle)
	}
	b.ReportMetric(float64(pieces)/float64(whole), "times")
}

// FuzzPreludeScanner checks that the scanner's result does not depend on the chunks, and that it
// agrees with encoding/json and ParsePrelude on the whole stream.
func FuzzPreludeScanner(f *testing.F) {
	for _, seed := range []string{
		"", "{", "{}" + zeros + "tea", "{}\n{}\n", "\n {\"statusCode\":201,\"headers\":{\"a\":\"b\\n\\u00e9\"},\"cookies\":[]}" + zeros,
		`{"a":[true,false,null,-0.5e+10,{"b":[[]]},"\""]}` + zeros, "{\"\xff\":01}" + zeros, "x" + zeros, "{" + zeros, "{}" + zeros[:5] + "\x01",
	} {
		f.Add([]byte(seed), uint64(0x0102030405060708), false)
		f.Add([]byte(seed), uint64(1), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, sizes uint64, announced bool) {
		scanner := PreludeScanner{Announced: announced}
		for at := 0; at < len(stream); sizes = sizes>>8 | sizes<<56 {
			from := at
			at = min(len(stream), at+int(sizes%256))
			got := scanner.Scan(stream[from:at])
			if want := preludeState(stream[:at], announced); got != want {
				t.Fatalf("got %d after %q and %q, want %d", got, stream[:from], stream[from:at], want)
			}
			if sizes == 0 {
				break
			}
		}
		if got, want := scanIn(1, stream, announced).state, preludeState(stream, announced); got != want {
			t.Errorf("got %d byte by byte for %q, want %d", got, stream, want)
		}
	})
}

// mayBePrelude tells whether a stream can be the beginning of a JSON object and a prelude's end.
func mayBePrelude(stream []byte) bool {
	if trimmed := bytes.TrimLeft(stream, jsonSpace); len(trimmed) > 0 && trimmed[0] != '{' {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(stream))
	var object json.RawMessage
	switch err := dec.Decode(&object); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	case err != nil:
		return false
	}
	rest := stream[dec.InputOffset():]
	return bytes.HasPrefix(rest, preludeEnd) || bytes.HasPrefix(preludeEnd, rest)
}
