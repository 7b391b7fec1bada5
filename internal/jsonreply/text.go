package jsonreply

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// pieceSize is how much of a document is copied at once for its strings, in bytes. A string
// keeps at most that much memory alive.
const pieceSize = 512

// copied returns a copy of src[from:to]. Short strings share the copy of a piece: a document has
// many, and each would need an allocation.
func (p *parser) copied(from, to int) string {
	if to-from > pieceSize/4 {
		return string(p.src[from:to])
	}
	if to > p.pieceStart+len(p.piece) {
		p.piece, p.pieceStart = string(p.src[from:min(from+pieceSize, len(p.src))]), from
	}
	return p.piece[from-p.pieceStart : to-p.pieceStart]
}

// string returns the string that begins at pos.
func (p *parser) string() (string, bool) {
	start := p.pos + 1
	i, ascii := start, true
	for {
		i = plain(p.src, i)
		if i == len(p.src) {
			return "", false
		}
		switch c := p.src[i]; {
		case c == '"':
			if !ascii && !utf8.Valid(p.src[start:i]) {
				return p.unescape(start)
			}
			p.pos = i + 1
			return p.copied(start, i), true
		case c == '\\':
			return p.unescape(start)
		case c < ' ':
			return "", false
		}
		for ascii = false; i < len(p.src) && p.src[i] >= utf8.RuneSelf; {
			i++
		}
	}
}

const (
	ones  = 0x0101_0101_0101_0101
	highs = 0x8080_8080_8080_8080
)

// plain returns the end of the ASCII text that begins at i: a quote, a backslash, a byte that is
// not ASCII, a control character, or the end of src. It tests eight bytes at once: each term of
// special sets the highest bit of the bytes that it looks for. It may also set that of later
// bytes, but never of earlier ones. Source:
// https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
func plain(src []byte, i int) int {
	for ; len(src)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		quote, backslash := w^ones*'"', w^ones*'\\'
		special := ((w-ones*' ')&^w | (quote-ones)&^quote | (backslash-ones)&^backslash | w) & highs
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(src) && src[i] >= ' ' && src[i] < utf8.RuneSelf && src[i] != '"' && src[i] != '\\' {
		i++
	}
	return i
}

// unescape returns the string whose text begins at i, which may have escapes and bytes that are
// not UTF-8. Like encoding/json, it replaces each such byte and each half of a surrogate pair
// with U+FFFD.
func (p *parser) unescape(i int) (string, bool) {
	s := p.unescaped[:0]
	for i < len(p.src) {
		switch c := p.src[i]; {
		case c == '"':
			p.pos, p.unescaped = i+1, s
			return string(s), true
		case c == '\\':
			r, size := escape(p.src[i:])
			if size == 0 {
				return "", false
			}
			s = utf8.AppendRune(s, r)
			i += size
		case c < ' ':
			return "", false
		case c < utf8.RuneSelf:
			end := plain(p.src, i)
			s = append(s, p.src[i:end]...)
			i = end
		default:
			r, size := utf8.DecodeRune(p.src[i:])
			s = utf8.AppendRune(s, r)
			i += size
		}
	}
	return "", false
}

// escape returns the character of the escape at the start of src, and the size of the escape in
// bytes, or 0 if it is not valid.
func escape(src []byte) (r rune, size int) {
	if len(src) < 2 {
		return 0, 0
	}
	switch c := src[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := unicodeEscape(src)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		low, _ := unicodeEscape(src[6:])
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return r, 6
}

// unicodeEscape returns the UTF-16 code unit of the escape \uXXXX at the start of src.
func unicodeEscape(src []byte) (rune, bool) {
	if len(src) < 6 || src[0] != '\\' || src[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(src[2:6]), 16, 16)
	return rune(n), err == nil
}
