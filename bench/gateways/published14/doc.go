// Command krakend is the gateway for KrakenD 1.4 with the Lambda module that was published before
// this one. bench/gateways measures it beside examples/krakend14. It imports nothing of this
// repository.
//
// Read main.go first: it builds the gateway. serve.go serves it on loopback.
package main
