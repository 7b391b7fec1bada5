// Command krakend is a KrakenD 1.4 gateway whose backends can be AWS Lambda functions: an example
// of a build with this module, and what the end-to-end tests run. It has none of KrakenD-CE's
// other components. internal/generate writes most of its files from examples/krakend.
//
// Read main.go first: it builds the gateway and serves it. Then:
//
//   - check.go, table.go: -check, and the table of endpoints that it shows
//   - param.go, placeholders.go, untyped.go, headers.go: what -check warns of
//   - handlers.go: keeps KrakenD from logging an error twice
//   - version.go: -version
//   - serve.go: the HTTP server
package main
