package config

import (
	"slices"
	"testing"
)

func TestTemplate(t *testing.T) {
	r := RequestValues{
		Params:  map[string]string{"Id": "7", "JWT.sub": "me", "Resp0_id": "8", "Resp0_coupon": "<nil>", "Respondent": "<nil>", "canary": "f", "Empty": ""},
		Headers: map[string][]string{"x-tenant": {"blue", "green"}, "X-TENANT": {"red"}, "Idempotency-Key": {"k1"}, "X-Zone": {"z"}, "X-None": {}},
		Query:   map[string][]string{"tenant": {"acme", "other"}, "Tenant": {"x"}, "none": {}},
	}
	for _, tc := range []struct {
		template, want string // "-" if a placeholder has no value
	}{
		{"", ""}, {"blue", "blue"},
		{"{id}", "7"}, {"{Id}", "7"}, {"{JWT.sub}", "me"}, {"{resp0_id}", "8"}, {"{Resp0_id}", "8"},
		{"a{id}b{JWT.sub}c", "a7bmec"}, {"{id}{id}", "77"},
		{"{JWT.sub}:{input_headers.Idempotency-Key}", "me:k1"},
		{"{input_headers.X-Tenant}", "red"}, {"{input_headers.idempotency-key}", "k1"}, {"{input_headers.x-zone}", "z"},
		{"{input_query_strings.tenant}", "acme"}, {"{input_query_strings.Tenant}", "x"},

		{"{canary}", "-"}, {"{jwt.sub}", "-"}, {"{empty}", "-"}, {"{missing}", "-"}, {"x{missing}", "-"},
		{"{resp0_coupon}", "-"}, {"{respondent}", "<nil>"},
		{"{input_headers.X-None}", "-"}, {"{input_headers.missing}", "-"}, {"{input_query_strings.TENANT}", "-"}, {"{input_query_strings.none}", "-"},
	} {
		tpl, err := ParseTemplate(tc.template)
		if err != nil {
			t.Errorf("%s: %v", tc.template, err)
			continue
		}
		for range 4 { // maps have no order
			got, ok := tpl.Expand(r)
			if !ok {
				got = "-"
			}
			if got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.template, got, tc.want)
			}
		}
	}
}

func TestTemplateOfAnEmptyRequest(t *testing.T) {
	tpl, err := ParseTemplate("{id}{input_headers.A}{input_query_strings.b}")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := tpl.Expand(RequestValues{}); ok {
		t.Errorf("got %q", got)
	}
	if got, want := tpl.Params(), []string{"Id"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTemplateErrors(t *testing.T) {
	for template, want := range map[string]string{
		"{":                      `'{' has a { without its }`,
		"}":                      `'}' has a } without its {`,
		"{a}}":                   `'{a}}' has a } without its {`,
		"{a{b}}":                 `'{a{b}}' has a { without its }`,
		"x{}":                    `{} is empty: write a name between the braces`,
		"{{.Id}}":                `'{{.Id}}' has a { without its }`,
		"{a b}":                  `{a b} is not a placeholder such as {id}, {JWT.sub}, {input_headers.X-Tenant} or {input_query_strings.tenant}`,
		"{.a}":                   `{.a} is not a placeholder such as {id}, {JWT.sub}, {input_headers.X-Tenant} or {input_query_strings.tenant}`,
		"{input_headers.}":       `{input_headers.} does not name a header`,
		"{input_headers.a b}":    `{input_headers.a b} does not name a header`,
		"{input_query_strings.}": `{input_query_strings.} does not name a query string`,
		"{a\n}":                  `{a } is not a placeholder such as {id}, {JWT.sub}, {input_headers.X-Tenant} or {input_query_strings.tenant}`,
	} {
		if _, err := ParseTemplate(template); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", template, err, want)
		}
	}
}
