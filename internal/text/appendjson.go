package text

import (
	"math/bits"
	"unicode/utf8"
)

// AppendJSON appends s as a JSON string, with the bytes that JSON encodes it with.
func AppendJSON[T string | []byte](b []byte, s T) []byte {
	b, _ = appendJSON(b, s, false)
	return b
}

// AppendValidJSON appends s as AppendJSON does. It stops and returns false where s is not UTF-8.
func AppendValidJSON[T string | []byte](b []byte, s T) ([]byte, bool) { return appendJSON(b, s, true) }

// appendJSON reads s once. It copies what needs no escape in one piece. With strict it stops at what
// is not UTF-8, which it replaces otherwise.
func appendJSON[T string | []byte](b []byte, s T, strict bool) ([]byte, bool) {
	b = append(b, '"')
	copied := 0
	for i := 0; i < len(s); {
		if len(s)-i >= 8 {
			special := specials(eight(s, i))
			if special == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(special) / 8
		}
		c, size := s[i], 1
		switch {
		case c >= utf8.RuneSelf:
			if c >= 0xC2 && c < 0xE0 && i+1 < len(s) && s[i+1]&0xC0 == 0x80 { // most of the others
				i += 2
				continue
			}
			var r rune
			r, size = utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			invalid := r == utf8.RuneError && size == 1
			if invalid && strict {
				return b, false
			}
			// encoding/json also escapes what ends a line in JavaScript.
			if invalid || r == '\u2028' || r == '\u2029' {
				b = append(b, s[copied:i]...)
				b = append(b, '\\', 'u', hex[r>>12], hex[r>>8&0xf], hex[r>>4&0xf], hex[r&0xf])
				copied = i + size
			}
		case c < ' ' || c == '"' || c == '\\':
			b = append(b, s[copied:i]...)
			if letter := escapes[c]; letter != 0 {
				b = append(b, '\\', letter)
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			}
			copied = i + 1
		}
		i += size
	}
	b = append(b, s[copied:]...)
	return append(b, '"'), true
}

const hex = "0123456789abcdef"

// escapes has the letters of the short escapes.
var escapes = [utf8.RuneSelf]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// eight returns the eight bytes from i on, the first one lowest. It is one load for the compiler.
func eight[T string | []byte](s T, i int) uint64 {
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// specials returns the highest bit of each of eight bytes that JSON strings do not hold as it is: a
// quote, a backslash, a control character, or a byte that is not ASCII.
func specials(w uint64) uint64 {
	const ones, highs = 0x0101_0101_0101_0101, 0x8080_8080_8080_8080
	// Each subtraction clears the highest bit of its byte if the byte is less, and borrows nothing.
	control := (w | highs) - ones*' '
	quote := (w ^ ones*'"' | highs) - ones
	backslash := (w ^ ones*'\\' | highs) - ones
	return (^(control & quote & backslash) | w) & highs
}
