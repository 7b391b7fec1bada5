package docstest

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	page := strings.Join([]string{
		"Before the first heading:", // 1
		"",
		"```json",
		"{",
		"",
		"}",
		"```", // 7
		"# One #",
		"text",
		"~~~~ Go hidden",
		"```json",
		"~~~",
		"~~~~~", // 13
		"````console",
		"# no heading",
		"```",
		"````", // 17
		"## Two `2`",
		"- an item:",
		"",
		"  ```text",
		"    two more",
		"",
		"  none",
		"  ```", // 25
		"1. ```sh",
		"   ls",
		"   ```", // 28
		"> quoted:",
		">",
		"> ```json",
		"> [1]",
		"> ```", // 33
		"in a line ```json``` and at its end ```json",
	}, "\n")
	sections, err := parse("p.md", page)
	if err != nil {
		t.Fatal(err)
	}
	want := []Section{
		{Line: 1, Blocks: []Block{{Line: 3, Language: "json", Text: "{\n\n}", Before: "Before the first heading:"}}},
		{Heading: "One", Level: 1, Line: 8, Blocks: []Block{
			{Line: 10, Language: "go", Text: "```json\n~~~", Before: "text"},
			{Line: 14, Language: "console", Text: "# no heading\n```"},
		}},
		{Heading: "Two `2`", Level: 2, Line: 18, Blocks: []Block{
			{Line: 21, Language: "text", Text: "  two more\n\nnone", Before: "- an item:"},
			{Line: 26, Language: "sh", Text: "ls"},
			{Line: 31, Language: "json", Text: "[1]", Before: "quoted:"},
		}},
	}
	if len(sections) != len(want) {
		t.Fatalf("got %d sections, want %d", len(sections), len(want))
	}
	for i, w := range want {
		got := sections[i]
		for j := range w.Blocks {
			w.Blocks[j].Page = "p.md"
		}
		if got.Page != "p.md" || got.Heading != w.Heading || got.Level != w.Level || got.Line != w.Line {
			t.Errorf("got section %+v, want %+v", got, w)
		}
		if !slices.Equal(got.Blocks, w.Blocks) {
			t.Errorf("%s: got blocks\n%+v\nwant\n%+v", w.Heading, got.Blocks, w.Blocks)
		}
	}
}

func TestParseWithCarriageReturns(t *testing.T) {
	sections, err := parse("p.md", "# A\r\n\r\nreturns:\r\n```json\r\n{}\r\n```\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Block{Page: "p.md", Line: 4, Language: "json", Text: "{}", Before: "returns:"}
	if got := sections[1].Blocks; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParseABlockWithoutAnEnd(t *testing.T) {
	_, err := parse("p.md", "text\n\n```json\n{}\n``\n")
	if want := "p.md:3: the block has no end"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLabel(t *testing.T) {
	for before, want := range map[string]label{
		"The function returns:":           returnsLabel,
		"Returns:":                        returnsLabel,
		"where the function fails with:":  failsLabel,
		"**It receives:**":                receivesLabel,
		"and has the custom context:":     contextLabel,
		"The gateway logs:":               logsLabel,
		"This is wrong:":                  wrongLabel,
		"The client answers:":             answersLabel,
		"A list of blogs:":                "",
		"The function returns: something": "",
		"The function returns":            "",
		"":                                "",
	} {
		if got := (Block{Before: before}).label(); got != want {
			t.Errorf("%q: got %q, want %q", before, got, want)
		}
	}
}

// FuzzParse checks that each block is at its line, for any page.
func FuzzParse(f *testing.F) {
	f.Add("# A\n\ntext:\n\n```json\n{\"a\": 1}\n```\n- b\n\n  ~~~ go\n  x\n  ~~~\n")
	f.Add("> ```\n> a\n> ```\n1. ````text\n   b\n   ````\n")
	f.Add("```\nno end")
	f.Fuzz(func(t *testing.T, page string) {
		sections, err := parse("p.md", page)
		if err != nil {
			return
		}
		lines := strings.Split(strings.ReplaceAll(page, "\r\n", "\n"), "\n")
		last := 0
		for _, s := range sections {
			for _, b := range s.Blocks {
				if b.Line <= last || b.Line < s.Line || b.Line > len(lines) || !fence.MatchString(lines[b.Line-1]) {
					t.Fatalf("line %d, after %d, does not open a block", b.Line, last)
				}
				for i, text := range strings.Split(b.Text, "\n") {
					if !strings.HasSuffix(lines[b.Line+i], text) {
						t.Fatalf("line %d: got %q, which is not the end of %q", b.Line+i+1, text, lines[b.Line+i])
					}
				}
				last = b.Line
			}
		}
	})
}
