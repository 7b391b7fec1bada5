package docstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckGo(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"example_test.go": `package p_test

import (
	"fmt"

	"example.com/p"
)

func ExampleNew() {
	one := p.New()
	defer one.Close()


	fmt.Println(one)
	// Output: one
}
`,
		"adapter/example_test.go": `package adapter

func Example() {
	two := two()
	use(two)
	// Output:
}
`,
		"compiled/example_test.go": "package p_test\n\nfunc Example() {\n\tthree()\n}\n",
		"nothing/example_test.go":  "package p_test\n\nfunc four() {\n\tfive()\n}\n",
		"p.go":                     "package p\n\nvar six = 6\n",
		"examples/a/main.go":       "package main\n\nfunc main() {\n\tseven()\n}\n",
		"examples/b/main.go":       "package main\n\nfunc main() {\n\teight()\n}\n",
		".hidden/example_test.go":  "package p_test\n\nfunc Example() {\n\tnine()\n\t// Output:\n}\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const nowhere = "p.md:1: no file that tests run has this Go code"
	for code, want := range map[string]string{
		"one := p.New()": "",
		"    one := p.New()\n\tdefer one.Close()":                                                   "",
		"import (\n\t\"fmt\"\n\n\t\"example.com/p\"\n)\n\none := p.New()\n\n\n\nfmt.Println(one)\n": "",
		"two := two()\nuse(two)": "",
		"seven()":                "",

		"one := p.New()\n\nuse(two)":        nowhere, // from two files
		"one := p.New()\nfmt.Println(one)":  nowhere, // not consecutive lines
		"two := two()\n\nuse(two)\n\nuse()": nowhere,
		"two()":                             nowhere, // only a part of a line
		"var six = 6":                       nowhere,
		"eight()":                           nowhere,
		"nine()":                            nowhere,
		"":                                  nowhere,
		"three()":                           nowhere + ": it is in compiled/example_test.go, but Example has no output to compare",
		"five()":                            nowhere + ": it is in nothing/example_test.go, but it has no example",
	} {
		section := &Section{code: []Block{{Page: "p.md", Line: 1, Text: code}}}
		errs := CheckGo(root, []*Section{section}, "examples/a/main.go")
		if want == "" {
			if len(errs) != 0 {
				t.Errorf("%s\n: got %v", code, errs)
			}
			continue
		}
		if len(errs) != 1 || errs[0].Error() != want {
			t.Errorf("%s\n: got %v, want %s", code, errs, want)
		}
	}
	if errs := CheckGo(root, nil, "examples/c/main.go"); len(errs) != 1 || !strings.Contains(errs[0].Error(), "examples/c/main.go") {
		t.Errorf("got %v, want an error about the missing file", errs)
	}
}
