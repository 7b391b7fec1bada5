package config

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns the form that all names have which are equal under strings.EqualFold, so
// that a map can find them. Go's encoding/json and the JSON decoders of other languages
// match the names of members without regard to case, Unicode's folds included: to them
// userid and u\u017ferId are userId.
func Fold(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return foldRunes(name)
		}
	}
	return strings.ToLower(name)
}

// foldRunes takes of each rune the smallest that folds to it, in lower case where that is
// an ASCII letter.
func foldRunes(name string) string {
	return strings.Map(func(r rune) rune {
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

// Vouched are the names, folded, of what the gateway vouches for in one request. A client
// must not be able to set a member of such a name.
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

// isGatewayName tells whether a folded name is one that only KrakenD's own parts give.
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
