package docstest

import (
	"regexp"
	"strings"
)

// A label is the end of the line before a block. It gives the block its meaning.
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

// label returns the block's label, or an empty one.
func (b Block) label() label {
	return label(strings.ToLower(lastWords.FindString(strings.TrimRight(b.Before, "*_"))))
}
