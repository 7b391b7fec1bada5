package scripts

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// For each generation of KrakenD-CE, this checks what the script changes, and that KrakenD-CE's own make
// build makes a gateway that invokes a function.
func TestKrakendCE(t *testing.T) {
	t.Parallel()
	const schemaFile = "cmd/krakend-ce/schema/schema.json"
	for _, tc := range []struct {
		version string
		files   []string // changed files
		says    []string
		lines   map[string]string // one line of each file
		runs    []string          // what the gateway prints
	}{
		{
			version: "1.4.1",
			files:   []string{"backend_factory.go", "go.mod", "go.sum"},
			says:    []string{"KrakenD-CE 1.4.1 in ", root + "/lura in place of " + root + "\n", "go.mod: go 1.12 -> 1.25\n"},
			lines:   map[string]string{"backend_factory.go": "\tbackendFactory = lambda.BackendFactory(backendFactory, lambda.WithLogger(logger))\n"},
			runs:    []string{"1.4.1 map[message:Hello, Ada!]"},
		},
		{
			version: "2.1.2",
			files:   []string{"backend_factory.go", "go.mod", "go.sum"},
			says:    []string{"KrakenD-CE 2.1.2 in ", "in place of github.com/krakendio/krakend-lambda/v2\n", "go.mod: github.com/golang/protobuf v1.5.2 -> v1.5.4\n", "go.mod: github.com/luraproject/lura/v2 v2.2.1 -> v2.14.1\n"},
			lines:   map[string]string{"backend_factory.go": "\tbackendFactory = lambda.BackendFactory(logger, backendFactory)\n"},
			runs:    []string{"2.1.2 map[message:Hello, Ada!]"},
		},
		{
			version: "2.13.8",
			files:   []string{"backend_factory.go", schemaFile, "go.mod", "go.sum", "lambda_options.go"},
			says:    []string{"KrakenD-CE 2.13.8 in ", "in place of github.com/krakend/krakend-lambda/v2\n", "lambda_options.go: ", schemaFile + ": "},
			lines: map[string]string{
				"backend_factory.go": "\tbackendFactory = lambda.BackendFactory(logger, backendFactory, lambdaOptions()...)\n",
				schemaFile:           `    "https://www.krakend.io/schema/v2.13/backend/lambda.json": {` + "\n",
			},
			runs: []string{"2.13.8 map[message:Hello, Ada!]", "lint knows log_tail: true", "metrics of " + root + "/lura/v2"},
		},
	} {
		t.Run(tc.version, func(t *testing.T) {
			t.Parallel()
			if tc.version == "2.13.8" {
				needsJQ(t)
			}
			dir := checkout(t, tc.version)
			before := tree(t, dir)
			out, err := krakendCE(t, nil, dir)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			after := tree(t, dir)
			if got := changes(before, after); !slices.Equal(got, tc.files) {
				t.Errorf("changed %q, want %q", got, tc.files)
			}
			for _, want := range append(tc.says, "changed "+strings.Join(inOrder(tc.files), " ")+"\n", "Now run make build in "+dir+"\n") {
				if !strings.Contains(out, want) {
					t.Errorf("got the output\n%s\nwant %q", out, want)
				}
			}
			for name, want := range tc.lines {
				if !strings.Contains(after[name], want) {
					t.Errorf("%s: got\n%s\nwant the line %q", name, after[name], want)
				}
			}

			out, err = krakendCE(t, nil, dir)
			if err != nil || !strings.HasSuffix(out, ": nothing to change\n") {
				t.Errorf("the second run: got %v and\n%s", err, out)
			}
			if got := changes(after, tree(t, dir)); got != nil {
				t.Errorf("the second run changed %q", got)
			}

			got := buildAndRun(t, dir)
			for _, want := range tc.runs {
				if !strings.Contains(got, want+"\n") {
					t.Errorf("the gateway printed\n%s\nwant the line %q", got, want)
				}
			}
		})
	}
}

// inOrder returns the files in the order in which the script names them.
func inOrder(files []string) []string {
	files = slices.Clone(files)
	all := []string{"backend_factory.go", "lambda_options.go", "go.mod", "go.sum", "cmd/krakend-ce/schema/schema.json"}
	slices.SortFunc(files, func(a, b string) int { return slices.Index(all, a) - slices.Index(all, b) })
	return files
}

