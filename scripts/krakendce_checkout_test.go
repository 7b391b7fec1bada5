package scripts

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkout makes a stand-in for a checkout of KrakenD-CE, from testdata/krakend-ce: what the script
// reads and writes of a real one, in little.
func checkout(t *testing.T, version string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "krakend-ce")
	from := filepath.Join("testdata", "krakend-ce", version)
	for name := range tree(t, from) {
		// A go.mod would make a module of the directory that it is in.
		if err := copyFile(filepath.Join(from, name), filepath.Join(dir, strings.TrimSuffix(name, ".txt"))); err != nil {
			t.Fatal(err)
		}
	}
	extra := map[string]string{"../lura/go.sum": "go.sum"}
	if version != "1.4.1" {
		extra = map[string]string{"../lura/v2/go.sum": "go.sum", "../schema/testdata/bundle.json": "krakend-schema.json"}
	}
	for source, name := range extra {
		if err := copyFile(source, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// edit replaces something in a file of a checkout.
func edit(t *testing.T, dir, name, old, with string) {
	t.Helper()
	(repository{dir: dir}).replace(t, name, old, with)
}

// krakendCE runs the script.
func krakendCE(t *testing.T, env []string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.Command("./krakend-ce", args...)
	cmd.Env = append(environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// tree returns the files below dir, by their paths.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	if err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// changes returns the files that differ, sorted.
func changes(before, after map[string]string) (names []string) {
	for name := range after {
		if content, ok := before[name]; !ok || content != after[name] {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func needsJQ(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("the schema needs jq, which this machine has not")
	}
}

// withoutTidy returns a directory with a go that tidies nothing.
func withoutTidy(t *testing.T) (dir string) {
	t.Helper()
	return withTidy(t, "exit")
}

// withTidy returns a directory with a go that does commands of a shell in place of go mod tidy.
func withTidy(t *testing.T, commands string) (dir string) {
	t.Helper()
	golang, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	script := "#!/bin/sh\n[ \"$1 $2\" = \"mod tidy\" ] || exec " + golang + " \"$@\"\n" + commands + "\n"
	if err := writeProgram(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// remove removes a file of a checkout.
func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
