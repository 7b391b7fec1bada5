package docstest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCheckLinks(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"README.md": "# Top\n[a](docs/a.md) [b](docs/a.md#what-awss-errors-mean) [c](#top) [d](LICENSE), [e](https://example.com/none)\n" +
			"[f](docs/b.md)\n![g](docs/a.svg)\n[h](docs/a.md#none) [i](#bottom) [j](docs/a.md#again-1) `[k](none)`\n",
		"docs/a.md": "# What AWS's errors mean\n## `again`\n## Again\n[up](../README.md#top) [beside](b.md)\n",
		"LICENSE":   "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sections, err := Sections(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, err := range CheckLinks(root, sections) {
		got = append(got, err.Error())
	}
	slices.Sort(got)
	want := []string{
		"README.md:3: the link docs/b.md points to a missing file",
		"README.md:4: the link docs/a.svg points to a missing file",
		"README.md:5: the link #bottom points to a missing heading",
		"README.md:5: the link docs/a.md#none points to a missing heading",
		"docs/a.md:4: the link b.md points to a missing file",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
