package docstest

import (
	"fmt"
	"regexp"
	"strings"
)

// A Block is a fenced block.
type Block struct {
	Page     string
	Line     int    // of the fence that opens it, from 1
	Language string // the first word of its info string, in lower case
	Text     string // without the last line feed
	// Before is the line of text before the block. It is empty if a heading or another block
	// comes before it.
	Before string
}

// errorf returns an error that names the position of the block.
func (b Block) errorf(format string, args ...any) error { return b.errorfAt(0, format, args...) }

// errorfAt is errorf for a line of the block's text, from 1.
func (b Block) errorfAt(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", b.Page, b.Line+line, fmt.Errorf(format, args...))
}

var (
	heading = regexp.MustCompile(`^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$`)
	// fence matches the line that opens a block, with its indentation (spaces, quotation and
	// list markers) and the info string.
	fence = regexp.MustCompile("^([ \t>]*(?:(?:[-*+]|[0-9]+[.)])[ \t]+)*)(?:(```+)([^`]*)|(~~~+)(.*))$")
)

// parse reads the sections of a page. Text before the first heading is a section
// without a heading.
func parse(page, text string) ([]*Section, error) {
	section := &Section{Page: page, Line: 1}
	sections := []*Section{section}
	before := ""
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if m := heading.FindStringSubmatch(line); m != nil {
			section, before = &Section{Page: page, Heading: m[2], Level: len(m[1]), Line: i + 1}, ""
			sections = append(sections, section)
			continue
		}
		m := fence.FindStringSubmatch(line)
		if m == nil {
			if line = strings.TrimSpace(strings.TrimLeft(line, " \t>")); line != "" {
				before = line
			}
			continue
		}
		indent, mark, info := m[1], m[2]+m[4], strings.Fields(m[3]+m[5])
		b := Block{Page: page, Line: i + 1, Before: before}
		if len(info) > 0 {
			b.Language = strings.ToLower(info[0])
		}
		var content []string
		for i++; i < len(lines) && !closes(lines[i], indent, mark); i++ {
			content = append(content, unindented(lines[i], indent))
		}
		if i == len(lines) {
			return nil, b.errorf("the block has no end")
		}
		b.Text = strings.Join(content, "\n")
		section.Blocks, before = append(section.Blocks, b), ""
	}
	return sections, nil
}

// closes tells whether a line ends a block with this fence.
func closes(line, indent, mark string) bool {
	line = strings.TrimSpace(unindented(line, indent))
	return len(line) >= len(mark) && strings.Trim(line, mark[:1]) == ""
}

// unindented removes the block's indentation from a line. The marker of a list item in the fence
// counts as spaces.
func unindented(line, indent string) string {
	for i := range len(indent) {
		if line == "" || line[0] != indent[i] && line[0] != ' ' && line[0] != '\t' {
			break
		}
		line = line[1:]
	}
	return line
}
