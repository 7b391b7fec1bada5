package config

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold maps all names that some JSON decoder treats as equal to one form, so that a map can find
// them. Go's encoding/json compares as strings.EqualFold does: it treats userid and u\u017ferId
// like userId. Others convert names to lower or upper case first, such as
// github.com/json-iterator/go and github.com/bytedance/sonic: they treat user\u0130d like
// userId, which strings.EqualFold does not.
func Fold(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return foldRunes(name)
		}
	}
	return strings.ToLower(name)
}

// foldRunes replaces each rune with the smallest rune that folds to it, in lower case if that is
// an ASCII letter. Turkish has two letters i, the only runes that fold only to themselves but
// become another letter in lower or upper case.
func foldRunes(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u0130' || r == '\u0131' { // I with a dot, i without one
			return 'i'
		}
		smallest := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			smallest = min(smallest, f)
		}
		if 'A' <= smallest && smallest <= 'Z' {
			smallest += 'a' - 'A'
		}
		return smallest
	}, name)
}

// Vouched holds the folded names of the values that the gateway vouches for in one request. A
// client must not be able to set a member with such a name.
type Vouched struct {
	placeholders Placeholders
	folded       map[string]bool
}

// VouchedNames returns the names of a request's params and of its endpoint's placeholders.
func (n Placeholders) VouchedNames(params map[string]string) Vouched {
	folded := make(map[string]bool, len(n)+len(params))
	for param := range n {
		folded[Fold(param)] = true
	}
	for param := range params {
		folded[Fold(param)] = true
	}
	return Vouched{n, folded}
}

// Has tells whether a name from a request folds to one that the gateway vouches for: a param or
// placeholder, a claim (JWT.*), or a value of an earlier reply (resp0, resp0_*). Claims and
// earlier replies count even if the request has no such params.
func (v Vouched) Has(name string) bool {
	folded := Fold(name)
	return v.folded[folded] || isGatewayName(folded)
}

// isGatewayName tells whether only KrakenD sets params with this folded name.
func isGatewayName(folded string) bool {
	return strings.HasPrefix(folded, foldedClaimPrefix) || isReplyName(folded)
}

// isReplyName tells whether KrakenD sets a param with this folded name from an earlier reply.
func isReplyName(folded string) bool {
	number, ok := strings.CutPrefix(folded, "resp")
	if !ok {
		return false
	}
	rest := strings.TrimLeft(number, "0123456789")
	return rest != number && (rest == "" || rest[0] == '_')
}
