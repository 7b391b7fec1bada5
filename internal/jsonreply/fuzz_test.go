package jsonreply

import "testing"

// FuzzDecoders holds the pass against encoding/json: the same documents, and the same values.
func FuzzDecoders(f *testing.F) {
	for _, tc := range documents {
		f.Add(tc.document)
	}
	f.Fuzz(check)
}
