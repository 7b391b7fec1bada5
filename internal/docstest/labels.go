package docstest

import (
	"regexp"
	"strings"
)

// A label is what the line before a block ends with, and gives the block its meaning.
type label string

const (
	returnsLabel  label = "returns:"
	failsLabel    label = "fails with:"
	receivesLabel label = "receives:"
	contextLabel  label = "custom context:"
	answersLabel  label = "answers:"
	logsLabel     label = "logs:"
	wrongLabel    label = "wrong:"
)

var lastWords = regexp.MustCompile(`(?i)\b(?:returns|fails with|receives|custom context|answers|logs|wrong):$`)

// label is the block's, empty for none.
func (b Block) label() label {
	return label(strings.ToLower(lastWords.FindString(strings.TrimRight(b.Before, "*_"))))
}
