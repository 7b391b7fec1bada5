// Command functions runs a few sample functions behind an Invoke API on loopback, which takes the
// place of AWS Lambda for the example gateways.
//
// Read main.go first: the Invoke API. Then:
//
//   - functions.go: the names of all functions
//   - greeting.go, order.go: functions that reply with JSON
//   - countdown.go: a function that streams
//   - failure.go: functions that fail
package main
