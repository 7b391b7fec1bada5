// Command run shows the library at work on one machine, without AWS. From the repository's root,
// `go run ./examples/run` builds and starts the sample functions, a web application that runs as
// one, and the example gateway of one generation of KrakenD, sends the gateway a request of each
// kind, and leaves all of them running until it is interrupted.
//
// Read main.go first: it starts the programs in order. Then:
//
//   - build.go: builds the programs
//   - process.go: a running program, and its end
//   - requests.go: sends the requests, and prints them
package main
