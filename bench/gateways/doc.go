// Command gateways measures running gateways over HTTP: what an endpoint on a Lambda function
// costs beside an endpoint on a plain HTTP service, in the same process of the example gateway,
// and beside the same gateway built with the module that was published before. It does so for each
// generation of KrakenD.
//
// From this directory, `go run .` prints a table and writes a JSON file. The gateways are
// processes of their own, and so is the upstream that both kinds of backends call. The load comes
// from this process. All of it stays on loopback.
//
// The runs that are compared take turns, several rounds of them, and a ratio is the median of the
// rounds' ratios: what else the machine does then meets all of them alike. All processes share its
// CPUs, so requests per second tell less of a difference than the CPU time of the gateway alone
// does.
//
// Read main.go first: the command line and the rounds. Then:
//
//   - generation.go: the gateways and their configuration
//   - load.go, measurement.go: the requests of one run, and what they show
//   - upstream.go: the Invoke API and the HTTP service that gateways call
//   - process.go, parent_linux.go, parent_other.go: processes that end with this one
//   - report.go: the table and the JSON file
package main
