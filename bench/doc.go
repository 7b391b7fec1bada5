// Command bench measures what a call of a Lambda function costs through this repository's
// adapters, beside the modules that were published under its name, the AWS SDK alone, and a signed
// HTTP call alone. All of them do the same work against the same Invoke API on loopback, each in a
// process of its own.
//
//	go run . [flags] [calls] [memory] [start] [report]
//
// calls measures throughput, CPU time, allocations and latency over sizes and concurrencies;
// memory what large payloads and replies take; start the building of a gateway's pipes. Without an
// argument it does these three. report writes docs/performance.md and its plots from the results.
//
// It needs Linux, for the trust in its own TLS certificate (SSL_CERT_FILE).
//
// It knows nothing of how a contestant makes its calls: bench/worker and bench/lura1 have those
// processes, bench/load the commands that they take, and bench/server the Invoke API. Running
// gateways are measured by bench/gateways.
//
// Read main.go first: the command line. Then:
//
//   - contestants.go, cells.go: what is compared, and with which calls
//   - lab.go, verify.go: builds and starts the programs, and checks that the calls of each
//     contestant are real
//   - calls.go, memory.go, start.go: the three measurements
//   - stats.go: medians and ratios
//   - machine.go, gateways.go: what results say of the machine, and the results of bench/gateways
//   - report.go, tables.go, table.go, plots.go, plot.go: docs/performance.md, from report.md.tmpl
package main
