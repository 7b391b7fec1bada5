package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What govulncheck writes for a module that has a vulnerability.
const vulnerable = `=== Symbol Results ===

Vulnerability #1: GO-0000-0001
    A test.
  More info: https://vuln.invalid/GO-0000-0001
  Module: github.com/aws/aws-sdk-go-v2
    Found in: github.com/aws/aws-sdk-go-v2@v1.41.4
    Fixed in: N/A
    Example traces found:
      #1: signature.go:135:24: lambdatest.signature.verify calls signer.NewSigner

Your code is affected by 1 vulnerability from 1 module.
`

// scripts/vulncheck compares what govulncheck writes with the findings that a module may have.
func TestVulncheckKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writeProgram(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// It stands in for govulncheck, and writes the files of its directory.
	write("govulncheck", "#!/bin/sh\ncat output\nexit $(cat status)\n")
	for module, m := range map[string]struct{ output, status string }{
		"clean":      {"No vulnerabilities found.\n", "0"},
		"vulnerable": {vulnerable, "3"},
		"worse":      {vulnerable + strings.Replace(vulnerable, "#1: GO-0000-0001", "#2: GO-0000-0002", 1), "3"},
		"changed":    {"a format without identifiers\n", "3"},
		"broken":     {"", "1"},
	} {
		write(filepath.Join(module, "output"), m.output)
		write(filepath.Join(module, "status"), m.status)
	}

	for _, tc := range []struct {
		name, modules, known string
		status               int
		says                 string // on standard error
	}{
		{"none", "clean", "", 0, ""},
		{"new", "clean vulnerable", "", 1, "vulncheck: found vulnerable:GO-0000-0001\n"},
		{"known", "clean vulnerable", " vulnerable:GO-0000-0001  ", 0, ""},
		{"one of two is known", "worse", "worse:GO-0000-0001", 1, "vulncheck: found worse:GO-0000-0002\n"},
		{"both are known", "worse", "worse:GO-0000-0002 worse:GO-0000-0001", 0, ""},
		{"another format", "changed", "", 1, "vulncheck: found changed:unknown\n"},
		{"another format of a module with a known one", "changed", "changed:GO-0000-0001", 1, "vulncheck: found changed:unknown\n"},
		{"known in a module that is not checked", "clean", "vulnerable:GO-0000-0001", 0, ""},
		{"mended", "vulnerable clean", "clean:GO-0000-0001 vulnerable:GO-0000-0001", 1, "vulncheck: govulncheck does not report clean:GO-0000-0001: remove that from KNOWN\n"},
		{"mended, two", "clean", "clean:GO-0000-0002 clean:GO-0000-0001", 1, "vulncheck: govulncheck does not report clean:GO-0000-0001 clean:GO-0000-0002: remove that from KNOWN\n"},
		{
			"known in another module", "clean vulnerable", "clean:GO-0000-0001", 1,
			"vulncheck: found vulnerable:GO-0000-0001\nvulncheck: govulncheck does not report clean:GO-0000-0001: remove that from KNOWN\n",
		},
		{"no result", "broken vulnerable", "", 2, "vulncheck: govulncheck could not check broken, so nothing is known of it; it needs the database file:///db\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			script, err := filepath.Abs("vulncheck")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(script, append([]string{filepath.Join(dir, "govulncheck"), "file:///db"}, strings.Fields(tc.modules)...)...)
			cmd.Dir, cmd.Env = dir, append(environ(), "KNOWN="+tc.known)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != tc.status || stderr.String() != tc.says {
				t.Errorf("got the status %d and %q, want %d and %q; standard output:\n%s", got, stderr.String(), tc.status, tc.says, out)
			}
		})
	}
}

// make vulncheck fails if it finds something, and if it cannot look anything up.
func TestVulncheck(t *testing.T) {
	if testing.Short() {
		t.Skip("builds govulncheck, which takes a minute: make nightly")
	}
	t.Parallel()
	const (
		none  = `[]`
		known = `[{"path": "github.com/aws/aws-sdk-go-v2", "vulns": [{"id": "GO-0000-0001", "modified": "2026-01-01T00:00:00Z"}]}]`
		entry = `{
			"schema_version": "1.3.1", "id": "GO-0000-0001", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "details": "A test.",
			"database_specific": {"url": "https://vuln.invalid/GO-0000-0001"},
			"affected": [{
				"package": {"name": "github.com/aws/aws-sdk-go-v2", "ecosystem": "Go"},
				"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
				"ecosystem_specific": {"imports": [{"path": "github.com/aws/aws-sdk-go-v2/aws/signer/v4", "symbols": ["NewSigner"]}]}
			}]
		}`
	)
	for _, tc := range []struct {
		name, modules string // modules of the database; if empty, it cannot be reached
		known         string
		fails         bool
		says          string
	}{
		{"no vulnerability", none, "", false, "No vulnerabilities found"},
		{"a vulnerability", known, "", true, "vulncheck: found lambdatest:GO-0000-0001"},
		{"a vulnerability that it may have", known, "lambdatest:GO-0000-0001", false, "Vulnerability #1: GO-0000-0001"},
		{"a known vulnerability that is gone", none, "lambdatest:GO-0000-0001", true, "govulncheck does not report lambdatest:GO-0000-0001"},
		{"no database", "", "", true, "could not check lambdatest, so nothing is known of it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			db := "file://" + dir
			if tc.modules == "" {
				db = "http://127.0.0.1:1"
			} else {
				for name, content := range map[string]string{
					"index/db.json": `{"modified": "2026-01-01T00:00:00Z"}`, "index/modules.json": tc.modules, "ID/GO-0000-0001.json": entry,
				} {
					if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
						t.Fatal(err)
					}
					repository{dir: dir}.write(t, name, content)
				}
			}
			out, err := exec.Command("make", "-C", "..", "vulncheck", "SHIPPED=lambdatest", "KNOWN="+tc.known, "VULNDB="+db).CombinedOutput()
			if (err != nil) != tc.fails || !strings.Contains(string(out), tc.says) {
				t.Errorf("got %v and\n%s\nwant it to fail: %t, and %q", err, out, tc.fails, tc.says)
			}
		})
	}
}
