package sdkv2

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This module must not raise a module of KrakenD-CE: go chooses the newer of two versions.
func TestVersionsOfKrakenD(t *testing.T) {
	theirs := requirements(t, "testdata/krakend-ce-2.13.8.txt")
	ours := requirements(t, "../../go.mod")
	for module, version := range requirements(t, "../../../../go.mod") { // the adapter requires the root module
		if our, ok := ours[module]; !ok || newer(version, our) {
			ours[module] = version
		}
	}
	shared := 0
	for module, version := range ours {
		their, ok := theirs[module]
		if !ok {
			continue
		}
		shared++
		if newer(version, their) {
			t.Errorf("%s %s is newer than KrakenD's %s", module, version, their)
		}
	}
	if shared < 15 { // AWS's modules, except two
		t.Errorf("got %d shared modules, want at least 15", shared)
	}
}

// The adapter does not compile any package of aws-sdk-go, which AWS no longer supports.
func TestNoPackageOfTheOldSDK(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, "github.com/aws/aws-sdk-go-v2/aws") {
		t.Fatalf("got %d packages without aws-sdk-go-v2", len(packages))
	}
	for _, name := range packages {
		if strings.HasPrefix(name, "github.com/aws/aws-sdk-go/") {
			t.Errorf("%s is compiled", name)
		}
	}
}

// requirements returns the modules and versions in the lines of a file, such as a go.mod.
func requirements(t *testing.T, file string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	versions := make(map[string]string)
	for line := range strings.Lines(string(content)) {
		if f := strings.Fields(line); len(f) >= 2 && strings.HasPrefix(f[1], "v") && strings.Contains(f[0], "/") {
			versions[f[0]] = f[1]
		}
	}
	return versions
}

// newer tells whether version a comes after b. A pre-release comes before its release; pre-releases
// are not compared with each other.
func newer(a, b string) bool {
	a, preA, _ := strings.Cut(strings.TrimPrefix(a, "v"), "-")
	b, preB, _ := strings.Cut(strings.TrimPrefix(b, "v"), "-")
	if a == b {
		return preB != "" && (preA == "" || preA > preB)
	}
	numbersA, numbersB := strings.Split(a, "."), strings.Split(b, ".")
	for i := range numbersA {
		m, _ := strconv.Atoi(numbersA[i])
		n, _ := strconv.Atoi(numbersB[i])
		if m != n {
			return m > n
		}
	}
	return false
}

func TestNewer(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"v1.2.3", "v1.2.3", false},
		{"v1.10.0", "v1.9.9", true},
		{"v1.9.9", "v1.10.0", false},
		{"v2.14.1", "v2.14.2-0.20260316170719-6d79b4ef723b", false},
		{"v2.14.2", "v2.14.2-0.20260316170719-6d79b4ef723b", true},
		{"v0.0.0-20200101", "v0.0.0-20210101", false},
		{"v0.0.0-20220101", "v0.0.0-20210101", true},
	} {
		if got := newer(tc.a, tc.b); got != tc.want {
			t.Errorf("%s after %s: got %t", tc.a, tc.b, got)
		}
	}
}
