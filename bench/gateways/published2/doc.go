// Command krakend is the gateway for KrakenD 2 with the Lambda module that was published before
// this one. bench/gateways measures it beside examples/krakend2. It imports nothing of this
// repository.
//
// Read main.go first: it is the only file.
package main
