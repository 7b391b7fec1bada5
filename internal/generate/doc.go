// Command generate writes the Go files that differ from a file of another directory by nothing but
// import paths: Lura 1.4 is KrakenD 1.2 under another path, and the example gateways share some of
// their code. The table targets says which directory gets which files.
//
// It also puts schema/lambda.json into schema/krakend.json.
//
// It runs in the root of the repository. "make generate" writes what has changed, and removes the
// generated files whose source is gone. "make check" calls it with -check: it then writes nothing,
// and fails where it would have.
//
// Read main.go first. schema.go has the schemas.
package main
