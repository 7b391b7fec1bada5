// Package load makes the calls of a benchmark and counts what they cost. It knows neither the
// gateway's framework nor AWS's SDK, so that the same code measures every contestant: a worker
// process links it with one contestant, takes commands on standard input and answers them on
// standard output.
//
// Read command.go first: the commands, and [Serve], which executes them. Then:
//
//   - caller.go, gateway.go: what a contestant hands over, and the krakend.json of those that are
//     gateways
//   - document.go: payloads and replies of an exact size
//   - measure.go, loop.go: throughput, CPU time and latency
//   - hold.go: memory, while calls stop half-way
//   - pipes.go: the building of a gateway's pipes
//   - usage.go: what the process has used
package load
