// Package jsonreply decodes a JSON reply in one pass, into the same values that KrakenD's own
// decoders produce with encoding/json. It accepts only valid replies: it passes all others
// unchanged to the decoder that it replaces. So the results and the errors are KrakenD's.
//
// It imports only the standard library, and uses no HTTP and no KrakenD. Its only state is a
// pool of buffers.
//
// Read decoder.go first: [Known.OnePass]. Then:
//
//   - parse.go: the pass over a document
//   - text.go: the strings of a document
//   - buffer.go: the memory for a reply while it is decoded
package jsonreply
