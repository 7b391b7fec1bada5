package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
		{"a vulnerability that another module may have", known, "lura:GO-0000-0001", true, "vulncheck: found lambdatest:GO-0000-0001"},
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
