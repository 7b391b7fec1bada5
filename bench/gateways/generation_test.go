package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// ofTheExamples are the parts of an example gateway's main.go that serve nothing: the check
// of a configuration and what the gateway says of itself. The published modules have no
// part in them.
var ofTheExamples = regexp.MustCompile(`(?m)` +
	`^\tcheck := .*\n|^\tversion := .*\n` +
	`|^\tif (?:flag\.NArg\(\) > 0|\*version|check) \{\n(?:\t\t.*\n)+\t\}\n` +
	`|^\treports := .*\n|^\topts := .*\n|^\t\t\treports\.print.*\n` +
	`|^\t\t\t\tfor .* range reports\..*\n(?:\t\t\t\t\t.*\n)+\t\t\t\t\}\n` +
	`|^// Code generated .*\n\n`)

// served is a main.go without these.
func served(main string) string {
	return strings.NewReplacer(
		"*debug, *check)", "*debug)",
		"debug, check bool)", "debug bool)",
		"\tlog, err :=", "\tlogger, err :=",
		"\tlogger := &counter{Logger: log}\n", "",
		"\t\t\tif check {\n\t\t\t\terr = verdict(reports, cfg.Endpoints, logger)\n\t\t\t} else {\n\t\t\t\terr =", "\t\t\terr =",
		"handler)\n\t\t\t}\n", "handler)\n",
		", opts...)", ")",
		"append(opts, lambda.WithLogger(logger))...", "lambda.WithLogger(logger)",
	).Replace(ofTheExamples.ReplaceAllString(main, ""))
}

// TestSameGateways compares what the gateways with the published module are built from
// with the examples: what serves differs in the module alone.
func TestSameGateways(t *testing.T) {
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		files []string
		// differ are what a line has on either side.
		differ *strings.Replacer
	}{
		"1.4": {[]string{"main.go", "serve.go"}, strings.NewReplacer(
			`"github.com/devopsfaith/krakend-lambda/lura"`, `"github.com/devopsfaith/krakend-lambda"`,
			`, lambda.WithLogger(logger))`, `)`,
		)},
		"2": {[]string{"main.go"}, strings.NewReplacer(
			`"github.com/devopsfaith/krakend-lambda/lura/v2"`, `"github.com/krakendio/krakend-lambda/v2"`,
		)},
	}
	for _, g := range generations() {
		if g.published == "" {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			read := func(dir, file string) string {
				text, err := os.ReadFile(filepath.Join(root, dir, file))
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			test := tests[g.key]
			for _, file := range test.files {
				if got, want := read(g.published, file), test.differ.Replace(served(read(g.example, file))); got != want {
					t.Errorf("%s of %s is not that of %s, but for the module:\n%s\nwant:\n%s", file, g.published, g.example, got, want)
				}
			}

			// Their dependencies are the same, but for the AWS SDK of the other generation, which
			// the example for KrakenD 2 does without.
			want := requirements(read(g.example, "go.mod"))
			for module, version := range requirements(read(g.published, "go.mod")) {
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
