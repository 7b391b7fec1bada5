// Package load makes the calls of a benchmark and counts what they cost. It knows
// neither the gateway's framework nor AWS's SDK, so that every contestant is measured
// by the same code: a worker process links it with one contestant, takes commands on
// standard input and answers them on standard output.
package load
