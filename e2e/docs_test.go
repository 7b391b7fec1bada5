package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/docstest"
)

// Every section of the documentation that has something to run, but for those about
// KrakenD-CE's components, which e2e/components runs.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, s := range documentation(t) {
		if s.Stack() != docstest.KrakenD2 {
			continue
		}
		t.Run(s.Name(), func(t *testing.T) {
			t.Parallel()
			for _, err := range s.Run(docstest.OnKrakenD2(t, newest.Gateway)) {
				t.Error(err)
			}
		})
	}
}

// newest is the gateway whose spelling the documentation has.
var newest = gateways[len(gateways)-1]

func documentation(t *testing.T) []*docstest.Section {
	t.Helper()
	sections, err := docstest.Sections("..")
	if err != nil {
		t.Fatal(err)
	}
	return sections
}

// gatewayBuild is where a test of this package builds a gateway, from a directory beside it.
var gatewayBuild = regexp.MustCompile(`gatewaytest\.New\("[^"]*", "\.\./(examples/[^"]+)"`)

// All Go code of the documentation is in an example that go test runs, or in the main
// package of one of the gateways that tests here build and run.
func TestDocsGo(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var mains []string
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range gatewayBuild.FindAllSubmatch(text, -1) {
			mains = append(mains, string(m[1])+"/main.go")
		}
	}
	if len(mains) < len(gateways) {
		t.Errorf("found the gateways %q, want %d or more", mains, len(gateways))
	}
	for _, err := range docstest.CheckGo("..", documentation(t), mains...) {
		t.Error(err)
	}
}

// runnable is the first line of a block that has to be run.
var runnable = regexp.MustCompile("(?mi)^[ \\t>]*(?:[-*+]|[0-9]+[.)])?[ \\t]*(?:```+|~~~+)[ \\t]*(?:json|go|console)\\b")

// No block is left out: those that TestDocs here and in e2e/components, and TestDocsGo run
// are as many as a look at the pages finds, which knows nothing of Markdown.
func TestDocsLeaveNoBlockOut(t *testing.T) {
	t.Parallel()
	run := map[string]int{}
	for _, s := range documentation(t) {
		for _, b := range s.Taken() {
			if s.Stack() == docstest.Nothing && b.Language != "go" {
				t.Errorf("%s:%d: no test runs this block", b.Page, b.Line)
			}
			if b.Language != "text" { // some of them are the gateway's log, others are not run
				run[b.Page]++
			}
		}
	}
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: got %d pages, %v", pattern, len(pages), err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.ToSlash(page[len("../"):])
			if want := len(runnable.FindAll(text, -1)); run[name] != want {
				t.Errorf("%s: %d blocks of json, go and console are run, and it has %d", name, run[name], want)
			}
			delete(run, name)
		}
	}
	for page, n := range run {
		t.Errorf("%s: %d blocks are run, but the page is not found", page, n)
	}
}

func TestDocsLinks(t *testing.T) {
	t.Parallel()
	for _, err := range docstest.CheckLinks("..", documentation(t)) {
		t.Error(err)
	}
}
