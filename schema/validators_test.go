//go:build integration

package schema

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ajvCommand is the command of docs/schema.md, without its files.
const ajvCommand = "npx ajv-cli@5.0.0 validate --strict=false"

// ajv runs ajvCommand with the ajv-cli of validators/package-lock.json, and returns which documents are
// valid.
func ajv(t *testing.T, schema string, documents map[string]string) (valid map[string]bool) {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"validators/node_modules/ajv-cli/dist/index.js"}, strings.Fields(ajvCommand)[2:]...)
	args = append(args, "-s", schema)
	names := make(map[string]string)
	for name, document := range documents {
		file := filepath.Join(dir, strings.NewReplacer(" ", "-", "/", "-").Replace(name)+".json")
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		names[file] = name
		args = append(args, "-d", file)
	}
	// It exits with 1 if a document is invalid, and prints "FILE valid" or "FILE invalid".
	out, err := exec.Command("node", args...).CombinedOutput()
	valid = make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		if file, verdict, ok := strings.Cut(strings.TrimSpace(line), ".json "); ok && (verdict == "valid" || verdict == "invalid") {
			valid[names[file+".json"]] = verdict == "valid"
		}
	}
	if len(valid) != len(documents) {
		t.Fatalf("got verdicts on %d of %d documents, %v\n%s", len(valid), len(documents), err, out)
	}
	return valid
}

// editor returns the messages of VS Code's JSON language service for documents.
func editor(t *testing.T, schema string, documents map[string]string) (messages map[string][]string) {
	t.Helper()
	in, err := json.Marshal(map[string]any{"schema": schema, "documents": documents})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "validators/editor.mjs")
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(in)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &messages); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return messages
}

// settingsDocuments are goodSettings and badSettings, by their names. The names of the good ones
// begin with "good: ".
func settingsDocuments() map[string]string {
	documents := make(map[string]string)
	for name, settings := range goodSettings {
		documents["good: "+name] = settings
	}
	for name, tc := range badSettings {
		documents[name] = tc.settings
	}
	return documents
}

// whole returns a krakend.json with the settings in one backend.
func whole(settings string) string {
	return `{"version":3,"endpoints":[{"endpoint":"/","backend":[{"encoding":"no-op","extra_config":{"backend/lambda":` + settings + `}}]}]}`
}

// ajv works with each of the two files alone, and accepts what the gateway accepts.
func TestAjv(t *testing.T) {
	page, err := os.ReadFile("../docs/schema.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := ajvCommand + " -s schema/krakend.json -d krakend.json"; !strings.Contains(string(page), "\n"+want+"\n") {
		t.Errorf("docs/schema.md has no line %q", want)
	}
	documents := settingsDocuments()
	for schema, spell := range map[string]func(string) string{
		"lambda.json":  func(settings string) string { return settings },
		"krakend.json": whole,
	} {
		spelled := make(map[string]string)
		for name, settings := range documents {
			spelled[name] = spell(settings)
		}
		for name, valid := range ajv(t, schema, spelled) {
			if want := strings.HasPrefix(name, "good: "); valid != want {
				t.Errorf("%s: %s: got valid %t, want %t", schema, name, valid, want)
			}
		}
	}
}

// An editor shows a sentence, without patterns and without the word schema.
func TestEditorMessages(t *testing.T) {
	documents := make(map[string]string)
	for name, settings := range settingsDocuments() {
		documents[name] = whole(settings)
	}
	documents["a claim"] = strings.Replace(whole(`{"function_name":"f"}`), `"/"`, `"/{JWT.sub}"`, 1)
	documents["both namespaces"] = strings.Replace(whole(`{"function_name":"f"}`), `"backend/lambda"`, `"github.com/devopsfaith/krakend-lambda":{"function_name":"f"},"backend/lambda"`, 1)
	documents["two streams"] = strings.Replace(whole(`{"function_name":"f","stream":true}`), `"backend"`, `"concurrent_calls":2,"backend"`, 1)
	documents["a stream of JSON"] = strings.Replace(whole(`{"function_name":"f","stream":true}`), "no-op", "json", 1)

	// The language service rejects any number with a point as an integer, even 2.0.
	for _, name := range []string{"an integer with a fraction of zero", "statuses of function errors", "all that a load balancer's events can say"} {
		delete(documents, "good: "+name)
	}

	got := editor(t, "krakend.json", documents)
	for name := range documents {
		messages := got[name]
		if good := strings.HasPrefix(name, "good: "); good != (len(messages) == 0) {
			t.Errorf("%s: got %q", name, messages)
		}
		for _, m := range messages {
			if strings.Contains(m, "pattern of") || strings.Contains(m, "chema") || strings.Contains(m, "^") {
				t.Errorf("%s: got %q", name, m)
			}
		}
	}
	for name, want := range map[string]string{
		"a name with a space":         "Must be the name of a function, name:qualifier, a partial ARN (123456789012:function:name) or an ARN.",
		"endpoint with a bad address": "Must have an IPv6 address between the brackets, such as [::1].",
		"two functions":               "Must have only one of function_name and function_param_name.",
		"a claim":                     "Must not have a placeholder with the name of a claim, such as {JWT.sub}.",
		"both namespaces":             "Must have only one of backend/lambda and github.com/devopsfaith/krakend-lambda.",
		"two streams":                 "A backend with stream must not have concurrent_calls above 1.",
		"a stream of JSON":            "Must be no-op: the backend has stream.",
	} {
		if !slices.Contains(got[name], want) {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}
