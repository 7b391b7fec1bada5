package gatewaytest

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// reveals tells whether a log contains a secret: unchanged, quoted, quoted twice, or inside
// base64 text.
func reveals(log, secret string) bool {
	once := quoted(secret)
	for _, form := range append(inBase64(secret), secret, once, quoted(once)) {
		if strings.Contains(log, form) {
			return true
		}
	}
	return false
}

func quoted(s string) string {
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

// inBase64 returns the parts that the base64 of every text containing s has, for each of the
// three positions of s in a group of bytes. It leaves out characters that also depend on the
// neighbours of s. It is empty for a text too short to recognize.
func inBase64(s string) (forms []string) {
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + s))
		first := (before*8 + 5) / 6       // the first character that depends on s alone
		last := (before + len(s)) * 8 / 6 // the first character that does not
		if last-first >= 10 {
			forms = append(forms, encoded[first:last])
		}
	}
	return forms
}
