package text

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	for _, s := range []string{"", "x", strings.Repeat("x", MaxDetail), strings.Repeat("é", MaxDetail/2)} {
		if got := Cut(s); got != s {
			t.Errorf("%d bytes: got %d", len(s), len(got))
		}
	}
	for _, s := range []string{strings.Repeat("x", MaxDetail+1), strings.Repeat("é", MaxDetail), "x" + strings.Repeat("é", MaxDetail), strings.Repeat("\x80", 2*MaxDetail)} {
		got := Cut(s)
		if len(got) > MaxDetail || !strings.HasSuffix(got, "…") || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("got %d bytes, valid %t", len(got), utf8.ValidString(got))
		}
	}
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"":                        "''",
		"a\nERROR: b\x1b[31m\r":   "'a ERROR: b [31m '",
		`say "it's"`:              "'say 'it's''",
		strings.Repeat("x", 2000): "'" + strings.Repeat("x", MaxDetail-3) + "…'",
	} {
		if got := Quote(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for s, want := range map[string]string{"": "", "tea: é 茶": "tea: é 茶", "a\nb\t\x00\x7f": "a b   ", `"a\b"`: `'a/b'`, "\x1b[31m\u2028": " [31m ", "\xff": "\ufffd"} {
		if got := Clean(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestQuoteShort(t *testing.T) {
	for s, want := range map[string]string{"fifteen \"bytes\"": "'fifteen 'bytes''", "0123456789abcdef": "a text of 16 bytes"} {
		if got := QuoteShort(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
