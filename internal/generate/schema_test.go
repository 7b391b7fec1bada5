package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

const settings = `{
  "$schema": "draft-07",
  "$id": "https://example.com/lambda.json",
  "type": "object",
  "properties": {
    "stream": { "type": "boolean" }
  }
}
`

func whole(lambda string) string {
	return "{\n  \"definitions\": {\n    \"lambda\": {\n" + lambda + "    },\n    \"get\": {\n    }\n  }\n}\n"
}

const bundled = `      "type": "object",
      "properties": {
        "stream": { "type": "boolean" }
      }
`

func TestPutSettings(t *testing.T) {
	want := whole(bundled)
	for name, lambda := range map[string]string{
		"empty":          "",
		"out of date":    "      \"type\": [\n      ]\n",
		"up to date":     bundled,
		"a nested close": "      \"not\": {\n      },\n      \"a\": 1\n",
	} {
		got, err := putSettings(whole(lambda), settings)
		if err != nil || got != want {
			t.Errorf("%s: got %v and\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

func TestPutSettingsErrors(t *testing.T) {
	for in, want := range map[string]string{
		"{}": `schema/krakend.json has no line "\"lambda\": {"`,
		"{\n    \"lambda\": {\n      \"a\": 1\n    }\n}\n": `schema/krakend.json: no line closes "\"lambda\": {"`,
	} {
		if got, err := putSettings(in, settings); err == nil || err.Error() != want {
			t.Errorf("%q: got %q and %v, want %s", in, got, err, want)
		}
	}
}

// run writes the schema of the whole file, and a check only reports it.
func TestRunBundles(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "schema"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{settingsSchema: settings, wholeSchema: whole("")} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(io.Discard, root, nil, true); err == nil {
		t.Error("got no error for a schema that is out of date")
	}
	if err := run(io.Discard, root, nil, false); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, wholeSchema))
	if err != nil || string(got) != whole(bundled) {
		t.Errorf("got %v and\n%s\nwant\n%s", err, got, whole(bundled))
	}
	if err := run(io.Discard, root, nil, true); err != nil {
		t.Errorf("after writing: %v", err)
	}
	if err := os.Remove(filepath.Join(root, wholeSchema)); err != nil {
		t.Fatal(err)
	}
	if err := run(io.Discard, root, nil, false); err == nil {
		t.Error("got no error although krakend.json is missing")
	}
}
