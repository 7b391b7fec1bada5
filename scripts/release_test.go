package scripts

import (
	"maps"
	"strings"
	"testing"
)

func TestRelease(t *testing.T) {
	t.Parallel()
	r := newSmallRepository(t)
	out, err := r.script(t, nil, "release", r.version)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := r.wanted(t)
	if got := r.tags(t); !maps.Equal(got, want) {
		t.Errorf("got the tags %v, want %v", got, want)
	}
	for tag := range want {
		if got := r.git(t, "cat-file", "-t", tag); got != "tag" {
			t.Errorf("%s is a %s, want an annotated tag", tag, got)
		}
		if !strings.Contains(out, tag) {
			t.Errorf("does not say how to push %s:\n%s", tag, out)
		}
	}
	// The script pushes nothing: the origin has no tags.
	if got, err := git(r.git(t, "remote", "get-url", "origin"), "tag"); err != nil || got != "" {
		t.Errorf("pushed %q (%v)", got, err)
	}
}

// The second time, the script keeps the tags, and makes missing ones.
func TestReleaseAgain(t *testing.T) {
	t.Parallel()
	r := newSmallRepository(t)
	if out, err := r.script(t, nil, "release", r.version); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	objects := func() string { return r.git(t, "show-ref", "--tags") }
	first := objects()
	if out, err := r.script(t, nil, "release", r.version); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := objects(); got != first {
		t.Errorf("got the tags\n%s\nhad\n%s", got, first)
	}
	r.git(t, "tag", "-d", "lura/v"+r.version)
	if out, err := r.script(t, nil, "release", r.version); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := r.tags(t), r.wanted(t); !maps.Equal(got, want) {
		t.Errorf("got the tags %v, want %v", got, want)
	}
}

// If the script refuses a version, it makes no tags.
func TestReleaseRefuses(t *testing.T) {
	t.Parallel()
	tagged := func(tag func(repository) string) func(*testing.T, repository) {
		return func(t *testing.T, r repository) {
			r.git(t, "tag", "-a", tag(r), "-m", "before")
			r.commit(t)
		}
	}
	for _, tc := range []struct {
		name    string
		version string // if empty, the next version
		prepare func(*testing.T, repository)
		says    string
	}{
		{name: "no version", version: " ", says: "must be 1.MINOR.PATCH"},
		{name: "another major version", version: "2.5.0", says: "must be 1.MINOR.PATCH"},
		{name: "two numbers", version: "1.5", says: "must be 1.MINOR.PATCH"},
		{name: "a tag", version: "v1.5.0", says: "must be 1.MINOR.PATCH"},
		{name: "a version that the adapters do not require", version: "1.99.0", says: "lura/go.mod does not require the root at v1.99.0"},
		{
			name: "an adapter that requires another version",
			prepare: func(t *testing.T, r repository) {
				r.replace(t, "lura/v2/go.mod", "krakend-lambda v"+r.version, "krakend-lambda v1.4.0")
				r.commit(t)
			},
			says: "lura/v2/go.mod does not require the root",
		},
		{
			name: "a root that requires another version of lambdatest",
			prepare: func(t *testing.T, r repository) {
				r.replace(t, "go.mod", "lambdatest v"+r.version, "lambdatest v1.4.0")
				r.commit(t)
			},
			says: "go.mod does not require lambdatest",
		},
		{
			name:    "a file that is not committed",
			prepare: func(t *testing.T, r repository) { r.write(t, "new.go", "package lambda\n") },
			says:    "not committed",
		},
		{
			name:    "a change that is not committed",
			prepare: func(t *testing.T, r repository) { r.replace(t, "go.mod", "go 1.", "go  1.") },
			says:    "not committed",
		},
		{
			name: "no date in the changelog",
			prepare: func(t *testing.T, r repository) {
				if err := r.date("unreleased"); err != nil {
					t.Fatal(err)
				}
				r.commit(t)
			},
			says: "unreleased",
		},
		{
			name:    "the root's tag at another commit",
			prepare: tagged(func(r repository) string { return "v" + r.version }),
			says:    "is at another commit",
		},
		{
			name:    "an adapter's tag at another commit",
			prepare: tagged(func(r repository) string { return strings.Replace("lura/v"+r.version, "v1.", "v2.", 1) }),
			says:    "is at another commit",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newSmallRepository(t)
			if tc.prepare != nil {
				tc.prepare(t, r)
			}
			before := r.tags(t)
			version := strings.TrimSpace(tc.version)
			if tc.version == "" {
				version = r.version
			}
			out, err := r.script(t, nil, "release", version)
			if err == nil || !strings.Contains(out, tc.says) {
				t.Errorf("got %v and\n%s\nwant %q", err, out, tc.says)
			}
			if got := r.tags(t); !maps.Equal(got, before) {
				t.Errorf("got the tags %v, had %v", got, before)
			}
		})
	}
}
