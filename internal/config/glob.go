package config

import "strings"

// A glob is a pattern in which * matches any run of characters, split at its *. It has one part
// if it has no *.
type glob []string

func newGlob(pattern string) glob { return strings.Split(pattern, "*") }

// matches tells whether g matches all of s. It reads s once: each part takes its first match,
// which leaves the most text for the parts that follow.
func (g glob) matches(s string) bool {
	rest, ok := strings.CutPrefix(s, g[0])
	if len(g) == 1 || !ok {
		return ok && rest == ""
	}
	last := len(g) - 1
	for _, part := range g[1:last] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, g[last])
}
