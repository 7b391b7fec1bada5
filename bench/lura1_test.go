package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSameWorkers compares the workers for KrakenD 1.4: all that differs is the module.
func TestSameWorkers(t *testing.T) {
	read := func(dir, file string) string {
		text, err := os.ReadFile(filepath.Join("lura1", dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	differ := strings.NewReplacer(
		`"github.com/devopsfaith/krakend-lambda/lura"`, `"github.com/devopsfaith/krakend-lambda"`,
		`, lambda.WithLogger(logging.NoOp))`, `)`,
	)
	// What they say that they are differs, too.
	code := func(source string) string { return source[strings.Index(source, "package main"):] }
	if got, want := code(read("published", "main.go")), differ.Replace(code(read("ours", "main.go"))); got != want {
		t.Errorf("main.go of published is not that of ours, but for the module:\n%s", got)
	}

	requirement := regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`)
	versions := func(dir string) map[string]string {
		all := make(map[string]string)
		for _, m := range requirement.FindAllStringSubmatch(read(dir, "go.mod"), -1) {
			all[m[1]] = m[2]
		}
		return all
	}
	ours, published := versions("ours"), versions("published")
	for _, module := range []string{lura1Module, sdkModule} {
		if ours[module] == "" || ours[module] != published[module] {
			t.Errorf("ours has %s %q, published %q", module, ours[module], published[module])
		}
	}
}
