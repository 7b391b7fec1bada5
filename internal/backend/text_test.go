package backend

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	for _, s := range []string{"", "x", strings.Repeat("x", maxDetail), strings.Repeat("é", maxDetail/2)} {
		if got := cut(s); got != s {
			t.Errorf("%d bytes: got %d", len(s), len(got))
		}
	}
	for _, s := range []string{strings.Repeat("x", maxDetail+1), strings.Repeat("é", maxDetail), "x" + strings.Repeat("é", maxDetail), strings.Repeat("\x80", 2*maxDetail)} {
		got := cut(s)
		if len(got) > maxDetail || !strings.HasSuffix(got, "…") || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("got %d bytes, valid %t", len(got), utf8.ValidString(got))
		}
	}
}

func TestQuoteIsOneLine(t *testing.T) {
	if got, want := quote("a\nERROR: b\x1b[31m\r"), `"a\nERROR: b\x1b[31m\r"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFirstLetter(t *testing.T) {
	for _, tc := range []struct{ s, upper, lower string }{
		{"", "", ""}, {"a", "A", "a"}, {"zulu", "Zulu", "zulu"}, {"Zulu", "Zulu", "zulu"}, {"Abc", "Abc", "abc"}, {"_a", "_a", "_a"}, {"é", "é", "é"}, {"{", "{", "{"}, {"[", "[", "["}, {"`", "`", "`"}, {"@", "@", "@"},
	} {
		if u, l := upperFirst(tc.s), lowerFirst(tc.s); u != tc.upper || l != tc.lower {
			t.Errorf("%q: got %q and %q, want %q and %q", tc.s, u, l, tc.upper, tc.lower)
		}
	}
}
