// Package adaptertest is the table of cases that every adapter runs: configuration and request in,
// payload, response or error out. A case that is added here is checked on every generation of
// KrakenD.
//
// It tests what an adapter can get wrong: the translation between a framework and
// internal/backend. What internal/backend decides has its tests there.
//
// Read adaptertest.go first: [Adapter] and [Run]. Then:
//
//   - cases.go: the table
//   - behaviours.go, connections.go, errorvalues.go, reports.go, statuses.go, templates.go,
//     transport.go: what does not fit into a table
//   - recorder.go: a logger
package adaptertest
