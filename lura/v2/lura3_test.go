package lambda

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	lura2, lura3       = "github.com/luraproject/lura/v2", "github.com/luraproject/lura/v3"
	adapter2, adapter3 = "github.com/devopsfaith/krakend-lambda/lura/v2", "github.com/devopsfaith/krakend-lambda/lura/v3"
)

// sources returns the Go files in and below dir, without those in directories named testdata.
func sources(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return filepath.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		source, err := os.ReadFile(path)
		files[path] = string(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// KrakenD 3 uses Lura 3. An adapter for it needs only other import paths: this one compiles with the part
// of Lura 3 in testdata/lura3.
func TestAdapterOfLura3(t *testing.T) {
	dir := t.TempDir()
	for path, source := range sources(t, ".") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source = strings.NewReplacer(lura2, lura3, adapter2, adapter3).Replace(source)
		write(t, filepath.Join(dir, "adapter", path), source)
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "adapter", file), string(content))
	}
	if err := os.CopyFS(filepath.Join(dir, "lura3"), os.DirFS("testdata/lura3")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "lura3", "go.mod"), "module "+lura3+"\n\ngo 1.25.0\n")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{
			"mod", "edit", "-module", adapter3, "-droprequire", lura2, "-require", lura3 + "@v3.0.0", "-replace", lura3 + "=../lura3",
			"-replace", "github.com/devopsfaith/krakend-lambda=" + root, "-replace", "github.com/devopsfaith/krakend-lambda/lambdatest=" + filepath.Join(root, "lambdatest"),
		},
		{"build", "-mod=mod", "./..."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = filepath.Join(dir, "adapter")
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The namespaces of Lura's own components are package paths in Lura 2, and short names in Lura 3. Code
// and tests use Lura's constants, so that they work with both.
func TestNoNamespaceOfLura2(t *testing.T) {
	files := sources(t, ".")
	maps.Copy(files, sources(t, "../../internal/adaptertest"))
	if len(files) < 20 {
		t.Fatalf("got %d files", len(files))
	}
	for path, source := range files {
		for _, namespace := range []string{"devopsfaith/krakend" + "/", "github_com" + "/"} {
			if strings.Contains(source, namespace) {
				t.Errorf("%s has a namespace of Lura 2 with %s: use the constant of Lura's package", path, namespace)
			}
		}
	}
}
