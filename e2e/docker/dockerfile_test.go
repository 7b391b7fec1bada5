package docker

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// repository is the context of the build.
const repository = "../.."

// gateway is what the image is built from.
const gateway = "examples/krakend2"

var krakend = gatewaytest.New("2", repository+"/"+gateway, 3)

func TestMain(m *testing.M) { gatewaytest.Main(m) }

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A stage is what one FROM begins: the arguments of its instructions, by their names.
type stage map[string][]string

// stages reads the Dockerfile.
func stages(t *testing.T) (all []stage) {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(read(t, "Dockerfile"), "")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		name, args, _ := strings.Cut(strings.Join(strings.Fields(line), " "), " ")
		switch name {
		case "":
			continue
		case "FROM":
			all = append(all, stage{})
		}
		last := all[len(all)-1]
		last[name] = append(last[name], args)
	}
	return all
}

// The image has a static gateway, certificates and a license, and starts as a user whom no system
// has.
func TestImage(t *testing.T) {
	want := stage{
		"FROM": {"scratch"},
		"COPY": {
			"--from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
			"--from=build /src/krakend /usr/bin/",
			"LICENSE /",
		},
		"WORKDIR":    {"/etc/krakend"},
		"USER":       {"65532:65532"},
		"EXPOSE":     {"8080"},
		"ENTRYPOINT": {`["/usr/bin/krakend"]`},
		"CMD":        {`["-c", "/etc/krakend/krakend.json"]`},
	}
	all := stages(t)
	got := maps.Clone(all[len(all)-1])
	if labels := strings.Join(got["LABEL"], " "); !strings.Contains(labels, `image.licenses="Apache-2.0"`) {
		t.Errorf("got the labels %s, without the license", labels)
	}
	delete(got, "LABEL")
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// The builder's Go is one that the gateway's go.mod lets build it: Go's images fetch no other.
func TestBuilder(t *testing.T) {
	build := stages(t)[0]
	if got := build["WORKDIR"]; !slices.Equal(got, []string{"/src"}) || !slices.Equal(build["COPY"], []string{". ."}) {
		t.Errorf("got the directory %q with %q, want /src with the context", got, build["COPY"])
	}
	image := regexp.MustCompile(`^--platform=\$BUILDPLATFORM golang:1\.(\d+)-alpine AS build$`).FindStringSubmatch(build["FROM"][0])
	mod := regexp.MustCompile(`(?m)^go 1\.(\d+)`).FindStringSubmatch(read(t, gateway+"/go.mod"))
	if image == nil || mod == nil {
		t.Fatalf("got the builder %q and go %q", build["FROM"], mod)
	}
	has, _ := strconv.Atoi(image[1])
	if needs, _ := strconv.Atoi(mod[1]); has < needs {
		t.Errorf("the builder has Go 1.%d, go.mod asks for 1.%d", has, needs)
	}
	run := strings.Join(build["RUN"], "\n")
	for _, want := range []string{
		"CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -C " + gateway + " ", // static, for the platform of the image
		` -ldflags "-s -w -X main.version=$VERSION" -o ../../krakend .`,
	} {
		if !strings.Contains(run, want) {
			t.Errorf("got RUN %s, without %s", run, want)
		}
	}
	if args := strings.Join(build["ARG"], " "); args != "VERSION TARGETOS TARGETARCH" {
		t.Errorf("got ARG %s", args)
	}
}

// inContext tells whether an ignore file lets a file into the context of the build.
func inContext(t *testing.T, ignore string) func(name string) bool {
	t.Helper()
	patterns, err := ignorefile.ReadAll(strings.NewReader(read(t, ignore)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range patterns {
		// Docker up to 20.10 does not look into the directories that only a ** names.
		if strings.HasPrefix(p, "!") && strings.Contains(p, "**") {
			t.Errorf("%s has %s: name each directory", ignore, p)
		}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) bool {
		ignored, err := matcher.MatchesOrParentMatches(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		return !ignored
	}
}

// The contexts have every file that the builds read.
func TestContextSuffices(t *testing.T) {
	for _, tc := range []struct {
		ignore  string
		modules []string
		files   []string // beside those that Go reads
	}{
		{".dockerignore", []string{gateway}, []string{gateway + "/go.sum", "LICENSE"}},
		{
			// scripts/krakend-ce puts lura into KrakenD-CE 1.4, lura/v2 into 2.x, and lambdatest beside them.
			"Dockerfile.ce.dockerignore",
			[]string{"lura", "lura/v2"},
			[]string{"lambdatest/go.mod", "schema/lambda.json", "schema/merge.jq", "scripts/krakend-ce"},
		},
	} {
		t.Run(tc.ignore, func(t *testing.T) {
			in := inContext(t, tc.ignore)
			for _, module := range tc.modules {
				files := filesOf(t, module)
				if len(files) < 50 {
					t.Errorf("the build of %s reads %d files of the repository, want 50 or more", module, len(files))
				}
				tc.files = append(tc.files, files...)
			}
			for _, name := range tc.files {
				if !in(name) {
					t.Errorf("%s is not in the context", name)
				}
			}
		})
	}
}

// filesOf returns the files of the repository that a build of the package in a directory reads.
func filesOf(t *testing.T, dir string) (files []string) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-f",
		`{{if and .Module (not .Standard)}}{{$dir := .Dir}}{{.Module.GoMod}}{{range .GoFiles}}{{"\n"}}{{$dir}}/{{.}}{{end}}{{range .EmbedFiles}}{{"\n"}}{{$dir}}/{{.}}{{end}}{{end}}`, ".")
	list.Dir = filepath.Join(repository, dir)
	list.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if name, ok := strings.CutPrefix(name, root+string(filepath.Separator)); ok {
			files = append(files, name)
		}
	}
	return files
}

// What lies about in a working copy stays out of the contexts.
func TestContextHasNothingElse(t *testing.T) {
	nowhere := []string{
		".git/config", ".env", ".bin/golangci-lint", "krakend.json", "Dockerfile", "lambda.go",
		"internal/backend/backend_test.go", "internal/backend/testdata/fuzz/F/1", "internal/gatewaytest/process.go",
		"lura/v2/.env", "lura/v2/internal/sdkv2/main_test.go",
		"examples/krakend2/krakend.json", "examples/krakend2/private.pem", "examples/krakend2/.aws/credentials", "examples/docker/krakend.json",
		"e2e/serverless/node_modules/a/index.js", "e2e/serverless/node_modules/a/LICENSE", "bench/gateways/published2/main.go",
	}
	for ignore, names := range map[string][]string{
		".dockerignore":              {"internal/sdkv1/doc.go", "lura/lambda.go", "scripts/krakend-ce"},
		"Dockerfile.ce.dockerignore": {"Dockerfile.ce", "examples/krakend2/main.go", "lambdatest/server.go", "schema/testdata/a.json", "scripts/dist"},
	} {
		in := inContext(t, ignore)
		for _, name := range slices.Concat(nowhere, names) {
			if in(name) {
				t.Errorf("%s: %s is in the context", ignore, name)
			}
		}
	}
}

// With -check in place of CMD, the gateway reads the krakend.json of WORKDIR.
func TestCheck(t *testing.T) {
	for name, want := range map[string]int{"examples/docker/krakend.json": 0, "Dockerfile": 1, "none": 1} {
		t.Run(name, func(t *testing.T) {
			cmd := krakend.Command(t, nil, "-check")
			if name != "none" {
				if err := os.WriteFile(filepath.Join(cmd.Dir, "krakend.json"), []byte(read(t, name)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != want || want == 0 && !strings.Contains(string(out), "errors: 0, warnings: 0\n") {
				t.Errorf("got the exit status %d, want %d:\n%s", got, want, out)
			}
		})
	}
}
