// Package gatewaytest runs gateways for tests: builds of KrakenD with the backends of this module,
// each a process of its own with a krakend.json written for the test.
//
// It starts no Invoke API and writes no configuration of a Lambda backend: the tests do.
//
// Read gateway.go first: [New] and [Gateway]. Then:
//
//   - process.go: a gateway that runs, its log and its end ([Gateway.Start])
//   - port.go, certificate.go: where it listens
//   - introspection.go: its goroutines and its heap
//   - secrets.go: what no log may have
package gatewaytest
