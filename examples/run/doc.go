// Command run shows the library at work on one machine, without AWS. From the repository's root,
// `go run ./examples/run` builds and starts the sample functions, a web application that runs as
// one, and the example gateway of one generation of KrakenD, sends the gateway a request of each
// kind, and leaves all of them running until it is interrupted.
//
// Read main.go first: what is started, and in which order. Then:
//
//   - build.go: how the programs are built
//   - process.go: the programs, and how they end
//   - requests.go: the requests, and how they are shown
package main
