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

// inContext tells whether .dockerignore lets a file into the context of the build.
func inContext(t *testing.T) func(name string) bool {
	t.Helper()
	patterns, err := ignorefile.ReadAll(strings.NewReader(read(t, ".dockerignore")))
	if err != nil {
		t.Fatal(err)
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

// The context has every file that the build reads.
func TestContextSuffices(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f",
		`{{if and .Module (not .Standard)}}{{$dir := .Dir}}{{.Module.GoMod}}{{range .GoFiles}}{{"\n"}}{{$dir}}/{{.}}{{end}}{{range .EmbedFiles}}{{"\n"}}{{$dir}}/{{.}}{{end}}{{end}}`, ".")
	list.Dir = filepath.Join(repository, gateway)
	list.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	in, files := inContext(t), 0
	for name := range strings.FieldsSeq(string(out)) {
		if name, ok := strings.CutPrefix(name, root+string(filepath.Separator)); ok {
			if files++; !in(name) {
				t.Errorf("%s is not in the context", name)
			}
		}
	}
	if files < 50 {
		t.Errorf("the build reads %d files of the repository, want 50 or more", files)
	}
	for _, name := range []string{gateway + "/go.sum", "LICENSE"} {
		if !in(name) {
			t.Errorf("%s is not in the context", name)
		}
	}
}

// What lies about in a working copy stays out of the context.
func TestContextHasNothingElse(t *testing.T) {
	in := inContext(t)
	for _, name := range []string{
		".git/config", ".env", ".bin/golangci-lint", "krakend.json", "Dockerfile", "lambda.go",
		"internal/backend/backend_test.go", "internal/backend/testdata/fuzz/F/1", "internal/sdkv1/doc.go", "internal/gatewaytest/process.go",
		"lura/lambda.go", "lura/v2/.env", "lura/v2/internal/sdkv2/main_test.go",
		"examples/krakend2/krakend.json", "examples/krakend2/private.pem", "examples/krakend2/.aws/credentials", "examples/docker/krakend.json",
		"e2e/serverless/node_modules/a/index.js", "e2e/serverless/node_modules/a/LICENSE", "bench/gateways/published2/main.go",
	} {
		if in(name) {
			t.Errorf("%s is in the context", name)
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
