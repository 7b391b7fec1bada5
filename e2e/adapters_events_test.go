//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkEvent reads an event strictly, and checks what no adapter shows.
func checkEvent(t *testing.T, c adapterCase, f eventFormat, payload []byte) {
	t.Helper()
	event := reflect.New(reflect.TypeOf(f.event)).Interface()
	strictly(t, payload, event)
	// A REST API without binary media types makes a text of every body.
	if v1, ok := event.(*restEvent); ok && v1.IsBase64Encoded == utf8.ValidString(c.Body) {
		t.Errorf("isBase64Encoded: got %t for the body %.200q", v1.IsBase64Encoded, c.Body)
	}
}

// checkSchema holds events against Powertools' schema of their format.
func checkSchema(t *testing.T, n *node, f eventFormat, recorded []json.RawMessage) {
	seen := make(map[string]bool)
	for i, problems := range n.problems(t, f.name, recorded) {
		for _, p := range problems {
			if !seen[p] {
				seen[p] = true
				t.Errorf("%s in the event\n%.2000s", p, recorded[i])
			}
		}
	}
}

// checkTypes has TypeScript check events, written as literals, against the types of
// @types/aws-lambda: no member is missing, and none is there that should not be.
func checkTypes(t *testing.T, recorded map[string][]json.RawMessage) {
	var b strings.Builder
	for _, f := range eventFormats {
		fmt.Fprintf(&b, "import type { %s } from 'aws-lambda'\n", f.typeScript)
		for i, event := range recorded[f.name] {
			fmt.Fprintf(&b, "export const %s%d: %s = %s\n", f.api, i, f.typeScript, event)
		}
	}
	modules, err := filepath.Abs(filepath.Join(adaptersDir, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "events.ts"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	tsc := exec.CommandContext(t.Context(), filepath.Join(modules, ".bin", "tsc"), "--strict", "--noEmit", "--skipLibCheck", "--pretty", "false", "events.ts")
	tsc.Dir = dir
	if out, err := tsc.CombinedOutput(); err != nil {
		t.Errorf("tsc: %v\n%.4000s", err, out)
	}
}
