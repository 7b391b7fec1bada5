// Package faults has what can go wrong between a gateway and AWS, and what may come of it: a table
// of faults that every gateway goes through. It has a module of its own for the sake of
// github.com/Shopify/toxiproxy.
//
// Read faults_test.go first: the table's rows, and how they run. Then:
//
//   - apis_test.go, hostile_test.go, proxy_test.go: what a gateway takes for AWS
//   - protocols_test.go: HTTP/1.1, HTTP/2 and h2c
//   - checks_test.go, response_test.go, leftovers_test.go: what a client gets, and what must not be left over
//   - invokeapi_test.go, connections_test.go, replies_test.go, streams_test.go, long_test.go,
//     sizes_test.go, compression_test.go, decoders_test.go, clients_test.go: the rows, by what
//     goes wrong
//   - shutdown_test.go: a gateway that stops while requests are under way
package faults
