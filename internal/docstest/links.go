package docstest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	// link matches a link or an image in a line, with its target.
	link = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	code = regexp.MustCompile("`[^`]*`")
)

// CheckLinks returns an error for each relative link to a file or a heading that does not exist.
// The pages come from Sections for the same root.
func CheckLinks(root string, sections []*Section) (errs []error) {
	anchors := map[string]map[string]bool{}
	for _, s := range sections {
		if anchors[s.Page] == nil {
			anchors[s.Page] = map[string]bool{}
		}
		anchor := anchorOf(s.Heading)
		for i := 1; anchors[s.Page][anchor]; i++ {
			anchor = fmt.Sprintf("%s-%d", anchorOf(s.Heading), i)
		}
		anchors[s.Page][anchor] = true
	}
	for page := range anchors {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
				if err := checkLink(root, page, m[1], anchors); err != nil {
					errs = append(errs, fmt.Errorf("%s:%d: %w", page, i+1, err))
				}
			}
		}
	}
	return errs
}

func checkLink(root, page, target string, anchors map[string]map[string]bool) error {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return nil
	}
	file, anchor, anchored := strings.Cut(target, "#")
	to := page
	if file != "" {
		to = filepath.ToSlash(filepath.Join(filepath.Dir(page), file))
	}
	if _, err := os.Stat(filepath.Join(root, to)); err != nil {
		return fmt.Errorf("the link %s points to a missing file", target)
	}
	if anchored && !anchors[to][anchor] {
		return fmt.Errorf("the link %s points to a missing heading", target)
	}
	return nil
}

// anchorOf returns GitHub's anchor for a heading: in lower case, only letters, digits, hyphens
// and underscores, and with hyphens for spaces.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
