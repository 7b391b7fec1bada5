package docker

import (
	"debug/elf"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the image is built from, and what stays out of it: whatever lies about in a
// working copy.
func TestContext(t *testing.T) {
	ignored, err := ignoring()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"LICENSE":                       true,
		"go.mod":                        true,
		"internal/backend/backend.go":   true,
		"internal/invoke/client.go":     true,
		"internal/transport/doc.go":     true,
		"lura/v2/lambda.go":             true,
		"lura/v2/go.mod":                true,
		"lura/v2/internal/sdkv2/doc.go": true,
		"examples/krakend2/main.go":     true,
		"examples/krakend2/go.mod":      true,
		"examples/krakend2/go.sum":      true,

		".git/config":                              false,
		".env":                                     false,
		".bin/staticcheck":                         false,
		"krakend.json":                             false,
		"Dockerfile":                               false,
		"lambda.go":                                false,
		"internal/backend/backend_test.go":         false,
		"internal/sdkv1/doc.go":                    false,
		"lura/v2/internal/sdkv2/main_test.go":      false,
		"internal/backend/testdata/fuzz/F/1":       false,
		"lura/lambda.go":                           false,
		"lura/v2/.env":                             false,
		"examples/krakend2/krakend.json":           false,
		"examples/krakend2/private.pem":            false,
		"examples/krakend2/.aws/credentials":       false,
		"examples/docker/krakend.json":             false,
		"e2e/serverless/node_modules/a/index.js":   false,
		"e2e/serverless/node_modules/a/LICENSE":    false,
		"bench/gateways/published2/main.go":        false,
		"internal/gatewaytest/testdata/process.go": false,
	} {
		got, err := ignored(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		if got == want {
			t.Errorf("%s: got ignored %t", name, got)
		}
	}
}

func TestImageConfiguration(t *testing.T) {
	image := theImage(t)

	uid, gid, ok := strings.Cut(image.user, ":")
	for _, id := range []string{uid, gid} {
		if n, err := strconv.Atoi(id); !ok || err != nil || n == 0 {
			t.Errorf("got the user %q, want numbers of a user and a group, neither of them 0", image.user)
		}
	}
	if want := []string{"8080"}; !slices.Equal(image.ports, want) {
		t.Errorf("got the ports %q, want %q", image.ports, want)
	}
	if want := []string{"/usr/bin/krakend"}; !slices.Equal(image.entrypoint, want) {
		t.Errorf("got the entry point %q, want %q", image.entrypoint, want)
	}
	if want := []string{"-c", "/etc/krakend/krakend.json"}; !slices.Equal(image.cmd, want) {
		t.Errorf("got the arguments %q, want %q", image.cmd, want)
	}
	if want := "/etc/krakend"; image.workdir != want {
		t.Errorf("got the directory %q, want %q", image.workdir, want)
	}
	if got, want := image.labels["org.opencontainers.image.licenses"], "Apache-2.0"; got != want {
		t.Errorf("got the license %q, want %q", got, want)
	}
	if got := image.bases[len(image.bases)-1]; got != "scratch" {
		t.Errorf("the image is made from %q, want scratch", got)
	}
}

// The builder's Go is one that the gateway's go.mod lets build it. In Go's images no
// other is fetched.
func TestBuilder(t *testing.T) {
	base := theImage(t).bases[0]
	image := regexp.MustCompile(`^golang:1\.(\d+)-alpine$`).FindStringSubmatch(base)
	if image == nil {
		t.Fatalf("the builder is %q, want golang:1.N-alpine", base)
	}
	content, err := os.ReadFile(filepath.Join(repository, "examples/krakend2/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod := regexp.MustCompile(`(?m)^go 1\.(\d+)`).FindSubmatch(content)
	if mod == nil {
		t.Fatal("go.mod names no Go")
	}
	has, _ := strconv.Atoi(image[1])
	needs, _ := strconv.Atoi(string(mod[1]))
	if has < needs {
		t.Errorf("the builder has Go 1.%d, go.mod asks for 1.%d", has, needs)
	}
}

// There is nothing in the image but what the gateway needs, and its user can read all of
// it and write none.
func TestImageFiles(t *testing.T) {
	image := theImage(t)
	want := []string{
		"/LICENSE",
		"/etc/krakend/", // where krakend.json is mounted
		"/etc/ssl/certs/ca-certificates.crt",
		"/usr/bin/krakend",
	}
	var got []string
	err := filepath.WalkDir(image.dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		path := strings.TrimPrefix(name, image.dir)
		switch mode := info.Mode(); {
		case mode.IsDir():
			if mode.Perm() != 0o755 {
				t.Errorf("%s/ has the mode %v", path, mode)
			}
			if entries, err := os.ReadDir(name); err != nil {
				return err
			} else if len(entries) == 0 {
				got = append(got, path+"/")
			}
		case mode.IsRegular():
			got = append(got, path)
			if perm := mode.Perm(); perm&0o022 != 0 || perm&0o444 != 0o444 {
				t.Errorf("%s has the mode %v", path, mode)
			}
		default:
			t.Errorf("%s has the mode %v", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// In an image without libraries, only a static binary runs.
func TestImageBinary(t *testing.T) {
	image := theImage(t)
	f, err := elf.Open(image.in(image.entrypoint[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	if len(libraries) > 0 {
		t.Errorf("needs the libraries %q", libraries)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("needs a dynamic linker")
		}
	}
	if f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
		t.Error("has symbols for a debugger")
	}
}
