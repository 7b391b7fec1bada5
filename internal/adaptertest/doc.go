// Package adaptertest is the table of cases that every adapter runs, from configuration and
// request to payload, response or error. A new case here is checked on every generation of
// KrakenD.
//
// It tests only the adapters' work: the translation between a framework and internal/backend.
// The decisions of internal/backend have their tests there.
//
// Read adaptertest.go first: [Adapter] and [Run]. Then:
//
//   - cases.go: the table
//   - behaviours.go, connections.go, errorvalues.go, reports.go, statuses.go, templates.go,
//     transport.go: what does not fit into a table
//   - decoders.go: the framework's decoders for JSON, and those that replace them
//   - recorder.go: a logger
package adaptertest
