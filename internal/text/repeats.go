package text

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

const (
	// minRun is how many bytes in a row two texts must share for one to repeat the other.
	// Session tokens, secret keys and signatures are longer; few words and names are that long.
	minRun = 16
	// minWhole is the shortest text below minRun that counts if it is repeated as a whole. A
	// shorter one can appear by chance.
	minWhole = 8
)

// Repeats tells whether a and b have minRun bytes in a row in common. If one of them is shorter
// than that, the other must contain all of it, and it must have at least minWhole bytes. Both
// may have JSON's escapes, and a may be in URL encoding, in HTML or in base64, since a message
// may quote b in an encoded form. It takes a few milliseconds for 6 MB.
func Repeats(a string, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	unescaped := b
	if bytes.IndexByte(b, '\\') >= 0 {
		unescaped = []byte(unescape(string(b)))
	}
	return slices.ContainsFunc(forms(a), func(form string) bool {
		return shares([]byte(form), b) || len(unescaped) != len(b) && shares([]byte(form), unescaped)
	})
}

// forms returns s and the texts that it may be an encoding of.
func forms(s string) []string {
	all := []string{s}
	if strings.IndexByte(s, '\\') >= 0 {
		all = append(all, unescape(s), strings.ReplaceAll(s, `\`, "")) // the second for JSON in JSON
	}
	if strings.IndexByte(s, '%') >= 0 {
		all = append(all, percentEncoded.ReplaceAllStringFunc(s, func(code string) string {
			n, _ := strconv.ParseUint(code[1:], 16, 8)
			return string([]byte{byte(n)})
		}))
	}
	if strings.IndexByte(s, '&') >= 0 {
		all = append(all, html.UnescapeString(s))
	}
	return append(all, decoded(s)...)
}

var percentEncoded = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// minBase64 is the length of minWhole bytes in base64.
const minBase64 = (minWhole*8 + 5) / 6

// decoded returns the decoded texts in s that may be base64. The text right before one shifts
// its groups of four characters, so it decodes each four times.
func decoded(s string) (all []string) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '+', r == '/':
			return r
		}
		return ' '
	}, s)
	for run := range strings.FieldsSeq(s) {
		for shift := 0; shift < 4 && len(run)-shift >= minBase64; shift++ {
			whole := run[shift:]
			if len(whole)%4 == 1 {
				whole = whole[:len(whole)-1]
			}
			if p, err := base64.RawStdEncoding.DecodeString(whole); err == nil {
				all = append(all, string(p))
			}
		}
	}
	return all
}

// unescape removes JSON's escapes. It drops a backslash before any other character.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if control := strings.IndexByte("bfnrt", s[i]); control >= 0 {
			b.WriteByte("\b\f\n\r\t"[control])
			continue
		}
		r, n := utf16Escape(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			continue
		}
		i += n - 1
		if low, m := utf16Escape(strings.TrimPrefix(s[i+1:], `\`)); utf16.IsSurrogate(r) && m > 0 {
			r = utf16.DecodeRune(r, low)
			i += m + 1
		}
		b.WriteRune(r)
	}
	return b.String()
}

// utf16Escape returns the code of an escape without its backslash, "u00e9", and its length. The
// length is 0 if s does not begin with one.
func utf16Escape(s string) (r rune, n int) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, 0
	}
	code, err := strconv.ParseUint(s[1:5], 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(code), 5
}

func shares(a, b []byte) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < minRun {
		return len(a) >= minWhole && bytes.Contains(b, a)
	}
	// A run of minRun bytes contains a whole block of b. The table tells which blocks cannot be
	// in a.
	const block = minRun / 2
	var table [1 << 13]bool
	for i := range len(a) - block + 1 {
		table[slot(a[i:])] = true
	}
	for i := 0; i+block <= len(b); i += block {
		if table[slot(b[i:])] && runs(a, b, i, i+block) {
			return true
		}
	}
	return false
}

// slot returns the place of eight bytes in the table of shares.
func slot(b []byte) uint64 { return binary.LittleEndian.Uint64(b) * 0x9e3779b97f4a7c15 >> 51 }

// runs tells whether a has a run of minRun bytes of b in it that includes b[from:to].
func runs(a, b []byte, from, to int) bool {
	for at := 0; ; at++ {
		i := bytes.Index(a[at:], b[from:to])
		if i < 0 {
			return false
		}
		at += i
		left, right := 0, to-from
		for left < min(from, at) && a[at-left-1] == b[from-left-1] {
			left++
		}
		for at+right < len(a) && from+right < len(b) && a[at+right] == b[from+right] {
			right++
		}
		if left+right >= minRun {
			return true
		}
	}
}
