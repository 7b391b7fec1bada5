package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	shortNamespace = "backend/lambda"
	longNamespace  = "github.com/devopsfaith/krakend-lambda"
)

type (
	object = map[string]any
	list   = []any
)

// compile loads a schema as `krakend check -s` does: from disk, with its references.
func compile(t testing.TB, path string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.FileLoader{}) // does not use the network
	s, err := c.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parse reads a document as KrakenD and `krakend check` do: numbers are float64.
func parse(t testing.TB, document string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return v
}

func parseFile(t testing.TB, path string) any {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(content))
}

// gateway returns the parser's error for settings. Unknown keys, of which the parser only warns, are an
// error here.
func gateway(settings any) error {
	_, warnings, err := config.Parse(settings, nil)
	for _, w := range warnings {
		if unknownKey.MatchString(w) {
			err = errors.Join(err, errors.New(w))
		}
	}
	return err
}

// unknownKey matches the parser's warnings about unknown keys.
var unknownKey = regexp.MustCompile(`^((assume_role|event): )?unknown key `)

// places returns the places of errors in a document, as JSON pointers.
func places(err error) (pointers []string) {
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		return nil
	}
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			visit(cause)
		}
		if len(e.Causes) == 0 {
			p := ""
			for _, token := range e.InstanceLocation {
				p += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
			}
			pointers = append(pointers, p)
		}
	}
	visit(e)
	slices.Sort(pointers)
	return slices.Compact(pointers)
}

// walk visits every value of a document with its pointer.
func walk(v any, at string, visit func(at string, v any)) {
	visit(at, v)
	switch v := v.(type) {
	case object:
		for key, element := range v {
			walk(element, at+"/"+key, visit)
		}
	case list:
		for i, element := range v {
			walk(element, fmt.Sprintf("%s/%d", at, i), visit)
		}
	}
}

func TestSchemasAreDraft07(t *testing.T) {
	const draft07 = "http://json-schema.org/draft-07/schema"
	meta := compile(t, draft07)
	for _, path := range []string{"lambda.json", "krakend.json"} {
		schema := parseFile(t, path)
		if got := schema.(object)["$schema"]; got != draft07+"#" {
			t.Errorf("%s: got $schema %v, want %s#", path, got, draft07)
		}
		if err := meta.Validate(schema); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// krakend.json has lambda.json as a definition. "make generate" writes it.
func TestKrakendSchemaHasTheSettings(t *testing.T) {
	want := parseFile(t, "lambda.json").(object)
	delete(want, "$schema")
	delete(want, "$id")
	got := parseFile(t, "krakend.json").(object)["definitions"].(object)["lambda"]
	if !reflect.DeepEqual(got, any(want)) {
		t.Error("definitions/lambda is not lambda.json: make generate writes it")
	}
}

// The $id of each file is the URL at which it is published.
func TestIDs(t *testing.T) {
	for _, name := range []string{"lambda.json", "krakend.json"} {
		want := "https://raw.githubusercontent.com/devopsfaith/krakend-lambda/main/schema/" + name
		if got := parseFile(t, name).(object)["$id"]; got != want {
			t.Errorf("%s: got $id %v, want %s", name, got, want)
		}
	}
}

// Editors show errorMessage in place of a pattern. Patterns below if and not need no message, because
// editors do not show their errors.
func TestPatternsHaveAMessage(t *testing.T) {
	found := 0
	for _, path := range []string{"lambda.json", "krakend.json"} {
		walk(parseFile(t, path), path, func(at string, v any) {
			m, _ := v.(object)
			if _, ok := m["pattern"].(string); !ok || slices.ContainsFunc(strings.Split(at, "/"), func(key string) bool { return key == "if" || key == "not" }) {
				return
			}
			found++
			if message, _ := m["errorMessage"].(string); message == "" || len(message) > 150 {
				t.Errorf("%s: got the errorMessage %q, want at most 150 characters", at, message)
			}
		})
	}
	if found < 10 {
		t.Errorf("found %d patterns, want at least 10", found)
	}
}

// lambda.json is also copied into other schemas, where references to its own parts would not work.
func TestLambdaSchemaRefersToNothing(t *testing.T) {
	walk(parseFile(t, "lambda.json"), "", func(at string, v any) {
		m, _ := v.(object)
		for _, key := range []string{"$ref", "$defs", "definitions"} {
			if _, ok := m[key]; ok {
				t.Errorf("%s has %s", at, key)
			}
		}
		if _, ok := m["$id"]; ok && at != "" {
			t.Errorf("%s has an $id", at)
		}
	})
}

// Patterns have the same meaning in RE2 and in ECMA 262, with and without its flag u. (compile has
// already compiled them as RE2.)
func TestPatternsAreOfTheCommonSubset(t *testing.T) {
	uncommon := map[string]*regexp.Regexp{
		"an escape other than of . * [ ]": regexp.MustCompile(`\\[^.*\[\]]`),
		"a group with a flag or a name":   regexp.MustCompile(`\(\?[^:]`),
		"a class with a name":             regexp.MustCompile(`\[\[:`),
		"more than ASCII":                 regexp.MustCompile(`[^\x20-\x7e]`),
	}
	for what, re := range uncommon {
		if !re.MatchString(`\d(?i)[[:alpha:]]é`) {
			t.Errorf("the test does not find %s", what)
		}
	}
	found := 0
	for _, path := range []string{"lambda.json", "krakend.json"} {
		walk(parseFile(t, path), path, func(at string, v any) {
			var patterns []string
			m, _ := v.(object)
			if p, ok := m["pattern"].(string); ok {
				patterns = append(patterns, p)
			}
			if properties, ok := m["patternProperties"].(object); ok {
				for p := range properties {
					patterns = append(patterns, p)
				}
			}
			for _, p := range patterns {
				found++
				for what, re := range uncommon {
					if bad := re.FindString(p); bad != "" {
						t.Errorf("%s: %s has %s, %q", at, p, what, bad)
					}
				}
			}
		})
	}
	if found < 10 {
		t.Errorf("found %d patterns, want at least 10", found)
	}
}
