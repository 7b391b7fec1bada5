// Command bench compares calls through this module with calls through the modules published
// before it and through the AWS SDKs alone, and the endpoints of gateways that call Lambda with
// those that call an HTTP service. It writes the tables and the plot of docs/performance.md.
//
// Units are measured elsewhere, by Go's own benchmarks: BenchmarkCall, BenchmarkReply and
// BenchmarkBackends beside each adapter, and others in the internal packages. scripts/compare
// runs them on two revisions.
//
// What is compared takes turns in short slices, so that other load on the machine meets all of it
// alike. A ratio is the median of the ratios of each round. All traffic stays on loopback.
//
// Read main.go first: the command line. Then:
//
//   - calls.go, start.go, gateways.go: the three measurements
//   - contestants.go, lura1.go, lura2.go, sdk.go: what makes the calls, and builds the pipes
//   - api.go, document.go: the Invoke API and HTTP service that answer, and their replies
//   - process.go, client.go: gateways, and the requests sent to them
//   - published.go: the gateway with the published module
//   - stats.go, report.go, plot.go: ratios, tables and the plot
package main
