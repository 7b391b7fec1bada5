package docstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// anything matches any value, and any text within a line.
const anything = "…"

// varying are the members that differ in every event: any value of the same type matches.
var varying = map[string]bool{
	"time": true, "timeEpoch": true, "requestTime": true, "requestTimeEpoch": true, "requestId": true,
}

// differences returns the places at which the JSON value at path differs from the wanted one.
func differences(path string, got, want any) []string {
	if want == anything {
		return nil
	}
	switch want := want.(type) {
	case object:
		if got, ok := got.(object); ok {
			return differentMembers(path, got, want)
		}
	case list:
		got, ok := got.(list)
		if !ok || len(got) != len(want) {
			break
		}
		var all []string
		for i := range want {
			all = append(all, differences(fmt.Sprintf("%s[%d]", path, i), got[i], want[i])...)
		}
		return all
	default:
		if got == want {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: got %s, want %s", path, encode(got), encode(want))}
}

func differentMembers(path string, got, want object) (all []string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		member := path + "." + key
		switch g, ok := got[key]; {
		case !ok:
			all = append(all, fmt.Sprintf("%s: got none, want %s", member, encode(want[key])))
		case varying[key] && fmt.Sprintf("%T", g) == fmt.Sprintf("%T", want[key]):
		default:
			all = append(all, differences(member, g, want[key])...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			all = append(all, fmt.Sprintf("%s.%s: got %s, want none", path, key, encode(got[key])))
		}
	}
	return all
}

// like tells whether a text matches a pattern, in which "…" matches any text.
func like(text, pattern string) bool {
	parts := strings.Split(pattern, anything)
	if len(parts) == 1 {
		return text == pattern
	}
	first, last := parts[0], parts[len(parts)-1]
	text, ok := strings.CutPrefix(text, first)
	if !ok || !strings.HasSuffix(text, last) {
		return false
	}
	text = strings.TrimSuffix(text, last)
	for _, part := range parts[1 : len(parts)-1] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return true
}

// within tells whether a part of the line matches the pattern.
func within(line, pattern string) bool { return like(line, anything+pattern+anything) }
