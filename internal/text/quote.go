package text

import (
	"fmt"
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

// Clean returns s on one line, with nothing in it that JSON would escape: double quotes become
// single ones, backslashes become slashes, and control characters become spaces. KrakenD's
// logger with the format logstash escapes nothing. It returns a clean s as it is.
func Clean(s string) string {
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

// QuoteShort is Quote for a part of a reply, which may repeat what a client has sent. If the
// text is long enough for Repeats to find, it returns only the length.
func QuoteShort(s string) string {
	if len(s) < minRun {
		return Quote(s)
	}
	return fmt.Sprintf("a text of %d bytes", len(s))
}

// Quote makes a text from outside safe for a log line: shortened, clean, in single quotes.
func Quote(s string) string { return "'" + Clean(Cut(s)) + "'" }
