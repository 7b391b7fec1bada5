package docstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

type (
	object = map[string]any
	list   = []any
)

// firstMember matches the start of an object's members without braces around them.
var firstMember = regexp.MustCompile(`^\s*"(?:[^"\\]|\\.)*"\s*:`)

// value reads the block's JSON. It treats members without braces as an object.
func (b Block) value() (v any, bare bool, err error) {
	text := b.Text
	if bare = firstMember.MatchString(text); bare {
		text = "{" + text + "}"
	}
	v, err = decode(text)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line := 1 + strings.Count(text[:min(int(syntax.Offset), len(text))], "\n")
		return nil, bare, b.errorfAt(line, "this is not JSON: %w", err)
	case err != nil:
		return nil, bare, b.errorf("this is not JSON: %w", err)
	}
	return v, bare, nil
}

// decode reads one JSON value, and keeps numbers as written.
func decode(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more text after the value")
	}
	return v, nil
}

// encode writes a value from decode, or a part of one.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// clone returns a deep copy of a value from decode.
func clone(v any) any {
	switch v := v.(type) {
	case object:
		c := make(object, len(v))
		for key, member := range v {
			c[key] = clone(member)
		}
		return c
	case list:
		c := make(list, len(v))
		for i, element := range v {
			c[i] = clone(element)
		}
		return c
	}
	return v
}
