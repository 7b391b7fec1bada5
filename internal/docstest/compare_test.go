package docstest

import (
	"slices"
	"testing"
)

func TestDifferences(t *testing.T) {
	for _, tc := range []struct {
		got, want string
		wrong     []string
	}{
		{got: `{"a": 1, "b": [true, null, "x"]}`, want: `{"b":[true,null,"x"],"a":1}`},
		{got: `12345678901234567890`, want: `12345678901234567890`},
		{got: `12345678901234567890`, want: `12345678901234567891`, wrong: []string{"v: got 12345678901234567890, want 12345678901234567891"}},
		{got: `{"a": {"b": [1, 2]}}`, want: `{"a": {"b": [1, 3]}}`, wrong: []string{"v.a.b[1]: got 2, want 3"}},
		{got: `[1, 2]`, want: `[1]`, wrong: []string{"v: got [1,2], want [1]"}},
		{got: `{"a": 1, "c": 2}`, want: `{"a": 1, "b": 2}`, wrong: []string{"v.b: got none, want 2", "v.c: got 2, want none"}},
		{got: `{}`, want: `{"a": null}`, wrong: []string{"v.a: got none, want null"}},
		{got: `"1"`, want: `1`, wrong: []string{`v: got "1", want 1`}},
		{got: `{}`, want: `[]`, wrong: []string{"v: got {}, want []"}},
		{got: `[]`, want: `"x"`, wrong: []string{`v: got [], want "x"`}},

		{got: `{"a": [1, {"b": 2}], "c": null}`, want: `{"a": "…", "c": "…"}`},
		{got: `{}`, want: `{"a": "…"}`, wrong: []string{`v.a: got none, want "…"`}},
		{got: `"a…"`, want: `"…a"`, wrong: []string{`v: got "a…", want "…a"`}},

		{got: `{"timeEpoch": 2, "time": "b", "requestId": "c"}`, want: `{"timeEpoch": 1, "time": "a", "requestId": "…"}`},
		{got: `{"timeEpoch": "2"}`, want: `{"timeEpoch": 1}`, wrong: []string{`v.timeEpoch: got "2", want 1`}},
		{got: `{}`, want: `{"time": "a"}`, wrong: []string{`v.time: got none, want "a"`}},
		{got: `{"times": "b"}`, want: `{"times": "a"}`, wrong: []string{`v.times: got "b", want "a"`}},
	} {
		got, err := decode(tc.got)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decode(tc.want)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := differences("v", got, want); !slices.Equal(wrong, tc.wrong) {
			t.Errorf("%s and %s: got %q, want %q", tc.got, tc.want, wrong, tc.wrong)
		}
	}
}

func TestLike(t *testing.T) {
	for _, tc := range []struct {
		text, pattern string
		want          bool
	}{
		{"abc", "abc", true},
		{"abcd", "abc", false},
		{"abcd", "abc…", true},
		{"abcd", "…bcd", true},
		{"abcd", "a…d", true},
		{"ad", "a…d", true},
		{"a", "a…a", false},
		{"a b c d", "a…b…c…d", true},
		{"a c b d", "a…b…c…d", false},
		{"", "…", true},
	} {
		if got := like(tc.text, tc.pattern); got != tc.want {
			t.Errorf("%q like %q: got %t", tc.text, tc.pattern, got)
		}
	}
	if !within("2026 ERROR: the function failed; request id 7", "the … failed") || within("the function", "the functions") {
		t.Error("within does not look into the line")
	}
}
