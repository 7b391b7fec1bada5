package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	partOfLambda = "https://www.krakend.io/schema/v2.13/backend/lambda.json"
	partOfExtras = "https://www.krakend.io/schema/v2.13/backend_extra_config.json"
)

// merge runs `jq --slurpfile lambda <lambda> -f merge.jq` on a bundle.
func merge(t *testing.T, bundle any, lambda ...any) (merged any, err error) {
	t.Helper()
	program, err := os.ReadFile("merge.jq")
	if err != nil {
		t.Fatal(err)
	}
	query, err := gojq.Parse(string(program))
	if err != nil {
		t.Fatal(err)
	}
	code, err := gojq.Compile(query, gojq.WithVariables([]string{"$lambda"}))
	if err != nil {
		t.Fatal(err)
	}
	results := code.Run(bundle, lambda)
	merged, _ = results.Next()
	if err, ok := merged.(error); ok {
		return nil, err
	}
	if more, ok := results.Next(); ok {
		t.Fatalf("got a second result: %v", more)
	}
	return merged, nil
}

func mustMerge(t *testing.T, bundle any) object {
	t.Helper()
	merged, err := merge(t, bundle, parseFile(t, "lambda.json"))
	if err != nil {
		t.Fatal(err)
	}
	return merged.(object)
}

// compileDocument compiles a schema as `krakend check -s` does with its file.
func compileDocument(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	content, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "krakend-schema.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return compile(t, file)
}

// bundles are small versions of KrakenD's schema, in the two forms that it has had.
func bundles(t *testing.T) map[string]object {
	t.Helper()
	content, err := os.ReadFile("testdata/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	before := strings.NewReplacer(
		"https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-07/schema#",
		`"$defs"`, `"definitions"`, "#/$defs/https:", "#/definitions/https%3A", "v2.13", "v2.12",
	).Replace(string(content))
	return map[string]object{"KrakenD 2.13": parse(t, string(content)).(object), "KrakenD 2.12": parse(t, before).(object)}
}

// of returns a krakend.json with one backend.
func of(extras object) object {
	return object{"version": 3.0, "endpoints": list{object{"endpoint": "/", "backend": list{object{"url_pattern": "/", "extra_config": extras}}}}}
}

// KrakenD's schema treats the settings of a Lambda backend as lambda.json does.
func TestMergedSettings(t *testing.T) {
	for name, bundle := range bundles(t) {
		schema := compileDocument(t, mustMerge(t, bundle))
		for _, namespace := range []string{shortNamespace, longNamespace} {
			for what, settings := range goodSettings {
				if err := schema.Validate(of(object{namespace: parse(t, settings)})); err != nil {
					t.Errorf("%s, %s, %s: %v", name, namespace, what, err)
				}
			}
			for what, tc := range badSettings {
				at := "/endpoints/0/backend/0/extra_config/" + strings.ReplaceAll(namespace, "/", "~1")
				var want []string
				for _, where := range tc.where {
					want = append(want, at+where)
				}
				if got := places(schema.Validate(of(object{namespace: parse(t, tc.settings)}))); !slices.Equal(got, want) {
					t.Errorf("%s, %s, %s: got errors at %q, want %q", name, namespace, what, got, want)
				}
			}
		}
		if schema.Validate(of(object{shortNamespace: object{"function_name": "f"}, longNamespace: object{"function_name": "f"}})) == nil {
			t.Errorf("%s: the schema accepts both namespaces in one backend", name)
		}
	}
}

// The merge does not change other parts of KrakenD's schema, and their results stay the same.
func TestMergedRest(t *testing.T) {
	for name, bundle := range bundles(t) {
		before, after := compileDocument(t, bundle), compileDocument(t, mustMerge(t, bundle))
		http := object{"backend/http": object{"return_error_details": "a"}}
		for what, tc := range map[string]struct {
			configuration any
			good          bool
		}{
			"no endpoints":              {object{"version": 3.0}, true},
			"no version":                {object{"endpoints": list{}}, false},
			"another version":           {object{"version": 2.0}, false},
			"an unknown key":            {object{"version": 3.0, "port_": 1.0}, false},
			"a comment":                 {object{"version": 3.0, "@comment": 1.0}, true},
			"another component":         {of(http), true},
			"another component, wrong":  {of(object{"backend/http": object{"return_error_details": 1.0}}), false},
			"an unknown component":      {of(object{"backend/https": object{}}), false},
			"a comment among them":      {of(object{"@backend/https": object{}}), true},
			"one without a schema":      {of(object{"proxy": object{"shadow": true}}), true},
			"its setting is wrong":      {of(object{"proxy": object{"shadow": 1.0}}), false},
			"a backend without its URL": {object{"version": 3.0, "endpoints": list{object{"endpoint": "/", "backend": list{object{"extra_config": http}}}}}, false},
		} {
			if err := before.Validate(tc.configuration); (err == nil) != tc.good {
				t.Errorf("%s, %s: before: got error %v, want success: %t", name, what, err, tc.good)
			}
			if err := after.Validate(tc.configuration); (err == nil) != tc.good {
				t.Errorf("%s, %s: after: got error %v, want success: %t", name, what, err, tc.good)
			}
		}
	}
}

