// Package gatewaytest runs gateways for tests: builds of KrakenD with this module's backends,
// each in a separate process with a krakend.json for the test.
//
// It starts no Invoke API and writes no configuration of a Lambda backend: the tests do.
//
// Read gateway.go first: [New] and [Gateway]. Then:
//   - process.go: a running gateway, its log and its end ([Start])
//   - race.go, norace.go: whether it is built with the race detector
//   - port.go, certificate.go: where it listens
//   - introspection.go: its goroutines and its heap
//   - secrets.go: texts that no log may contain
package gatewaytest
