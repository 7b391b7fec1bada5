package config

import (
	"strings"
	"testing"
	"unicode"
)

// A param's key and the endpoint's name for it differ only in the case of the first letter, so they
// have the same folded name.
func TestVouchedNames(t *testing.T) {
	v := PlaceholdersOf("/users/{userId}/{order-id}").VouchedNames(map[string]string{"UserId": "7", "JWT.sub": "me", "tier": "gold"})
	for name, want := range map[string]bool{
		"userId": true, "UserId": true, "userid": true, "USERID": true, "u\u017ferId": true, "user\u0130d": true, "user\u0131d": true, "userId ": false, "user_id": false,
		"order-id": true, "Order-ID": true, "order-\u0130d": true, "tier": true, "TIER": true, "page": false, "": false,

		// Names that only the gateway sets.
		"JWT.sub": true, "jwt.sub": true, "jWt.": true, "JWT.role": true, "JWT": false, "JWTsub": false, "x.JWT.sub": false,
		"resp0": true, "Resp0_id": true, "RESP12_a.b": true, "re\u017fp0_id": true, "resp_id": false, "resp": false, "resp0id": false, "response": false, "resp0.id": false,
	} {
		if got := v.Has(name); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
}

func TestVouchedNamesOfAnUnknownEndpoint(t *testing.T) {
	v := Placeholders(nil).VouchedNames(nil)
	for name, want := range map[string]bool{"id": false, "jwt.sub": true, "resp1_x": true} {
		if got := v.Has(name); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
}

// Decoders compare names in one of these ways. Each pair of equal runes has a rune in
// unicode.CaseRanges.
func TestFoldOfEveryRune(t *testing.T) {
	for _, cased := range unicode.CaseRanges {
		for r := rune(cased.Lo); r <= rune(cased.Hi); r++ {
			for _, other := range []rune{unicode.SimpleFold(r), unicode.ToLower(r), unicode.ToUpper(r), unicode.ToTitle(r)} {
				if a, b := Fold("x"+string(r)), Fold("x"+string(other)); a != b {
					t.Errorf("%U and %U: got %q and %q, want one form", r, other, a, b)
				}
			}
		}
	}
}

// FuzzFold compares Fold with strings.EqualFold. Unlike Fold, that distinguishes i from the Turkish
// letters i.
func FuzzFold(f *testing.F) {
	for _, seed := range [][2]string{
		{"userId", "USERID"}, {"s", "\u017f"}, {"k", "\u212a"}, {"\u00df", "ss"}, {"\u01c4", "\u01c6"}, {"\u01c5", "\u01c4"}, {"\xff", "\ufffd"}, {"\u0130", "i"}, {"", "a"}, {"\u00b5", "\u03bc"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		dots := strings.NewReplacer("\u0130", "i", "\u0131", "i")
		if got, want := Fold(a) == Fold(b), strings.EqualFold(dots.Replace(a), dots.Replace(b)); got != want {
			t.Errorf("%q (%q) and %q (%q): got %t, want %t", a, Fold(a), b, Fold(b), got, want)
		}
	})
}

// A letter that is not ASCII does not keep those beside it from folding.
func TestFoldBesideOtherLetters(t *testing.T) {
	if got, want := Fold("AZ\u017f"), Fold("azs"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
