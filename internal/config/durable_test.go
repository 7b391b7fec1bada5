package config

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// parts returns the parts, each after its length in eight bytes.
func parts(of ...string) string {
	var b strings.Builder
	for _, part := range of {
		b.WriteString(strings.Repeat("\x00", 7) + string(rune(len(part))) + part)
	}
	return b.String()
}

func TestExecutionName(t *testing.T) {
	for _, tc := range []struct{ template, key, want string }{
		{"{input_headers.Idempotency-Key}", "", ""},
		{"{input_headers.Idempotency-Key}", "order-7_A", "order-7_A"},
		{"{input_headers.Idempotency-Key}", strings.Repeat("k", 64), strings.Repeat("k", 64)},
		{"{input_headers.Idempotency-Key}", strings.Repeat("k", 65), hexSHA256(strings.Repeat("k", 65))},
		{"{input_headers.Idempotency-Key}", hexSHA256("a b"), hexSHA256(hexSHA256("a b"))},
		{"{input_headers.Idempotency-Key}", strings.ToUpper(hexSHA256("a b")), strings.ToUpper(hexSHA256("a b"))},
		{"{input_headers.Idempotency-Key}", "a b", hexSHA256("a b")},
		{"{input_headers.Idempotency-Key}", "a.b", hexSHA256("a.b")},
		{"{input_headers.Idempotency-Key}", "k\r\nX-Amz-Tenant-Id: red", hexSHA256("k\r\nX-Amz-Tenant-Id: red")},
		{"{input_headers.Idempotency-Key}", "ü", hexSHA256("ü")},
		{"{input_headers.Idempotency-Key}", "\xff", hexSHA256("\xff")},
		{"{input_headers.Idempotency-Key}", strings.Repeat("k", 1<<20), hexSHA256(strings.Repeat("k", 1<<20))},
		// Several parts.
		{"{JWT.sub}:{input_headers.Idempotency-Key}", "", ""},
		{"{JWT.sub}:{input_headers.Idempotency-Key}", "k", hexSHA256(parts("", "JWT.sub", "me", ":", "input_headers.idempotency-key", "k", ""))},
		{"a{input_headers.Idempotency-Key}", "k", hexSHA256(parts("a", "input_headers.idempotency-key", "k", ""))},
	} {
		cfg, _ := configOf(t, map[string]any{"durable_execution_name": tc.template})
		r := RequestValues{
			Params:  map[string]string{"JWT.sub": "me"},
			Headers: map[string][]string{"Idempotency-Key": {tc.key, "second"}},
			Query:   map[string][]string{"Idempotency-Key": {"query"}, "JWT.sub": {"you"}},
		}
		if got := cfg.ExecutionName(r); got != tc.want {
			t.Errorf("%s of %.20q: got %q, want %q", tc.template, tc.key, got, tc.want)
		}
	}
	if got := new(Config).ExecutionName(RequestValues{}); got != "" {
		t.Errorf("without durable_execution_name: got %q", got)
	}
}

// Different lists of values have different names, even if the values joined are equal.
func TestExecutionNamesDiffer(t *testing.T) {
	names := make(map[string]string)
	for _, template := range []string{"{JWT.sub}:{id}", "{JWT.sub}{id}", "x{id}", "{id}x", ":{JWT.sub}:{id}"} {
		cfg, _ := configOf(t, map[string]any{"durable_execution_name": template})
		for _, v := range [][2]string{{"a", "b:c"}, {"a:b", "c"}, {"ab", "c"}, {"a", "bc"}, {"a:", ":c"}, {"a", "b"}, {"b", "a"}} {
			name := cfg.ExecutionName(RequestValues{Params: map[string]string{"JWT.sub": v[0], "Id": v[1]}})
			if !executionName.MatchString(name) || len(name) != 64 {
				t.Errorf("%s of %q: got %q", template, v, name)
			}
			of := template + " of " + strings.Join(v[:], " and ")
			if !strings.Contains(template, "JWT") {
				of = template + " of " + v[1]
			}
			if other, ok := names[name]; ok && other != of {
				t.Errorf("%s has the name of %s", of, other)
			}
			names[name] = of
		}
	}
}

// Templates that differ only in their placeholders make different names of the same values.
// Otherwise a client could choose a name that the gateway derives from another client's claims. The
// spelling of a header does not count.
func TestExecutionNamesOfPlaceholders(t *testing.T) {
	r := RequestValues{
		Params:  map[string]string{"JWT.sub": "a", "Id": "a"},
		Headers: map[string][]string{"Id": {"a"}},
		Query:   map[string][]string{"Id": {"a"}, "id": {"a"}},
	}
	nameOf := func(template string) string {
		cfg, _ := configOf(t, map[string]any{"durable_execution_name": template})
		return cfg.ExecutionName(r)
	}
	names := make(map[string]string)
	for _, template := range []string{"{JWT.sub}:{id}", "{id}:{JWT.sub}", "{id}:{id}", "{JWT.sub}:{input_headers.Id}", "{JWT.sub}:{input_query_strings.Id}", "{JWT.sub}:{input_query_strings.id}"} {
		name := nameOf(template)
		if other, ok := names[name]; ok {
			t.Errorf("%s has the name of %s", template, other)
		}
		names[name] = template
	}
	for template, other := range map[string]string{"x{input_headers.Id}": "x{input_headers.iD}", "x{id}": "x{Id}"} {
		if got, want := nameOf(template), nameOf(other); got != want {
			t.Errorf("%s: got %s, want the name of %s", template, got, other)
		}
	}
}
