package scripts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exported returns the exported names of the package in a directory, without methods.
func exported(t *testing.T, dir string) (names []string) {
	t.Helper()
	noTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), dir, noTests, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		for _, file := range p.Files {
			for name := range file.Scope.Objects {
				if ast.IsExported(name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// docs/build.md lists all names that the packages export, and no others.
func TestExportedNamesAreListed(t *testing.T) {
	page, err := os.ReadFile("../docs/build.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "## Options\n")
	list, _, ok := strings.Cut(list, "\nWithout `WithSession` and")
	if !ok {
		t.Fatal("docs/build.md has no list of options")
	}
	var listed, all []string
	for _, m := range regexp.MustCompile("`([A-Z]\\w*)").FindAllStringSubmatch(list, -1) {
		listed = append(listed, m[1])
	}
	for _, dir := range []string{"..", "../lura", "../lura/v2"} {
		all = append(all, exported(t, dir)...)
	}
	for _, names := range []*[]string{&listed, &all} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	if !slices.Equal(listed, all) {
		t.Errorf("docs/build.md lists %v, want %v", listed, all)
	}
}
