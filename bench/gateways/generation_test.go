package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The gateways with the published modules have the dependencies of the examples, in the same
// versions, but for the AWS SDK of the other generation: the example for KrakenD 2 has none of it.
func TestSameDependencies(t *testing.T) {
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range generations() {
		if g.published == "" {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			read := func(dir string) map[string]string {
				text, err := os.ReadFile(filepath.Join(root, dir, "go.mod"))
				if err != nil {
					t.Fatal(err)
				}
				return requirements(string(text))
			}
			want := read(g.example)
			for module, version := range read(g.published) {
				if strings.HasSuffix(module, "krakend-lambda") || strings.HasSuffix(module, "krakend-lambda/v2") {
					continue
				}
				if g.key == "2" && want[module] == "" && (module == "github.com/aws/aws-sdk-go" || module == "github.com/jmespath/go-jmespath") {
					continue
				}
				if want[module] != version {
					t.Errorf("%s has %s %s, %s has %q", g.published, module, version, g.example, want[module])
				}
			}
		})
	}
}

func TestRotated(t *testing.T) {
	for round, want := range []string{"123", "213", "312", "132"} {
		got := ""
		for _, n := range rotated([]int{1, 2, 3}, round) {
			got += strconv.Itoa(n)
		}
		if got != want {
			t.Errorf("round %d: got %s, want %s", round, got, want)
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`)

func requirements(goMod string) map[string]string {
	versions := make(map[string]string)
	for _, m := range requirement.FindAllStringSubmatch(goMod, -1) {
		versions[m[1]] = m[2]
	}
	return versions
}
