package scripts

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A forge stands in for GitHub: a repository to push to, and a gh with at most one release.
type forge struct{ dir string }

// This gh stores in the file release whether the release is a draft, and its notes and archives in other
// files. Like the real gh, it makes no release for a tag that is missing at the origin.
const gh = `#!/bin/sh
set -e
echo "$2" >>"$FORGE/calls"
tag=$3
case "$1 $2" in
"release view")
	[ "$4 $5 $6 $7" = "--json isDraft --jq .isDraft" ]
	cat "$FORGE/release" || { echo "release not found" >&2; exit 1; }
	;;
"release delete")
	[ "$4" = --yes ]
	rm "$FORGE/release"
	;;
"release create")
	[ "$4 $5 $6 $7" = "--verify-tag --title $tag --notes" ]
	[ ! -e "$FORGE/broken" ]
	[ ! -e "$FORGE/release" ]
	git --git-dir "$FORGE/origin" rev-parse -q --verify "refs/tags/$tag" >/dev/null
	printf '%s' "$8" >"$FORGE/notes"
	shift 8
	mkdir "$FORGE/files"
	cp "$@" "$FORGE/files"
	echo false >"$FORGE/release"
	;;
*) exit 2 ;;
esac
`

func newForge(t *testing.T, r repository) forge {
	t.Helper()
	f := forge{t.TempDir()}
	if out, err := git(".", "clone", "-q", "--bare", r.dir, filepath.Join(f.dir, "origin")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.git(t, "remote", "set-url", "origin", filepath.Join(f.dir, "origin"))
	if err := writeProgram(filepath.Join(f.dir, "gh"), []byte(gh), 0o755); err != nil {
		t.Fatal(err)
	}
	return f
}

// set writes a file of the forge.
func (f forge) set(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// get returns a file of the forge, or an empty string if it is missing.
func (f forge) get(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

func (f forge) tags(t *testing.T) map[string]string {
	t.Helper()
	return repository{dir: filepath.Join(f.dir, "origin")}.tags(t)
}

func (f forge) publish(t *testing.T, r repository, dist string) (output string, err error) {
	t.Helper()
	return r.script(t, []string{"PATH=" + f.dir + string(os.PathListSeparator) + os.Getenv("PATH"), "FORGE=" + f.dir},
		"publish", r.version, dist)
}

// newDist makes a directory with stand-ins for archives, which is enough for publish.
func newDist(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	var sums strings.Builder
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(name)), name)
	}
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPublish(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		// before sets up the state that an earlier run or a person has left.
		before func(*testing.T, repository, forge, string)
		calls  string // the calls of gh release in this run
	}{
		{name: "first", calls: "view create"},
		{
			name: "the tags exist, but are not pushed",
			before: func(t *testing.T, r repository, _ forge, _ string) {
				if out, err := r.script(t, nil, "release", r.version); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			},
			calls: "view create",
		},
		{
			name: "the tags are pushed, but there is no release",
			before: func(t *testing.T, r repository, f forge, dist string) {
				f.set(t, "broken", "")
				if out, err := f.publish(t, r, dist); err == nil {
					t.Fatalf("got no error, and\n%s", out)
				}
				if got, want := f.tags(t), r.wanted(t); !maps.Equal(got, want) {
					t.Fatalf("got the tags %v, want %v", got, want)
				}
				os.Remove(filepath.Join(f.dir, "broken"))
			},
			calls: "view create",
		},
		{
			name:   "there is a draft",
			before: func(t *testing.T, _ repository, f forge, _ string) { f.set(t, "release", "true\n") },
			calls:  "view delete create",
		},
		{
			name: "it is published",
			before: func(t *testing.T, r repository, f forge, dist string) {
				if out, err := f.publish(t, r, dist); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			},
			calls: "view",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newSmallRepository(t)
			f, archives := newForge(t, r), []string{r.archive("krakend") + ".tar.gz", r.archive("krakend2") + ".tar.gz"}
			dist := newDist(t, archives...)
			if err := os.WriteFile(filepath.Join(dist, "not-listed"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if tc.before != nil {
				tc.before(t, r, f, dist)
			}
			f.set(t, "calls", "")
			if out, err := f.publish(t, r, dist); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}

			if got := strings.Join(strings.Fields(f.get(t, "calls")), " "); got != tc.calls {
				t.Errorf("got the calls %q, want %q", got, tc.calls)
			}
			if got, want := f.tags(t), r.wanted(t); !maps.Equal(got, want) {
				t.Errorf("got the tags %v, want %v", got, want)
			}
			if got := f.get(t, "release"); got != "false\n" {
				t.Errorf("the release is a draft: %q", got)
			}
			notes, err := r.script(t, nil, "changelog", r.version)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.get(t, "notes") + "\n"; got != notes {
				t.Errorf("got the notes\n%s\nwant\n%s", got, notes)
			}
			want := append([]string{"SHA256SUMS"}, archives...)
			if got := list(t, filepath.Join(f.dir, "files")); !slices.Equal(got, want) {
				t.Errorf("got the files %q, want %q", got, want)
			}
		})
	}
}

// publish finds mistakes before it pushes anything.
func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, r repository, f forge, dist string)
		says    string
	}{
		{
			"no notes",
			func(t *testing.T, r repository, _ forge, _ string) {
				if err := r.date("unreleased"); err != nil {
					t.Fatal(err)
				}
				r.commit(t)
			},
			"unreleased",
		},
		{
			"an archive that has changed",
			func(t *testing.T, r repository, _ forge, dist string) {
				repository{dir: dist}.write(t, r.archive("krakend2")+".tar.gz", "something else")
			},
			"not what SHA256SUMS says",
		},
		{
			"an archive that is missing",
			func(_ *testing.T, r repository, _ forge, dist string) {
				os.Remove(filepath.Join(dist, r.archive("krakend2")+".tar.gz"))
			},
			"not what SHA256SUMS says",
		},
		{
			"no sums",
			func(_ *testing.T, _ repository, _ forge, dist string) { os.Remove(filepath.Join(dist, "SHA256SUMS")) },
			"not what SHA256SUMS says",
		},
		{
			"archives of another version",
			func(t *testing.T, r repository, _ forge, dist string) {
				other := newDist(t, strings.ReplaceAll(r.archive("krakend2"), r.version, "1.0.0"))
				if err := os.RemoveAll(dist); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(other, dist); err != nil {
					t.Fatal(err)
				}
			},
			"is not of v",
		},
		{
			"a change that is not committed",
			func(t *testing.T, r repository, _ forge, _ string) { r.write(t, "new.go", "package lambda\n") },
			"not committed",
		},
		{
			"a tag of another commit at the origin",
			func(t *testing.T, r repository, f forge, _ string) {
				origin := repository{dir: filepath.Join(f.dir, "origin")}
				other := origin.git(t, "commit-tree", "-m", "other", "HEAD^{tree}")
				origin.git(t, "update-ref", "refs/tags/lura/v"+r.version, other)
			},
			"rejected",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newSmallRepository(t)
			f, dist := newForge(t, r), newDist(t, r.archive("krakend2")+".tar.gz")
			tc.prepare(t, r, f, dist)
			before := f.tags(t)
			out, err := f.publish(t, r, dist)
			if err == nil || !strings.Contains(out, tc.says) {
				t.Errorf("got %v and\n%s\nwant %q", err, out, tc.says)
			}
			if got := f.tags(t); !maps.Equal(got, before) {
				t.Errorf("got the tags %v, had %v", got, before)
			}
			if got := f.get(t, "calls"); got != "" {
				t.Errorf("got the calls %q", got)
			}
		})
	}
}
