package scripts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is the largest number of lines in a Go file.
const maxLines = 400

// Every package and every Go file follows the rules of CONTRIBUTING.md.
func TestPackages(t *testing.T) {
	packages := make(map[string][]string) // the names of Go files by directory
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "testdata" || name == "node_modules" || len(name) > 2 && name[0] == '.'):
			return fs.SkipDir
		case !entry.IsDir() && filepath.Ext(name) == ".go":
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 30 {
		t.Fatalf("got %d packages, want all", len(packages))
	}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		for _, complaint := range complaints(t, dir, packages[dir]) {
			t.Errorf("%s: %s", strings.TrimPrefix(dir, "../"), complaint)
		}
	}
}

var (
	firstFile = regexp.MustCompile(`(?s)\bRead\s+\w+\.go\s+first\b`)
	goFile    = regexp.MustCompile(`\b\w+\.go\b`)
)

// complaints returns the problems of a package: the place and content of its doc comment, and the
// length of its files.
func complaints(t *testing.T, dir string, files []string) (all []string) {
	t.Helper()
	isTest := func(name string) bool { return strings.HasSuffix(name, "_test.go") }
	place := "doc.go"
	if !slices.ContainsFunc(files, func(name string) bool { return !isTest(name) }) {
		place = "doc_test.go"
	}
	doc := ""
	for _, name := range files {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case name == place:
			doc = file.Doc.Text()
		case file.Doc != nil && !ast.IsGenerated(file):
			all = append(all, name+" has a package comment: write it into "+place)
		}
		if n := strings.Count(string(source), "\n"); n > maxLines {
			all = append(all, name+" is too long: split it")
		}
	}
	if !strings.HasPrefix(doc, "Package ") && !strings.HasPrefix(doc, "Command ") {
		return append(all, place+" has no package comment")
	}
	if !firstFile.MatchString(doc) {
		all = append(all, place+` does not say which file to read first: "Read file.go first"`)
	}
	named := goFile.FindAllString(doc, -1)
	for _, name := range files {
		if !isTest(name) && name != place && !slices.Contains(named, name) {
			all = append(all, place+" does not name "+name)
		}
	}
	return all
}

// complaints finds each kind of problem.
func TestComplaints(t *testing.T) {
	const good = "// Package p is good.\n//\n// Read\n// a.go first.\npackage p\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"good", map[string]string{"doc.go": good, "a.go": "package p\n", "b_test.go": "package p\n"}, ""},
		{"good, tests alone", map[string]string{"doc_test.go": good, "b_test.go": "package p\n"}, ""},
		{"without a comment", map[string]string{"a.go": "package p\n"}, "doc.go has no package comment"},
		{"the comment elsewhere", map[string]string{"doc.go": good, "a.go": "// Package p too.\npackage p\n"}, "a.go has a package comment: write it into doc.go"},
		{"in the wrong place for tests", map[string]string{"b_test.go": good}, "b_test.go has a package comment: write it into doc_test.go; doc_test.go has no package comment"},
		{"without the first file", map[string]string{"doc.go": "// Package p has a.go.\npackage p\n", "a.go": "package p\n"}, `doc.go does not say which file to read first: "Read file.go first"`},
		{"a file that is not named", map[string]string{"doc.go": good, "a.go": "package p\n", "c.go": "package p\n"}, "doc.go does not name c.go"},
		{"a long file", map[string]string{"doc.go": good, "a.go": "package p\n" + strings.Repeat("\n", maxLines)}, "a.go is too long: split it"},
		{"not too long", map[string]string{"doc.go": good, "a.go": "package p\n" + strings.Repeat("\n", maxLines-1)}, ""},
	} {
		dir := t.TempDir()
		for name, content := range tc.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(complaints(t, dir, slices.Sorted(maps.Keys(tc.files))), "; "); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}
