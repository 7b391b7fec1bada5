package schema

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
)

// row matches a row of a table of keys: the key, its type and its default.
var row = regexp.MustCompile("(?m)^\\| (\\[?`.*?) \\| (.*?) \\|(?: (.*?) \\|)?")

// The table of keys in docs/configuration.md has all keys, each with the schema's default
// and values.
func TestDocumentedKeys(t *testing.T) {
	var schema struct {
		Properties map[string]struct {
			Default any
			Enum    []string
		}
	}
	content, err := os.ReadFile("lambda.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, cells := range row.FindAllStringSubmatch(section(t, "../docs/configuration.md", "## All keys"), -1) {
		key := regexp.MustCompile("`(.*?)`").FindStringSubmatch(cells[1])[1]
		if key == "concurrent_calls" { // KrakenD's own
			continue
		}
		keys = append(keys, key)
		property := schema.Properties[key]
		for _, value := range property.Enum {
			if !strings.Contains(cells[2], "`"+value+"`") {
				t.Errorf("%s: the value %s is not in %q", key, value, cells[2])
			}
		}
		if property.Default == nil {
			continue
		}
		text, err := json.Marshal(property.Default)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Trim(string(text), `"`)
		if !slices.Contains(strings.FieldsFunc(cells[3], func(r rune) bool { return strings.ContainsRune(" `;,", r) }), want) {
			t.Errorf("%s: the default is %s, and the table has %q", key, want, cells[3])
		}
	}
	slices.Sort(keys)
	if want := config.Keys(); !slices.Equal(keys, want) {
		t.Errorf("got the keys %q, want %q", keys, want)
	}
}

// The table of event in docs/configuration.md has all of its keys, each with the schema's default and
// values, and with the formats in which it has no effect.
func TestDocumentedEventKeys(t *testing.T) {
	schema := parseFile(t, "lambda.json").(object)["properties"].(object)["event"].(object)["properties"].(object)
	text, _, _ := strings.Cut(section(t, "../docs/configuration.md", "### `event`"), "\n#")
	var keys []string
	for line := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(line, " | ")
		key, ok := strings.CutPrefix(cells[0], "| `")
		if !ok {
			continue
		}
		key = strings.TrimSuffix(key, "`")
		keys = append(keys, key)
		property, _ := schema[key].(object)
		if len(cells) != 5 || property == nil {
			t.Errorf("%s: got the row %q", key, line)
			continue
		}
		values, _ := property["enum"].(list)
		for _, value := range values {
			if want := "`" + value.(string) + "`"; !strings.Contains(cells[1], want) {
				t.Errorf("%s: the value %s is not in %q", key, want, cells[1])
			}
		}
		if want, ok := property["default"]; ok && cells[2] != fmt.Sprint(want) {
			t.Errorf("%s: the default is %v, and the table has %q", key, want, cells[2])
		}
		description := property["description"].(string)
		var without []string // the formats in which the table says that the key has no effect
		switch {
		case strings.HasPrefix(cells[3], "no effect"):
			without = []string{"1.0", "2.0"}
		case strings.HasPrefix(cells[3], "only in 2.0:"):
			without = []string{"1.0"}
		}
		if strings.HasPrefix(cells[4], "no effect") {
			without = append(without, "alb")
		}
		_, got, _ := strings.Cut(description, " It has no effect with payload_format ")
		if want := strings.Join(without, " and "); strings.TrimSuffix(got, ".") != want {
			t.Errorf("%s: in the table it has no effect with %q, in the schema with %q", key, want, got)
		}
	}
	slices.Sort(keys)
	if want := config.EventKeys(); !slices.Equal(keys, want) {
		t.Errorf("got the keys %q, want %q", keys, want)
	}
}

// README's short table has every key.
func TestKeysOfReadme(t *testing.T) {
	text := section(t, "../README.md", "## Options")
	for _, key := range config.Keys() {
		if !regexp.MustCompile("(?m)^\\| (?:`[a-z_]+`, )*`" + key + "`").MatchString(text) {
			t.Errorf("the table has no row with %s", key)
		}
	}
}

// section returns the text below a heading of a page, up to the next heading of that level.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(content), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no %s", page, heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}
