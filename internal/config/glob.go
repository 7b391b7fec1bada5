package config

import "strings"

// A glob is a pattern in which * stands for any run of characters, as the parts around its *. It has
// one part if it has no *.
type glob []string

func newGlob(pattern string) glob { return strings.Split(pattern, "*") }

// matches tells whether g matches all of s. It reads s once: the first place where a part fits
// leaves the most for the others.
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
