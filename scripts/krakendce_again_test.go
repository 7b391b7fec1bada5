package scripts

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pathWith returns an environment with another go, which runs commands instead of go mod tidy.
func pathWith(t *testing.T, commands string) (env []string) {
	t.Helper()
	return []string{"PATH=" + withTidy(t, commands) + string(os.PathListSeparator) + os.Getenv("PATH")}
}

// git checkout changes the files of KrakenD-CE, and leaves what the script or make has added for
// another version. A script that is killed while it fetches a schema leaves that file, too.
func TestKrakendCEAfterACheckoutOfAnotherVersion(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const options, schemaFile = "lambda_options.go", "cmd/krakend-ce/schema/schema.json"
	env := pathWith(t, "exit")
	dir := checkout(t, "2.13.8")
	if out, err := krakendCE(t, env, dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	edit(t, dir, schemaFile, "/schema/v2.13/", "/schema/v2.12/")
	old := tree(t, dir)[schemaFile]
	edit(t, dir, "Makefile", "@cp krakend-schema.json", "@cp "+schemaFile+" meanwhile.json; cp krakend-schema.json")
	out, err := krakendCE(t, env, dir)
	if want := "changed " + schemaFile + "\n"; err != nil || !strings.Contains(out, want) {
		t.Errorf("with the schema of 2.12: got %v and\n%s\nwant %q", err, out, want)
	}
	if got := tree(t, dir)[schemaFile]; strings.Contains(got, "/schema/v2.12/") || !strings.Contains(got, `"log_tail"`) {
		t.Error("the schema of 2.12 is still there, or the new one lacks log_tail")
	}
	if got := tree(t, dir)["meanwhile.json"]; got != old {
		t.Errorf("while make fetches the schema, the old one must stay, got %.40q", got)
	}

	older := checkout(t, "2.1.2")
	for name := range tree(t, older) {
		if err := copyFile(filepath.Join(older, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	out, err = krakendCE(t, env, dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"changed backend_factory.go " + options + " go.mod\n", options + ": removed, because this KrakenD-CE has no OpenTelemetry\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("with 2.1.2: said\n%s\nwant %q", out, want)
		}
	}
	if _, ok := tree(t, dir)[options]; ok {
		t.Errorf("%s is still there: it imports krakend-otel, which 2.1.2 lacks", options)
	}
}

// The script works with any name of a directory, and from any working directory.
func TestKrakendCEPaths(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("krakend-ce")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		dir    string // below the working directory
		argv   func(work string) []string
		cdpath string // below the working directory
	}{
		{name: "spaces", dir: "a checkout/of it", argv: func(string) []string { return []string{script, "a checkout/of it"} }},
		{name: "a dash", dir: "-ce", argv: func(string) []string { return []string{script, "-ce"} }},
		{name: "the working directory", dir: ".", argv: func(string) []string { return []string{script, "."} }},
		{
			name: "CDPATH has a directory of that name", dir: "ce", cdpath: "other",
			argv: func(string) []string { return []string{script, "ce"} },
		},
		{
			name: "CDPATH has the script's directory", dir: "ce", cdpath: ".",
			argv: func(string) []string { return []string{"bash", "scripts/krakend-ce", "ce"} },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			work := t.TempDir()
			if err := os.MkdirAll(filepath.Join(work, "other", "ce"), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"scripts/krakend-ce", "lura/v2/go.mod"} {
				if err := copyFile(filepath.Join("..", file), filepath.Join(work, file)); err != nil {
					t.Fatal(err)
				}
			}
			made := checkout(t, "2.1.2")
			for name := range tree(t, made) {
				if err := copyFile(filepath.Join(made, name), filepath.Join(work, tc.dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			argv := tc.argv(work)
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir, cmd.Env = work, append(environ(), pathWith(t, "exit")...)
			if tc.cdpath != "" {
				cmd.Env = append(cmd.Env, "CDPATH="+filepath.Join(work, tc.cdpath))
			}
			out, err := cmd.CombinedOutput()
			home := filepath.Dir(filepath.Dir(script))
			if argv[0] == "bash" {
				home = work
			}
			for _, want := range []string{
				"KrakenD-CE 2.1.2 in " + filepath.Join(work, tc.dir) + ": changed ",
				"\ngo.mod: " + root + "/lura/v2 from " + home + "\ngo.mod: ",
			} {
				if err != nil || !strings.Contains(string(out), want) {
					t.Errorf("got %v and\n%s\nwant %q", err, out, want)
				}
			}
		})
	}
}

// After a failure or a signal half way, the script restores the checkout and says so. If it cannot restore a
// file, it says where the original is.
func TestKrakendCEStopsHalfWay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, tidy, says string }{
		{"no network", "exit 1", " is as it was\n"},
		{"a closed terminal", "kill -HUP $PPID; exit 1", " is as it was\n"},
		{"Ctrl-C", "kill -INT $PPID; exit 1", " is as it was\n"},
		{"the end of the job", "kill -TERM $PPID; exit 1", " is as it was\n"},
		{"a file that cannot be restored", "rm go.mod; mkdir -p go.mod/go.mod; exit 1", "could not restore go.mod in "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, "2.1.2")
			edit(t, dir, "backend_factory.go", "// NewBackendFactory", "// Mine, not committed.\n// NewBackendFactory")
			before := tree(t, dir)
			temp := t.TempDir()
			out, err := krakendCE(t, append(pathWith(t, "echo half >>backend_factory.go; echo half >go.sum; "+tc.tidy), "TMPDIR="+temp), dir)
			if err == nil || !strings.Contains(out, tc.says) {
				t.Errorf("got %v and\n%s\nwant %q", err, out, tc.says)
			}
			kept := tree(t, temp)
			if _, where, ok := strings.Cut(out, "The original files are in "); ok {
				name, err := filepath.Rel(temp, filepath.Join(strings.TrimSpace(where), "go.mod"))
				if err != nil || kept[name] != before["go.mod"] {
					t.Errorf("the original go.mod is not there: %v, %q", err, kept[name])
				}
				delete(before, "go.mod")
			} else if len(kept) > 0 {
				t.Errorf("got %d temporary files, want none", len(kept))
			}
			if after := tree(t, dir); !maps.Equal(after, before) {
				t.Errorf("it changed %q", changes(before, after))
			}
		})
	}
}