// The merge changes two parts of the bundle, in a copy.
func TestMergeChangesTwoParts(t *testing.T) {
	bundle := parseFile(t, "testdata/bundle.json").(object)
	merged := mustMerge(t, bundle)
	if !reflect.DeepEqual(bundle, parseFile(t, "testdata/bundle.json")) {
		t.Fatal("the bundle has changed")
	}
	got, want := merged["$defs"].(object), bundle["$defs"].(object)
	if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
		t.Errorf("got the parts %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}

	lambda := parseFile(t, "lambda.json").(object)
	delete(lambda, "$schema")
	delete(lambda, "$id")
	if !reflect.DeepEqual(got[partOfLambda], lambda) {
		t.Errorf("got %v in place of KrakenD's, want lambda.json", got[partOfLambda])
	}
	extras := want[partOfExtras].(object)
	extras["properties"].(object)[longNamespace] = extras["properties"].(object)[shortNamespace]
	extras["allOf"] = list{object{
		"errorMessage": "Must have only one of " + shortNamespace + " and " + longNamespace + ".",
		"not":          object{"required": list{shortNamespace, longNamespace}},
	}}
	want[partOfLambda] = lambda
	if !reflect.DeepEqual(merged, bundle) {
		t.Errorf("got %v, want %v", merged, bundle)
	}
}

// A merged bundle can be merged again: the same lambda.json changes nothing, and another one replaces
// the first.
func TestMergeAgain(t *testing.T) {
	for name, bundle := range bundles(t) {
		once := mustMerge(t, bundle)
		if twice := mustMerge(t, once); !reflect.DeepEqual(twice, once) {
			t.Errorf("%s: got %v, want %v", name, twice, once)
		}
		old := parseFile(t, "lambda.json").(object)
		delete(old["properties"].(object), "stream")
		before, err := merge(t, bundle, old)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustMerge(t, before); !reflect.DeepEqual(got, once) {
			t.Errorf("%s: after an older lambda.json: got %v, want %v", name, got, once)
		}
	}
}

// If the bundle is not what the merge expects, the merge reports it and writes nothing.
func TestMergeErrors(t *testing.T) {
	lambda := parseFile(t, "lambda.json")
	changed := func(change func(bundle, parts object)) object {
		bundle := parseFile(t, "testdata/bundle.json").(object)
		change(bundle, bundle["$defs"].(object))
		return bundle
	}
	const reference = "in /backend_extra_config.json, backend/lambda must be a $ref to /backend/lambda.json"
	for _, tc := range []struct {
		name   string
		bundle any
		lambda list
		want   string
	}{
		{"null", nil, list{lambda}, "KrakenD's bundle must be an object"},
		{"a list", list{}, list{lambda}, "KrakenD's bundle must be an object"},
		{"no parts", object{"type": "object"}, list{lambda}, "KrakenD's bundle must have its parts in $defs or in definitions"},
		{"parts in two places", changed(func(bundle, _ object) { bundle["definitions"] = object{} }), list{lambda}, "KrakenD's bundle must have its parts in $defs or in definitions"},
		{"no part for Lambda", changed(func(_, parts object) { delete(parts, partOfLambda) }), list{lambda}, "KrakenD's bundle must have one part /backend/lambda.json, has 0"},
		{"two parts for Lambda", changed(func(_, parts object) { parts["https://example.com/backend/lambda.json"] = true }), list{lambda}, "KrakenD's bundle must have one part /backend/lambda.json, has 2"},
		{"no part for the components", changed(func(_, parts object) { delete(parts, partOfExtras) }), list{lambda}, "KrakenD's bundle must have one part /backend_extra_config.json, has 0"},
		{"no reference", changed(func(_, parts object) {
			delete(parts[partOfExtras].(object)["properties"].(object), shortNamespace)
		}), list{lambda}, reference},
		{"a schema in place of the reference", changed(func(_, parts object) {
			parts[partOfExtras].(object)["properties"].(object)[shortNamespace] = object{"type": "object"}
		}), list{lambda}, reference},
		{"a reference to another part", changed(func(_, parts object) {
			parts[partOfExtras].(object)["properties"].(object)[shortNamespace] = object{"$ref": "#/$defs/https:~1~1www.krakend.io~1schema~1v2.13~1backend~1http.json"}
		}), list{lambda}, reference},
		{"no lambda.json", changed(func(_, _ object) {}), nil, "--slurpfile lambda must be lambda.json"},
		{"two documents", changed(func(_, _ object) {}), list{lambda, lambda}, "--slurpfile lambda must be lambda.json"},
		{"another document", changed(func(_, _ object) {}), list{list{}}, "--slurpfile lambda must be lambda.json"},
		{"another schema", changed(func(_, _ object) {}), list{object{"type": "object"}}, "--slurpfile lambda must be lambda.json"},
		{"KrakenD's own", changed(func(_, _ object) {}), list{object{"$id": "https://www.krakend.io/schema/v2.11/backend/lambda.json"}}, "--slurpfile lambda must be lambda.json"},
	} {
		merged, err := merge(t, tc.bundle, tc.lambda...)
		if got, want := fmt.Sprint(err), "error: merge.jq: "+tc.want; got != want || merged != nil {
			t.Errorf("%s: got %v and %q, want %q", tc.name, merged, got, want)
		}
	}
}
