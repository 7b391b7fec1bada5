package soak

import (
	"fmt"
	"slices"
	"testing"
)

// newID returns the id of a request: 18 digits that begin with a 7. No other number in the traffic has
// as many digits. As a JSON number, a float64 would change it.
func newID(gateway, client, n int) string {
	return fmt.Sprintf("7%03d%04d%010d", gateway, client, n)
}

// idsIn returns the ids in texts, each once.
func idsIn(texts ...string) (ids []string) {
	for _, text := range texts {
		for i := 0; i < len(text); i++ {
			start := i
			for i < len(text) && '0' <= text[i] && text[i] <= '9' {
				i++
			}
			if n := text[start:i]; len(n) == 18 && n[0] == '7' && !slices.Contains(ids, n) {
				ids = append(ids, n)
			}
		}
	}
	return ids
}

func TestIDsIn(t *testing.T) {
	a, b := newID(0, 1, 2), newID(2, 1059, 1_000_000)
	for text, want := range map[string][]string{
		"":                                     {},
		a:                                      {a},
		`{"id":` + a + `,"again":"` + a + `"}`: {a},
		"/x/" + a + "?y=no-" + b:               {a, b},
		a + "0 1" + b + " " + b[1:]:            {},
		"1763856000000 9007199254740993":       {},
	} {
		if got := idsIn(text); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
