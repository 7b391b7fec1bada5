package gatewaytest

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// reveals tells whether a log has a secret: as it is, quoted, quoted twice, or within
// something that is in base64.
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

// inBase64 is what every text that has s in it has in base64, for each of the three places
// that s may have in a group of bytes. What also depends on its neighbours is left out. It
// is empty for a text that is too short to be told from others.
func inBase64(s string) (forms []string) {
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + s))
		first := (before*8 + 5) / 6       // the first character that is of s alone
		last := (before + len(s)) * 8 / 6 // the first that is not
		if last-first >= 10 {
			forms = append(forms, encoded[first:last])
		}
	}
	return forms
}
