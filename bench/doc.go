// Command bench compares calls of this module with calls of KrakenD's own modules ("published") and of
// the AWS SDKs alone. It also compares endpoints of gateways that call Lambda with endpoints that
// call an HTTP service. It writes the tables and the plot of docs/performance.md.
//
// Go's benchmarks measure single packages: BenchmarkCall, BenchmarkReply and BenchmarkBackends beside
// each adapter, and others in the internal packages. scripts/compare runs them on two revisions.
//
// The contestants take turns in short slices, so that other load on the machine affects all of them
// equally. A ratio is the median of the ratios of each round. All traffic stays on loopback.
//
// Read main.go first: the command line. Then:
//
//   - calls.go, start.go, gateways.go: the three measurements
//   - contestants.go, lura1.go, lura2.go, sdk.go: the code that makes the calls and builds the pipes
//   - api.go, document.go: the Invoke API and the HTTP service, and their replies
//   - process.go, client.go: gateways, and the requests to them
//   - published.go: the gateway with the published module
//   - stats.go, report.go, plot.go: ratios, tables and the plot
package main
