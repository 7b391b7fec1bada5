// Package faults tests what happens when something goes wrong between a gateway and AWS: every
// gateway goes through a table of faults, and each row says what clients and the log may show.
//
// Read faults_test.go first: the table's rows, and how they run. Then:
//
//   - apis_test.go, hostile_test.go, proxy_test.go: stand-ins for AWS
//   - protocols_test.go: HTTP/1.1, HTTP/2 and h2c
//   - checks_test.go, response_test.go, leftovers_test.go: what a client gets, and what must end
//   - invokeapi_test.go, connections_test.go, replies_test.go, streams_test.go, long_test.go,
//     sizes_test.go, compression_test.go, decoders_test.go, clients_test.go: the rows, by what
//     goes wrong
//   - shutdown_test.go: a gateway that stops during requests
package faults
