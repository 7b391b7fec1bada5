package docstest

import (
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A source is a Go file.
type source struct {
	name string
	text string // the result of flattened
	// untested is why no test runs it. It is empty if one does.
	untested string
}

// CheckGo returns an error for each block of Go that is not in a file that tests run: an
// example_test.go, or one of mains, which are paths relative to root.
func CheckGo(root string, sections []*Section, mains ...string) (errs []error) {
	sources, err := goSources(root, mains)
	if err != nil {
		return []error{err}
	}
	for _, s := range sections {
		for _, b := range s.code {
			if err := checkGo(b, sources); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

func checkGo(b Block, sources []source) error {
	reason := ""
	for _, s := range sources {
		if !s.has(b) {
			continue
		}
		if s.untested == "" {
			return nil
		}
		reason = fmt.Sprintf(": it is in %s, but %s", s.name, s.untested)
	}
	return b.errorf("no file that tests run has this Go code%s", reason)
}

// has tells whether the file contains all paragraphs of the block.
func (s source) has(b Block) bool {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(flattened(b.Text)), "\n\n") {
		if paragraph == "" || !strings.Contains(s.text, "\n"+paragraph+"\n") {
			return false
		}
	}
	return true
}

// flattened returns Go code without indentation, and with runs of empty lines reduced to one.
func flattened(code string) string {
	var b strings.Builder
	empty := true
	for line := range strings.Lines(code) {
		line = strings.TrimSpace(line)
		if line != "" || !empty {
			b.WriteString("\n" + line)
		}
		empty = line == ""
	}
	return b.String() + "\n"
}

func goSources(root string, mains []string) (all []source, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."), entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.Name() != "example_test.go":
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s, err := newSource(root, name)
		if err == nil {
			s.untested, err = withoutOutput(path)
		}
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range mains {
		s, err := newSource(root, name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func newSource(root, name string) (source, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	return source{name: filepath.ToSlash(name), text: flattened(string(text))}, err
}

// withoutOutput returns why go test does not run all examples of a file: it only compiles those
// without an output comment.
func withoutOutput(path string) (reason string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return "", err
	}
	examples := doc.Examples(file)
	if len(examples) == 0 {
		return "it has no example", nil
	}
	for _, e := range examples {
		if e.Output == "" && !e.EmptyOutput {
			return "Example" + e.Name + " has no output to compare", nil
		}
	}
	return "", nil
}
