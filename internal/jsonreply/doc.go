// Package jsonreply decodes a JSON reply in one pass, into the values that KrakenD's own decoders
// make of it with encoding/json. It takes valid replies only: whatever else comes it hands, byte
// for byte, to the decoder that it stands for. So the results and the errors are KrakenD's.
//
// It imports nothing but the standard library, and knows no HTTP and no KrakenD. Its one state is
// a pool of buffers.
//
// Read decoder.go first: [Known.OnePass]. Then:
//
//   - parse.go: the pass over a document
//   - text.go: its strings
//   - buffer.go: where a reply is kept while it is decoded
package jsonreply