// On KrakenD 2 the module raises the interfaces of some modules. Those of KrakenD-CE that implement these are
// raised too, else the build fails, but never lowered.
func TestKrakendCERaisesImplementations(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	modules := []string{"github.com/golang/protobuf", "go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/sdk/metric"}
	for _, tc := range []struct {
		name, version string
		has, want     []string // of modules
	}{
		{name: "older", version: "2.13.8", has: []string{"v1.4.9", "v1.24.0", "v1.9.1"}, want: []string{"v1.5.4", "v1.43.0", "v1.43.0"}},
		{name: "before a release", version: "2.13.8", has: []string{"v1.5.4-rc.1", "v1.43.0-rc.1", "v1.43.0-0.20260101000000-0123456789ab"}, want: []string{"v1.5.4", "v1.43.0", "v1.43.0"}},
		{name: "the same", version: "2.13.8", has: []string{"v1.5.4", "v1.43.0", "v1.43.0"}, want: []string{"v1.5.4", "v1.43.0", "v1.43.0"}},
		{name: "newer", version: "2.13.8", has: []string{"v1.6.0-rc.1", "v1.143.0", "v1.43.1"}, want: []string{"v1.6.0-rc.1", "v1.143.0", "v1.43.1"}},
		{name: "without OpenTelemetry", version: "2.1.2", has: []string{"v1.5.3"}, want: []string{"v1.5.4"}},
		{name: "KrakenD 1.4", version: "1.4.1", has: []string{"v1.4.3"}, want: []string{"v1.4.3"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, tc.version)
			// The first is a line, the others are in a block.
			added := "require (\n"
			for i, version := range tc.has {
				if line := modules[i] + " " + version + " // indirect\n"; i == 0 {
					added = "require " + line + "\n" + added
				} else {
					added += "\t" + line
				}
			}
			edit(t, dir, "go.mod", "require (\n", added)
			out, err := krakendCE(t, pathWith(t, "exit"), dir)
			mod := tree(t, dir)["go.mod"]
			for i, want := range tc.want {
				if err != nil || !strings.Contains(mod, modules[i]+" "+want+" // indirect\n") {
					t.Errorf("%s %s: got %v, %s and\n%s\nwant %s", modules[i], tc.has[i], err, out, mod, want)
				}
			}
		})
	}
}
