package text

import (
	"bytes"
	"encoding/json"
)

// JSON encodes v as encoding/json does, without a line feed at the end and without escapes
// for HTML, which would make six bytes of each <. v must be of a type that always encodes:
// maps with string keys, lists, structs, strings, numbers. It returns nil for others.
func JSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// AppendJSON appends s as a JSON string.
func AppendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(b, JSON(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