// buildAndRun builds the gateway with the checkout's own Makefile, runs it, and returns its output. The
// gateway makes one call of a function.
func buildAndRun(t *testing.T, dir string) string {
	t.Helper()
	functions := lambdatest.NewServer(map[string]any{
		"hello": func(event struct{ Name string }) (map[string]string, error) {
			return map[string]string{"message": "Hello, " + event.Name + "!"}, nil
		},
	})
	t.Cleanup(functions.Close)
	build := exec.Command("make", "build")
	build.Dir, build.Env = dir, append(environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	gateway := exec.Command(filepath.Join(dir, "krakend"))
	gateway.Env = []string{
		"AWS_ENDPOINT_URL_LAMBDA=" + functions.URL, "AWS_REGION=us-west-2", "HOME=" + t.TempDir(),
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=not-a-secret",
	}
	out, err := gateway.CombinedOutput()
	if err != nil {
		t.Errorf("the gateway: %v\n%s", err, out)
	}
	return string(out)
}

// A version in the arguments replaces this checkout in go.mod, and the other way round.
func TestKrakendCEOfAVersion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ version, module, want string }{
		{"1.4.1", root + "/lura", "v1.5.0"},
		{"2.1.2", root + "/lura/v2", "v2.5.0"},
	} {
		dir := checkout(t, tc.version)
		// go mod tidy would download the version, which is not published.
		env := []string{"PATH=" + withoutTidy(t) + string(os.PathListSeparator) + os.Getenv("PATH")}
		here := "replace " + root + " => "
		requires := tc.module + " " + tc.want + "\n"
		for _, step := range []struct {
			args          []string
			with, without string
		}{
			{[]string{dir}, here, requires},
			{[]string{dir, "1.5.0"}, requires, here},
			{[]string{dir}, here, "no such line"},
		} {
			if out, err := krakendCE(t, env, step.args...); err != nil {
				t.Fatalf("%q: %v\n%s", step.args, err, out)
			}
			mod := tree(t, dir)["go.mod"]
			if !strings.Contains(mod, step.with) || strings.Contains(mod, step.without) {
				t.Errorf("%q: got\n%s\nwant %q, and not %q", step.args, mod, step.with, step.without)
			}
		}
	}
}

// If the script refuses a checkout or fails, it leaves the checkout unchanged.
func TestKrakendCERefuses(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const schemaFile = "cmd/krakend-ce/schema/schema.json"
	for _, tc := range []struct {
		name    string
		version string
		args    []string // "" stands for DIR
		env     []string
		change  func(t *testing.T, dir string)
		says    string
	}{
		{name: "no directory", args: []string{}, says: "usage: scripts/krakend-ce DIR [VERSION]"},
		{name: "too much", args: []string{"", "1.5.0", "2"}, says: "usage: scripts/krakend-ce DIR [VERSION]"},
		{name: "a directory that is missing", args: []string{"/nonexistent"}, says: "/nonexistent is not a directory"},
		{name: "the version of a tag", args: []string{"", "v1.5.0"}, says: "the version must be 1.MINOR.PATCH, is 'v1.5.0'"},
		{name: "an empty version", args: []string{"", ""}, says: "the version must be 1.MINOR.PATCH, is ''"},
		{name: "the version of lura/v2", args: []string{"", "2.5.0"}, says: "the version must be 1.MINOR.PATCH, is '2.5.0'"},
		{
			name:   "another directory",
			change: func(t *testing.T, dir string) { remove(t, dir, "backend_factory.go") },
			says:   "is not a checkout of KrakenD-CE: it has no backend_factory.go",
		},
		{
			name:   "another module",
			change: func(t *testing.T, dir string) { edit(t, dir, "go.mod", "krakend-ce/v2", "krakend-ce/v3") },
			says:   "is not a checkout of KrakenD-CE 1.4 or 2.x: its go.mod says module github.com/krakend/krakend-ce/v3",
		},
		{
			name:    "KrakenD-CE 1.3",
			version: "1.4.1",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "go.mod", "luraproject/lura v1.4.1", "devopsfaith/krakend v1.3.0")
			},
			says: "of KrakenD-CE 1.x this script knows 1.4 only",
		},
		{
			name: "modules in vendor",
			change: func(t *testing.T, dir string) {
				if err := os.Mkdir(filepath.Join(dir, "vendor"), 0o755); err != nil {
					t.Fatal(err)
				}
			},
			says: "/vendor must not be there",
		},
		{
			name: "a fork of the module",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "backend_factory.go", "krakend/krakend-lambda/v2", "example/krakend-lambda/v2")
			},
			says: "the import lambda must be that of KrakenD-CE, is 'github.com/example/krakend-lambda/v2'",
		},
		{
			name: "no import",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "backend_factory.go", "lambda \"", "aws \"")
			},
			says: "the import lambda must be that of KrakenD-CE, is ''",
		},
		{
			name: "another call",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "backend_factory.go", "(logger, backendFactory)", "(logger, backendFactory, timeout)")
			},
			says: "the arguments of lambda.BackendFactory must be (logger, backendFactory), are (logger, backendFactory, timeout)",
		},
		{
			name: "a foreign lambda_options.go",
			change: func(t *testing.T, dir string) {
				(repository{dir: dir}).write(t, "lambda_options.go", "package krakend\n")
			},
			says: "/lambda_options.go is not a file of this script. Rename it",
		},
		{
			name: "a schema that cannot be fetched",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "Makefile", "@cp krakend-schema.json $@", "@: > $@; false")
			},
			says: "could not fetch KrakenD's schema. Put the one of your version at ",
		},
		{
			name: "an empty schema from a failed fetch",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "Makefile", "@cp krakend-schema.json $@", "@: > $@")
				(repository{dir: dir}).write(t, schemaFile, "")
			},
			says: "could not fetch KrakenD's schema. Put the one of your version at ",
		},
		{
			name: "an HTML page instead of the schema",
			change: func(t *testing.T, dir string) {
				edit(t, dir, "Makefile", "@cp krakend-schema.json $@", "@echo '<html>' > $@")
			},
			says: "could not put the keys of Lambda backends into ",
		},
		{
			name:   "a module that cannot be downloaded",
			env:    []string{"GOPROXY=off"},
			change: func(t *testing.T, dir string) { edit(t, dir, "go.mod", "lura/v2 v2.14.1", "lura/v2 v2.999.0") },
			says:   "go mod tidy failed",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			version := tc.version
			if version == "" {
				version = "2.13.8"
			}
			dir := checkout(t, version)
			if tc.change != nil {
				tc.change(t, dir)
			}
			args := slices.Clone(tc.args)
			if args == nil {
				args = []string{dir}
			} else if len(args) > 0 && args[0] == "" {
				args[0] = dir
			}
			before := tree(t, dir)
			out, err := krakendCE(t, tc.env, args...)
			if err == nil || !strings.Contains(out, "krakend-ce: ") || !strings.Contains(out, tc.says) {
				t.Errorf("got %v and\n%s\nwant %q", err, out, tc.says)
			}
			if after := tree(t, dir); !maps.Equal(after, before) {
				t.Errorf("it changed %q", changes(before, after))
			}
		})
	}
}

