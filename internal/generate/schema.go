package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The schemas of lambda.json are part of krakend.json, so that a validator needs one file.
const (
	settingsSchema = "schema/lambda.json"
	wholeSchema    = "schema/krakend.json"
)

// The member of krakend.json that holds lambda.json, from its opening line to its closing line.
const (
	opening = "\n    \"lambda\": {\n"
	closing = "\n    },\n"
)

// bundle returns the change that puts lambda.json into krakend.json. It returns none if
// krakend.json is up to date, or if there are no schemas below root.
func bundle(root string) ([]change, error) {
	settings, err := os.ReadFile(filepath.Join(root, settingsSchema))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	whole, err := os.ReadFile(filepath.Join(root, wholeSchema))
	if err != nil {
		return nil, err
	}
	bundled, err := putSettings(string(whole), string(settings))
	if err != nil {
		return nil, err
	}
	if bytes.Equal(whole, []byte(bundled)) {
		return nil, nil
	}
	return []change{{file: wholeSchema, source: settingsSchema, content: []byte(bundled)}}, nil
}

// putSettings returns krakend.json with the lines of lambda.json in its definition of lambda.
// $schema and $id stay out: they are those of a file.
func putSettings(whole, settings string) (string, error) {
	before, rest, ok := strings.Cut(whole, opening)
	if !ok {
		return "", fmt.Errorf("%s has no line %q", wholeSchema, strings.TrimSpace(opening))
	}
	// The member may be empty: its opening line ends with the first byte of closing.
	_, after, ok := strings.Cut("\n"+rest, closing)
	if !ok {
		return "", fmt.Errorf("%s: no line closes %q", wholeSchema, strings.TrimSpace(opening))
	}
	var b strings.Builder
	b.WriteString(before + opening)
	lines := strings.Split(strings.TrimSpace(settings), "\n")
	for _, line := range lines[1 : len(lines)-1] {
		if !strings.HasPrefix(line, `  "$schema"`) && !strings.HasPrefix(line, `  "$id"`) {
			b.WriteString("    " + line + "\n")
		}
	}
	b.WriteString(closing[1:] + after)
	return b.String(), nil
}
