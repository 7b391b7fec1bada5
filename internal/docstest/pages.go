package docstest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// Sections reads the pages of the repository at root: every Markdown file there and in
// docs.
func Sections(root string) ([]*Section, error) {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if !slices.Contains(files, filepath.Join(root, "README.md")) {
		return nil, errors.New("there is no README.md in " + root)
	}
	var all []*Section
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return nil, err
		}
		sections, err := Parse(filepath.ToSlash(name), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, sections...)
	}
	return all, nil
}

// Parse reads the sections of a page and gives each block its meaning.
func Parse(page, text string) ([]*Section, error) {
	sections, err := parse(page, text)
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		s.read()
	}
	attachPolicies(sections)
	return sections, nil
}
