package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// grammars are the regular expressions that loops replace.
var grammars = map[string]struct {
	pattern *regexp.Regexp
	matches func(string) bool
}{
	"name":              {regexp.MustCompile(`^` + nameGrammar + `$`), func(s string) bool { return isWord(s, maxName) }},
	"qualifier":         {regexp.MustCompile(`^` + qualifierGrammar + `$`), isQualifier},
	"name:qualifier":    {regexp.MustCompile(`^` + nameGrammar + `(?::` + qualifierGrammar + `)?$`), func(s string) bool { _, ok := parseName(s); return ok }},
	"region":            {regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`), IsRegion},
	"region of AWS":     {regexp.MustCompile(`^[a-z]+(-[a-z]+)+-\d+$`), LooksLikeRegion},
	"ARN, partial ARN":  {regexp.MustCompile(fullARN.String() + `|` + partialARN.String()), func(s string) bool { _, ok := parseARN(s); return ok }},
	"a function at all": {regexp.MustCompile(`^[^:]+(?::[^:]*)?$|:function:`), func(s string) bool { _, err := parseFunction(s); return err == nil }},
}

// onlyNecessary are the grammars that match more than their loops do.
var onlyNecessary = []string{"a function at all"}

// placeholderPattern finds the placeholders of an endpoint.
var placeholderPattern = regexp.MustCompile(`\{([^{}]+)\}|:([^/{}]+)`)

// FuzzGrammars compares loops with the regular expressions of the same grammar.
func FuzzGrammars(f *testing.F) {
	for _, s := range []string{
		"", "f", "F_-9", "orders:live", "orders:", ":live", "f:$LATEST", "f:$LATEST.PUBLISHED", "f:$LATESTx", "a:b:c", "é", "f\n", "f:g\n", "\xff",
		"123456789012:function:f", "123456789012:function:f:7", "arn:aws:lambda:us-west-2:123456789012:function:f:live", "function:f", ":function:",
		"us-west-2", "us-gov-west-1", "us-west", "west-2", "-us-west-2", "us--west-2", "us-west-2-", "us-west-2a", "us-west-2-3", "US-west-2",
		"http://127.0.0.1:4566", "https://lambda.us-west-2.amazonaws.com", "http://localhost:8080", "http://localhost:0", "http://localhost:080", "http://localhost:65536",
		"http://256.0.0.1", "http://1.2.3", "http://a.b.9", "http://a.-", "http://a..b", "http://a_b.", "https://", "http://:80", "http://a:", "http://a:+8", "HTTP://a", "http://a/b", "http://[::1]:1", "://a", "ftp://a", "xhttp://a",
		"/a/{id}/{b.c}", "/a/:id/x", "/{a{b}}", "/{}/:", "/{a", "/a}:b{c}", "/:a:b", "/x:y", "{a}{b}", "/:é/{ü}", "/{\xff}",
	} {
		f.Add(s)
	}
	for _, n := range []int{63, 64, 65, 128, 129} {
		f.Add(string(slices.Repeat([]byte("a"), n)))
		f.Add("f:" + string(slices.Repeat([]byte("a"), n)))
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, g := range grammars {
			got, want := g.matches(s), g.pattern.MatchString(s)
			if got != want && (got || !slices.Contains(onlyNecessary, name)) {
				t.Errorf("%s: %q: got %t, want %t", name, s, got, want)
			}
		}
		if isPlainEndpoint(s) && !endpointURL.MatchString(s) {
			t.Errorf("%q is not an endpoint", s)
		}

		want := Placeholders{}
		for _, m := range placeholderPattern.FindAllStringSubmatch(s, -1) {
			want[upperFirst(m[1]+m[2])] = m[1] + m[2]
		}
		if got := PlaceholdersOf(s); s != "" && !maps.Equal(got, want) {
			t.Errorf("placeholders of %q: got %q, want %q", s, got, want)
		}
	})
}

// The most frequent endpoints need no regular expression.
func TestPlainEndpoints(t *testing.T) {
	for _, s := range []string{"https://lambda.us-west-2.amazonaws.com", "http://127.0.0.1:4566", "http://localhost:65535", "https://vpce-0-1.lambda.cn-north-1.amazonaws.com.cn"} {
		if !isPlainEndpoint(s) {
			t.Errorf("%s: got false", s)
		}
	}
}

// region finds the same region in an ARN as the grammar.
func TestRegionOfFunction(t *testing.T) {
	for s, want := range map[string]string{
		"f": "", "f:live": "", "123456789012:function:f": "",
		"arn:aws:lambda:us-west-2:123456789012:function:f:7":          "us-west-2",
		"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f": "us-gov-west-1",
	} {
		f, err := parseFunction(s)
		if got := f.region(); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", s, got, err, want)
		}
	}
}

// decodeKey has a case for each of the keys, and no others.
func TestKeysAreDecoded(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var cases []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "decodeKey" {
			ast.Inspect(f, func(n ast.Node) bool {
				if c, ok := n.(*ast.CaseClause); ok {
					for _, e := range c.List {
						key, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
						cases = append(cases, key)
					}
				}
				return true
			})
		}
	}
	if slices.Sort(cases); !slices.Equal(cases, Keys()) {
		t.Errorf("got cases for %q, want %q", cases, Keys())
	}
}

// Endpoints without placeholders share one map, and nothing changes it.
func TestNoPlaceholdersAreShared(t *testing.T) {
	PlaceholdersOf("/{id}")
	n := PlaceholdersOf("/orders")
	n.PathParameters(map[string]string{"Id": "1"})
	n.VouchedNames(map[string]string{"Id": "1"})
	if got := PlaceholdersOf("/"); got == nil || len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}
