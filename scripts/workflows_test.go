package scripts

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The caches of the workflows stay below GitHub's 10 GB: one step saves them, after a push to main and
// for one task, and its key depends on the version of Go and on go.sum only. setup-go saves none: it
// would save one for each of its keys, on each branch.
func TestCaches(t *testing.T) {
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	var (
		setup = regexp.MustCompile(`uses: (&\S+ )?actions/setup-go@|uses: \*setup-go`)
		off   = regexp.MustCompile(`\scache: false\b|with: \*stable`) // an alias for such a with
		both  = regexp.MustCompile(`uses: (&\S+ )?actions/cache@`)    // restores and saves
		keys  []string
		saves int
	)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for step := range strings.SplitSeq(string(content), "\n      - ") {
			name, _, _ := strings.Cut(step, "\n")
			if setup.MatchString(step) && !off.MatchString(step) {
				t.Errorf("%s: %s: without cache: false", file, name)
			}
			if both.MatchString(step) {
				t.Errorf("%s: %s: would save a cache of each job, on each branch", file, name)
			}
			if strings.Contains(step, "uses: actions/cache/save@") {
				saves++
				if !strings.Contains(step, "if: github.event_name == 'push' && steps.save.outcome == 'success'\n") {
					t.Errorf("%s: %s: does not depend on the step save and on the event push", file, name)
				}
			}
			if strings.HasPrefix(step, "id: save\n") && !strings.Contains(step, " && matrix.task == 'build unit' && ") {
				t.Errorf("%s: %s: not for one task only", file, name)
			}
			for _, key := range regexp.MustCompile(`\n +key: (.*)`).FindAllStringSubmatch(step, -1) {
				keys = append(keys, key[1])
			}
		}
	}
	if saves != 1 {
		t.Errorf("got %d steps that save a cache, want 1", saves)
	}
	want := []string{"ubuntu-24.04-go-${{ steps.go.outputs.go-version }}-${{ hashFiles('**/go.sum') }}", "${{ steps.cache.outputs.cache-primary-key }}"}
	if !slices.Equal(keys, want) {
		t.Errorf("got the keys %q, want %q", keys, want)
	}
}

// The documentation names the versions of Node.js that CI tests, and the oldest one that package.json
// files admit.
func TestNodeVersions(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	var versions []string
	for _, m := range regexp.MustCompile(`\{ task: integration, node: (\d+) \}`).FindAllStringSubmatch(read(".github/workflows/ci.yml"), -1) {
		versions = append(versions, m[1])
	}
	if len(versions) != 2 {
		t.Fatalf("got the versions %q in ci.yml, want 2", versions)
	}
	older, newer := versions[1], versions[0]

	const oldest = "20.20"
	for name, wants := range map[string][]string{
		"CONTRIBUTING.md":                {"Node.js " + older + " or " + newer, oldest + " works"},
		"Makefile":                       {"Node.js " + older + " or " + newer},
		"findings/README.md":             {"Node.js " + older + " or " + newer, oldest + " works"},
		"docs/frameworks.md":             {"Node.js " + newer + " and " + older, "Node.js " + oldest},
		"docs/local-development.md":      {"Node.js " + newer + " and " + older},
		"e2e/adapters/package.json":      {`"node": ">=` + oldest + `.0"`},
		"e2e/browser/package.json":       {`"node": ">=` + oldest + `.0"`},
		"e2e/serverless/package.json":    {`"node": ">=` + oldest + `.0"`},
		"schema/validators/package.json": {`"node": ">=` + oldest + `.0"`},
	} {
		for _, want := range wants {
			if !strings.Contains(read(name), want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
	}
}
