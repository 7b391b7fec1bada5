package backend

import (
	"strconv"
	"unicode/utf8"
)

// maxDetail is how much of a text that others wrote goes into a log line or an
// error's details, in bytes.
const maxDetail = 1 << 10

// cut shortens s to maxDetail bytes at most, between two characters.
func cut(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	const mark = "…"
	n := maxDetail - len(mark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}

// quote makes s fit for a log line: cut, on one line, without control characters.
func quote(s string) string { return strconv.Quote(cut(s)) }

// printable is s on one line, without control characters: quoted where it has some.
func printable(s string) string {
	for _, r := range s {
		if r != '\t' && !strconv.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

// upperFirst uppercases the first letter of s where it is an ASCII one, as
// KrakenD does with the names of placeholders.
func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// lowerFirst undoes upperFirst.
func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]-'A'+'a') + s[1:]
}
