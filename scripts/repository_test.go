package scripts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// scratch is the directory for repositories.
var scratch string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "krakend-lambda-scripts-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return m.Run()
}

// A repository is a clone of one commit with the files of the working copy, in which the version that
// the adapters require has a date.
type repository struct {
	dir     string
	version string // without the v
}

// newRepository returns a repository with all files.
func newRepository(t *testing.T) repository {
	t.Helper()
	return clone(t, all)
}

// newSmallRepository returns a repository with the few files for tests that build nothing.
func newSmallRepository(t *testing.T) repository {
	t.Helper()
	return clone(t, few)
}

func clone(t *testing.T, snapshot func() (repository, error)) repository {
	t.Helper()
	origin, err := snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r := repository{filepath.Join(t.TempDir(), "clone"), origin.version}
	if out, err := git(".", "clone", "-q", origin.dir, r.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r
}

var (
	all = sync.OnceValues(func() (repository, error) { return snapshot("all") })
	few = sync.OnceValues(func() (repository, error) {
		return snapshot("few", "scripts", "CHANGELOG.md", "go.mod", "lura/go.mod", "lura/v2/go.mod")
	})
)

// snapshot makes a repository with the files of the working copy below the paths, or with all files if
// there are no paths.
func snapshot(name string, paths ...string) (repository, error) {
	r := repository{dir: filepath.Join(scratch, name)}
	files, err := git("..", append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, paths...)...)
	if err != nil {
		return r, fmt.Errorf("%w\n%s", err, files)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		if err := copyFile(filepath.Join("..", name), filepath.Join(r.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
	}

	mod, err := os.ReadFile("../lura/go.mod")
	if err != nil {
		return r, err
	}
	required := regexp.MustCompile(`(?m)^\s*github\.com/devopsfaith/krakend-lambda v(\S+)$`).FindSubmatch(mod)
	if required == nil {
		return r, errors.New("lura/go.mod does not require the root")
	}
	r.version = string(required[1])
	if err := r.date("2026-01-31"); err != nil {
		return r, err
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "snapshot"}} {
		if out, err := git(r.dir, args...); err != nil {
			return r, fmt.Errorf("%w\n%s", err, out)
		}
	}
	return r, nil
}

// date dates the version in CHANGELOG.md.
func (r repository) date(date string) error {
	name := filepath.Join(r.dir, "CHANGELOG.md")
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	heading := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(r.version) + ` / .*$`)
	if !heading.Match(content) {
		return fmt.Errorf("CHANGELOG.md has no %s, which lura/go.mod requires", r.version)
	}
	return os.WriteFile(name, heading.ReplaceAll(content, []byte("## "+r.version+" / "+date)), 0o644)
}

// script runs a script of the repository, from another directory.
func (r repository) script(t *testing.T, env []string, name string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.Command(filepath.Join(r.dir, "scripts", name), args...)
	cmd.Dir, cmd.Env = t.TempDir(), append(environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// git runs git in the repository, and returns its output without the last newline.
func (r repository) git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := git(r.dir, args...)
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

// commit commits everything.
func (r repository) commit(t *testing.T) {
	t.Helper()
	r.git(t, "add", "-A")
	r.git(t, "commit", "-q", "--allow-empty", "-m", "more")
}

// tags returns the repository's tags, each with its commit.
func (r repository) tags(t *testing.T) map[string]string {
	t.Helper()
	tags := map[string]string{}
	for tag := range strings.FieldsSeq(r.git(t, "tag")) {
		tags[tag] = r.git(t, "rev-parse", tag+"^{commit}")
	}
	return tags
}

// wanted returns the tags of the version, at HEAD.
func (r repository) wanted(t *testing.T) map[string]string {
	t.Helper()
	_, minor, _ := strings.Cut(r.version, ".")
	head := r.git(t, "rev-parse", "HEAD")
	return map[string]string{
		"v" + r.version:            head,
		"lambdatest/v" + r.version: head,
		"lura/v" + r.version:       head,
		"lura/v2." + minor:         head,
	}
}

func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, environ()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// environ returns the environment of the tests, without git's variables.
func environ() []string {
	env := []string{
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull,
		"GIT_AUTHOR_NAME=nobody", "GIT_AUTHOR_EMAIL=nobody@example.com",
		"GIT_COMMITTER_NAME=nobody", "GIT_COMMITTER_EMAIL=nobody@example.com",
	}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GIT_") {
			env = append(env, kv)
		}
	}
	return env
}

// copyFile copies a file with its mode, and makes its directories.
func copyFile(source, dest string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return err
	}
	return writeProgram(dest, content, info.Mode().Perm())
}

// write writes a file of the repository.
func (r repository) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace replaces something in a file of the repository.
func (r repository) replace(t *testing.T, name, old, with string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	r.write(t, name, strings.ReplaceAll(string(content), old, with))
}

// writeProgram writes an executable file. No process may start meanwhile: it would inherit the open
// file, and the file would be "busy" (go.dev/issue/22315).
func writeProgram(name string, content []byte, mode fs.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(name, content, mode)
}
