package text

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestJSON(t *testing.T) {
	if got, want := string(JSON(map[string]any{"b": "<&>", "a": []string{"\u2028", "\n"}})), `{"a":["\u2028","\n"],"b":"<&>"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := JSON(make(chan int)); got != nil {
		t.Errorf("got %s for a value that cannot be encoded, want nil", got)
	}
}

func TestJSONKinds(t *testing.T) {
	type list = []any
	type object = map[string]any
	for _, test := range []struct {
		json     string
		into     any
		is, want string
	}{
		{`[1]`, new(object), "a list", "an object"},
		{`"a"`, new(object), "a string", "an object"},
		{`404`, new(object), "a number", "an object"},
		{`true`, new(object), "a boolean", "an object"},
		{`{}`, new(list), "an object", "a list"},
		{`{}`, new(string), "", ""},
		{`{"a":1}`, &struct{ A string }{}, "", ""}, // the kind is right
		{`{`, new(object), "", ""},
		{`{}`, new(object), "", ""},
	} {
		if is, want := JSONKinds(json.Unmarshal([]byte(test.json), test.into)); is != test.is || want != test.want {
			t.Errorf("%s into %T: got %q, %q; want %q, %q", test.json, test.into, is, want, test.is, test.want)
		}
	}
}

// unescaped replaces an escape that encoding/json writes for an invalid byte up to Go 1.26 only.
var unescaped = strings.NewReplacer(`\ufffd`, "\ufffd")

// AppendJSON reads words of eight bytes, and then the remaining bytes. It treats a byte the same
// at each place.
func TestAppendJSON(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			s := []byte("abcdefghijklmnopqrst")
			s[at] = byte(c)
			if got, want := unescaped.Replace(string(AppendJSON(nil, s))), unescaped.Replace(string(JSON(string(s)))); got != want {
				t.Errorf("%q: got %s, want %s", s, got, want)
			}
		}
	}
}

// FuzzAppendJSON compares AppendJSON with encoding/json. The bytes are equal, except that
// encoding/json of Go 1.27 does not escape the U+FFFD that replaces an invalid byte.
func FuzzAppendJSON(f *testing.F) {
	for _, s := range []string{
		"", "a", "\"\\/", "<&>", "\x00\x01\b\f\n\r\t\v\x1f\x7f", "é\u2028\u2029\u2027\u202a", "\xff", "a\xffb", "\xe2\x80", "\xe2\x80a",
		"\xc0\x80", "\xc2", "\xed\xa0\x80", "\xf0\x9f\x98\x80\xf0\x9f\x98", "\xf4\x90\x80\x80", "\ufffd\ufeff", "eight by\"es", "1234567\xc3\xa9",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := unescaped.Replace(string(JSON(s)))
		if got := unescaped.Replace(string(AppendJSON([]byte("x"), s))); got != "x"+want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
		got, valid := AppendValidJSON(nil, []byte(s))
		if valid != utf8.ValidString(s) || valid && unescaped.Replace(string(got)) != want {
			t.Errorf("bytes of %q: got %s, %t; want %s", s, got, valid, want)
		}
	})
}

// However much room there is, AppendJSON writes the same bytes. Enough room needs no allocation.
func TestAppendJSONRoom(t *testing.T) {
	plain := strings.Repeat("x", 64)
	for _, s := range []string{"a", plain, plain + strings.Repeat(`"`, 64), "\x01" + plain, plain + "\u0904\u07ff\u0800" + plain} {
		want := string(JSON(s))
		for room := range len(want) + 2 {
			if got := string(AppendJSON(make([]byte, 0, room), s)); got != want {
				t.Errorf("room for %d bytes: got %s, want %s", room, got, want)
			}
		}
		b := make([]byte, 0, len(want))
		if got := testing.AllocsPerRun(1, func() { AppendJSON(b, s) }); got != 0 {
			t.Errorf("%q: got %v allocations with enough room", s, got)
		}
	}
}
