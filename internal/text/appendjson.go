package text

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// AppendJSON appends s as a JSON string, with the same bytes as JSON.
func AppendJSON[T string | []byte](b []byte, s T) []byte {
	b, _ = appendJSON(b, s, false)
	return b
}

// AppendValidJSON appends s as AppendJSON does. It stops at the first byte that is not UTF-8, and
// returns false.
func AppendValidJSON[T string | []byte](b []byte, s T) ([]byte, bool) { return appendJSON(b, s, true) }

// run is how many bytes appendJSON tests one by one after one that is special, since special
// bytes come in groups.
const run = 64

// appendJSON reads s once: eight bytes at a time if none of them is special, otherwise byte by byte.
// It writes after b's length: there is room for s, and most texts need little more. With strict
// it stops at bytes that are not UTF-8; without it, it replaces them.
func appendJSON[T string | []byte](b []byte, s T, strict bool) ([]byte, bool) {
	b = append(b, '"')
	for i := 0; i < len(s); {
		if left := len(s) - i; cap(b)-len(b) < left {
			b = slices.Grow(b, left+left/8+8)
		}
		start, room, n := i, b[len(b):cap(b)], 0
		// The second condition always holds. With it, the compiler leaves out a check of each word.
		for len(s)-i >= 8 && len(room)-n >= 8 {
			word := eight(s, i)
			if isSpecial(word) {
				break
			}
			binary.LittleEndian.PutUint64(room[n:], word)
			i, n = i+8, n+8
		}
		end := min(len(s), i+run, i+(len(room)-n)/2) // each byte may become two
		for ; i < end; i++ {
			c := s[i]
			e := escapes[c]
			if e == plain {
				room[n] = c
				n++
				continue
			}
			if e == 0 {
				break
			}
			room[n], room[n+1] = '\\', e
			n += 2
		}
		b = b[:len(b)+n]
		if i == end && i > start {
			continue
		}
		var size int
		if b, size = appendRune(b, s, i, strict); size == 0 {
			return b, false
		}
		i += size
	}
	return append(b, '"'), true
}

// appendRune appends the character at s[i], which may be any. It returns its size in s, or 0 for
// an invalid byte with strict.
func appendRune[T string | []byte](b []byte, s T, i int, strict bool) ([]byte, int) {
	c := s[i]
	switch {
	case escapes[c] == plain:
		return append(b, c), 1
	case escapes[c] != 0:
		return append(b, '\\', escapes[c]), 1
	case c < ' ':
		return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf]), 1
	case 0xC2 <= c && c < 0xE0 && i+1 < len(s) && s[i+1]&0xC0 == 0x80: // a rune of two bytes, the most frequent size
		return append(b, c, s[i+1]), 2
	}
	r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
	invalid := r == utf8.RuneError && size == 1
	switch {
	case invalid && strict:
		return b, 0
	case invalid, r == '\u2028', r == '\u2029': // encoding/json also escapes JavaScript's line separators
		return append(b, '\\', 'u', hex[r>>12], hex[r>>8&0xf], hex[r>>4&0xf], hex[r&0xf]), size
	}
	return append(b, s[i:i+size]...), size
}

const hex = "0123456789abcdef"

// plain marks a character that needs no escape.
const plain = ' '

// escapes has plain, or the letter of the short escape, or 0: for other control characters and for
// bytes that are not ASCII.
var escapes = func() (e [256]byte) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		e[c] = plain
	}
	e['"'], e['\\'], e['\b'], e['\f'], e['\n'], e['\r'], e['\t'] = '"', '\\', 'b', 'f', 'n', 'r', 't'
	return e
}()

// eight returns the eight bytes from i on, the first one lowest. The compiler turns it into one
// load.
func eight[T string | []byte](s T, i int) uint64 {
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// isSpecial tells whether one of eight bytes is special in a JSON string: a quote, a backslash, a
// control character, or a byte that is not ASCII.
func isSpecial(w uint64) bool {
	const ones, highs = 0x0101_0101_0101_0101, 0x8080_8080_8080_8080
	// Each subtraction clears the highest bit of its byte if the byte is less, and borrows
	// nothing.
	control := (w | highs) - ones*' '
	quote := (w ^ ones*'"' | highs) - ones
	backslash := (w ^ ones*'\\' | highs) - ones
	return (^(control&quote&backslash)|w)&highs != 0
}
