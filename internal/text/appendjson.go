package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// AppendJSON appends s as a JSON string, with the same bytes as JSON.
func AppendJSON[T string | []byte](b []byte, s T) []byte {
	b, _ = appendJSON(b, s, false)
	return b
}

// AppendValidJSON appends s as AppendJSON does. It stops and returns false where s is not UTF-8.
func AppendValidJSON[T string | []byte](b []byte, s T) ([]byte, bool) { return appendJSON(b, s, true) }

// appendJSON reads s once, eight bytes at a time. It writes all eight and keeps those that need
// no escape, which is faster than copying each run. With strict it stops at bytes that are not
// UTF-8; without it, it replaces them.
func appendJSON[T string | []byte](b []byte, s T, strict bool) ([]byte, bool) {
	b = append(b, '"')
	for i := 0; i < len(s); {
		if len(s)-i >= 8 {
			if cap(b)-len(b) < 8 {
				b = slices.Grow(b, len(s)-i+(len(s)-i)/8)
			}
			word := eight(s, i)
			binary.LittleEndian.PutUint64(b[len(b):len(b)+8], word)
			kept := bits.TrailingZeros64(specials(word)) / 8 // 8 for no special
			b = b[:len(b)+kept]
			if i += kept; kept == 8 {
				continue
			}
		}
		c := s[i]
		switch {
		case c < utf8.RuneSelf && escapes[c] != 0:
			b = append(b, '\\', escapes[c])
			i++
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		case 0xC2 <= c && c < 0xE0 && i+1 < len(s) && s[i+1]&0xC0 == 0x80: // a rune of two bytes, the most frequent size
			b = append(b, c, s[i+1])
			i += 2
		default:
			r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			invalid := r == utf8.RuneError && size == 1
			if invalid && strict {
				return b, false
			}
			// encoding/json also escapes JavaScript's line separators.
			if invalid || r == '\u2028' || r == '\u2029' {
				b = append(b, '\\', 'u', hex[r>>12], hex[r>>8&0xf], hex[r>>4&0xf], hex[r&0xf])
			} else {
				b = append(b, s[i:i+size]...)
			}
			i += size
		}
	}
	return append(b, '"'), true
}

const hex = "0123456789abcdef"

// escapes has the letters of the short escapes.
var escapes = [utf8.RuneSelf]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// eight returns the eight bytes from i on, the first one lowest. The compiler turns it into one
// load.
func eight[T string | []byte](s T, i int) uint64 {
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// specials returns the highest bit of each of eight bytes that needs special handling in a JSON
// string: a quote, a backslash, a control character, or a byte that is not ASCII.
func specials(w uint64) uint64 {
	const ones, highs = 0x0101_0101_0101_0101, 0x8080_8080_8080_8080
	// Each subtraction clears the highest bit of its byte if the byte is less, and borrows
	// nothing.
	control := (w | highs) - ones*' '
	quote := (w ^ ones*'"' | highs) - ones
	backslash := (w ^ ones*'\\' | highs) - ones
	return (^(control & quote & backslash) | w) & highs
}
