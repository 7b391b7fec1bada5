package scripts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChangelog(t *testing.T) {
	t.Parallel()
	const changelog = `# Changelog

About it.

## 1.6.0 / unreleased

* [FEATURE] Not yet.

## 1.5.1 / 2026-02-28

## 1.5.0 / 2026-01-31

Compared with 1.4.0.

* [CHANGE] One.
* [BUGFIX] Two,
  over two lines.

### Details

More.


## 11.5.0 / 2026-01-30

* [BUGFIX] Not 1.5.0.

## 1.3.0 / 2025-01-01

* [BUGFIX] Once.

## 1.3.0 / 2025-01-02

* [BUGFIX] Twice.

## 1.2.0 / 1st of May

* [BUGFIX] No date.

## 1.1.0 / 2024-05-01

* [FEATURE] The first.
`
	for _, tc := range []struct{ version, want, fails string }{
		{version: "1.5.0", want: "Compared with 1.4.0.\n\n* [CHANGE] One.\n* [BUGFIX] Two,\n  over two lines.\n\n### Details\n\nMore.\n"},
		{version: "1.1.0", want: "* [FEATURE] The first.\n"},
		{version: "1.6.0", fails: "has '## 1.6.0 / unreleased'"},
		{version: "1.5.1", fails: "says nothing of 1.5.1"},
		{version: "1.4.0", fails: "has no '## 1.4.0 / YYYY-MM-DD'"},
		{version: "1.3.0", fails: "'## 1.3.0 / YYYY-MM-DD' once"},
		{version: "1.2.0", fails: "has '## 1.2.0 / 1st of May'"},
		{version: "1.5", fails: "is '1.5'"},
		{version: "v1.5.0", fails: "is 'v1.5.0'"},
		{version: "1.5.0-rc.1", fails: "is '1.5.0-rc.1'"},
		{version: "1.5.*", fails: "is '1.5.*'"},
		{version: "", fails: "is ''"},
	} {
		t.Run(tc.version, func(t *testing.T) {
			r := repository{dir: t.TempDir()}
			if err := copyFile("changelog", filepath.Join(r.dir, "scripts/changelog")); err != nil {
				t.Fatal(err)
			}
			r.write(t, "CHANGELOG.md", changelog)
			got, err := r.script(t, nil, "changelog", tc.version)
			switch {
			case tc.fails == "" && (err != nil || got != tc.want):
				t.Errorf("got %v and\n%s\nwant\n%s", err, got, tc.want)
			case tc.fails != "" && (err == nil || !strings.Contains(got, tc.fails)):
				t.Errorf("got %v and\n%s\nwant %q", err, got, tc.fails)
			}
		})
	}
}

// In this repository's changelog, the next version has notes as soon as it has a date, and each line
// begins with its kind.
func TestChangelogOfThisVersion(t *testing.T) {
	t.Parallel()
	r := newSmallRepository(t)
	notes, err := r.script(t, nil, "changelog", r.version)
	if err != nil {
		t.Fatalf("%v\n%s", err, notes)
	}
	changes := 0
	for line := range strings.Lines(notes) {
		if !strings.HasPrefix(line, "*") {
			continue
		}
		changes++
		kind, _, _ := strings.Cut(strings.TrimPrefix(line, "* "), " ")
		switch kind {
		case "[CHANGE]", "[FEATURE]", "[ENHANCEMENT]", "[BUGFIX]":
		default:
			t.Errorf("%q does not begin with a kind such as [FEATURE]", line)
		}
	}
	if changes == 0 {
		t.Error("there are no changes")
	}
	content, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	// GitHub shows the notes on a page where links within the repository do not work.
	if strings.Contains(string(content), "](") {
		t.Error("CHANGELOG.md has links")
	}
}