// Without jq, the script says that jq is missing.
func TestKrakendCEWithoutJQ(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	for _, program := range []string{"bash", "dirname", "grep", "sed"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	dir := checkout(t, "2.13.8")
	before := tree(t, dir)
	out, err := krakendCE(t, []string{"PATH=" + bin}, dir)
	if want := "krakend-ce: jq is not installed. It puts the keys of Lambda backends into KrakenD's schema\n"; err == nil || out != want {
		t.Errorf("got %v and %q, want %q", err, out, want)
	}
	if after := tree(t, dir); !maps.Equal(after, before) {
		t.Errorf("it changed %q", changes(before, after))
	}
}

// docs/krakend-ce.md shows the output of the script.
func TestKrakendCEIsDocumented(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	page, err := os.ReadFile("../docs/krakend-ce.md")
	if err != nil {
		t.Fatal(err)
	}
	var written, said string
	for _, version := range []string{"1.4.1", "2.13.8"} {
		dir := checkout(t, version)
		out, err := krakendCE(t, []string{"PATH=" + withoutTidy(t) + string(os.PathListSeparator) + os.Getenv("PATH")}, dir)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		files := tree(t, dir)
		written += files["backend_factory.go"] + files["lambda_options.go"]
		here, err := filepath.Abs("..")
		if err != nil {
			t.Fatal(err)
		}
		said = strings.NewReplacer(dir, "krakend-ce", here, "krakend-lambda").Replace(out)
	}
	// Without go mod tidy, go.sum does not change.
	said = strings.Replace(said, "go.mod cmd/", "go.mod go.sum cmd/", 1)
	if !strings.Contains(string(page), "```text\n"+said+"```") {
		t.Errorf("the page does not have the script's output:\n%s", said)
	}
	for line := range strings.Lines(string(page)) {
		if added, ok := strings.CutPrefix(line, "+"); ok && !strings.Contains(written, added) {
			t.Errorf("the page has %q, which the script does not write", line)
		}
	}
}

// The tests have a stand-in for the version that Dockerfile.ce builds, and the files in Dockerfile.ce
// exist.
func TestDockerfileCE(t *testing.T) {
	content, err := os.ReadFile("../Dockerfile.ce")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nARG KRAKEND_VERSION=2.13.8\n", "/krakend-lambda/scripts/krakend-ce /app", "make build"} {
		if !bytes.Contains(content, []byte(want)) {
			t.Errorf("Dockerfile.ce has no %q", want)
		}
	}
}
