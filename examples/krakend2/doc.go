// Command krakend is a KrakenD 2 gateway whose backends can be AWS Lambda functions: an example of
// a build with this module, and what the end-to-end tests run. It has none of KrakenD-CE's other
// components. internal/generate writes most of its files from examples/krakend.
//
// Read main.go first: it builds the gateway and serves it. Then:
//
//   - check.go, table.go: -check, and the table of endpoints that it shows
//   - placeholders.go, untyped.go, headers.go: what -check warns of
//   - handlers.go: what KrakenD does not log a second time
//   - version.go: -version
package main
