// Package soak sends traffic through all gateways of the examples at the same time, for a given
// duration, while their calls fail at random. It checks the answer to every request: the function's
// reply, or the error that belongs to the fault, and never data of another request.
//
//	go test -v . -soaktime 2m
//
// Besides the examples' endpoints, it has endpoints for asynchronous and dry invocations, and for
// those with a client context, a tenant, the name of a durable execution, or a role.
//
// A proxy between each gateway and lambdatest, which stands in for AWS, makes calls fail. Each
// request has an id, and the proxy finds it in the calls. So the test knows which calls the gateway
// made for each request, in which order, and how they ended. From that it derives the one answer
// that docs/errors.md allows. Only the seed decides which requests a client sends, and which
// attempts of which calls fail with which fault.
//
// Read soak_test.go first: the run. Then:
//
//   - examples_test.go, functions_test.go: the gateways, and the functions that they call
//   - traffic_test.go, invocations_test.go, id_test.go: the requests
//   - proxy_test.go, faults_test.go: the calls that fail
//   - roles_test.go: credentials that soon expire, and calls with wrong signatures
//   - ledger_test.go, outcome_test.go, report_test.go: the results, and what counts as a failure
package soak
