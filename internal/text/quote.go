package text

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDetail is how much of a text from outside goes into a log line or into an error's
// details, in bytes.
const MaxDetail = 1 << 10

// Cut shortens s to MaxDetail bytes at most, between two characters. A shortened text ends
// with an ellipsis.
func Cut(s string) string {
	if len(s) <= MaxDetail {
		return s
	}
	const mark = "…"
	n := MaxDetail - len(mark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}

// Quote makes s fit for a log line: cut, quoted, on one line, without control characters.
func Quote(s string) string { return strconv.Quote(Cut(s)) }

// Printable returns s on one line without control characters. It quotes s where it has some.
func Printable(s string) string {
	for _, r := range s {
		if r != '\t' && !strconv.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

// Plain returns s on one line, with nothing in it that JSON would escape: double quotes become
// single ones, backslashes become slashes, and control characters become spaces. KrakenD's
// logger with the format logstash escapes nothing.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\':
			return '/'
		case !strconv.IsPrint(r):
			return ' '
		}
		return r
	}, s)
}
