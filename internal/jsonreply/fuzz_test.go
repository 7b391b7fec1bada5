package jsonreply

import "testing"

// FuzzDecoders compares the one pass with encoding/json: it decodes the same documents to the same
// values.
func FuzzDecoders(f *testing.F) {
	for _, tc := range documents {
		f.Add(tc.document)
	}
	f.Fuzz(check)
}
