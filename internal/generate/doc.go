// Command generate writes the Go files that differ from a file in another directory only in
// their import paths: Lura 1.4 is KrakenD 1.2 under another path, and the example gateways share
// some of their code. The table targets lists the directories and their files.
//
// It also puts schema/lambda.json into schema/krakend.json.
//
// It runs in the root of the repository. "make generate" writes changed files, and removes
// generated files whose source is gone. "make check" calls it with -check: then it writes
// nothing, and fails if a file is out of date.
//
// Read main.go first. schema.go has the schemas.
package main
