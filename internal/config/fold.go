package config

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns one form for all names that some JSON decoder takes for the same name, so that
// a map can find them. Go's encoding/json compares as strings.EqualFold does: to it userid and
// u\u017ferId are userId. Others put names into lower or upper case first, as
// github.com/json-iterator/go and github.com/bytedance/sonic do: to them user\u0130d is userId,
// which strings.EqualFold denies.
func Fold(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return foldRunes(name)
		}
	}
	return strings.ToLower(name)
}

// foldRunes replaces each rune by the smallest rune that folds to it, in lower case if that is
// an ASCII letter. The two letters i of Turkish are the only runes that fold to themselves alone
// and yet have another letter in lower or upper case.
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

// Vouched holds the folded names of what the gateway vouches for in one request. A client
// must not be able to set a member with such a name.
type Vouched struct {
	placeholders Placeholders
	folded       map[string]bool
}

// VouchedNames returns the names that the params of a request and the placeholders of its
// endpoint have.
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

// Has tells whether a name out of a request folds to one that the gateway vouches for: the
// name of a param or placeholder, a claim (JWT.*), or a value of an earlier reply (resp0,
// resp0_*). The last two count whether the request has such params or not.
func (v Vouched) Has(name string) bool {
	folded := Fold(name)
	return v.folded[folded] || isGatewayName(folded)
}

// isGatewayName tells whether a folded name is one that only KrakenD gives to params.
func isGatewayName(folded string) bool {
	if strings.HasPrefix(folded, foldedClaimPrefix) {
		return true
	}
	number, ok := strings.CutPrefix(folded, "resp")
	if !ok {
		return false
	}
	rest := strings.TrimLeft(number, "0123456789")
	return rest != number && (rest == "" || rest[0] == '_')
}
