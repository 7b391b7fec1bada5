package scripts

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "github.com/devopsfaith/krakend-lambda"

// Tagged modules work for users: Go finds each module at its tag, and builds it with the root that it
// requires. (Go ignores the replace directives of a dependency.)
func TestTaggedModules(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	if out, err := r.script(t, nil, "release", r.version); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules, proxy, _ := strings.Cut(strings.TrimSpace(string(cache)), "\n")

	env := append(environ(),
		// Git fetches the modules from the repository of the test.
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url.file://"+filepath.ToSlash(r.dir)+".insteadOf",
		"GIT_CONFIG_VALUE_0=https://"+root,
		"GOPRIVATE="+root,
		// The versions of this module must not get into the machine's cache. All other modules come
		// from there, already checked with go.sum.
		"GOMODCACHE="+t.TempDir(),
		"GOPROXY=file://"+filepath.ToSlash(filepath.Join(modules, "cache/download"))+","+proxy,
		"GOFLAGS=-modcacherw",
		"GOWORK=off",
		"CGO_ENABLED=0",
	)
	_, minor, _ := strings.Cut(r.version, ".")
	for _, tagged := range []struct{ path, version, use string }{
		{root, "v" + r.version, "lambda.Namespace"},
		{root + "/lambdatest", "v" + r.version, "lambda.ErrorCodes()"},
		{root + "/lura", "v" + r.version, "lambda.Namespace"},
		{root + "/lura/v2", "v2." + minor, "lambda.Namespace"},
	} {
		t.Run(tagged.path, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range map[string]string{
				"go.mod":  "module example.com/gateway\n\ngo 1.25.0\n",
				"main.go": "package main\n\nimport lambda \"" + tagged.path + "\"\n\nfunc main() { println(" + tagged.use + ") }\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golang := func(args ...string) string {
				cmd := exec.Command("go", args...)
				cmd.Dir, cmd.Env = dir, env
				var errs strings.Builder
				cmd.Stderr = &errs
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("go %q: %v\n%s", args, err, errs.String())
				}
				return string(out)
			}
			golang("get", tagged.path+"@"+tagged.version)
			golang("build", "-trimpath", "-o", filepath.Join(dir, "gateway"), ".")

			want := map[string]string{tagged.path: tagged.version}
			if !strings.HasSuffix(tagged.path, "/lambdatest") { // lambdatest requires none of these modules
				want[root] = "v" + r.version
			}
			for path, version := range want {
				var module struct {
					Version string
					Replace any
				}
				if err := json.Unmarshal([]byte(golang("list", "-m", "-json", path)), &module); err != nil {
					t.Fatal(err)
				}
				if module.Version != version || module.Replace != nil {
					t.Errorf("%s is %+v, want version %s", path, module, version)
				}
			}
		})
	}
}
