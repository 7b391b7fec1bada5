// Package soak runs traffic through the examples' gateways, all of them at once and for as long as
// it is told, while their calls fail at random. Every request is accounted for: it is answered
// with what its function said, or with the error that its fault calls for, and with nothing of
// another request's.
//
//	go test -v . -soaktime 2m
//
// To the endpoints of the examples it adds some for invocations that are asynchronous or dry, and
// for those with a client context, a tenant, a name of a durable execution, or a role.
//
// Between a gateway and lambdatest, which stands in for AWS, is a proxy that has calls fail. Each
// request has an id, and the proxy finds it in the calls; so the test knows of each request which
// calls were made for it, in which order, and what became of them. Of that it works out the one
// answer that docs/errors.md allows. Which requests a client sends, and which attempt of which call
// fails of what, depends on the seed alone.
//
// Read soak_test.go first: the run. Then:
//
//   - examples_test.go, functions_test.go: the gateways and what they call
//   - traffic_test.go, invocations_test.go, id_test.go: the requests
//   - proxy_test.go, faults_test.go: the calls that fail
//   - roles_test.go: credentials that soon expire, and calls that are signed with others
//   - ledger_test.go, outcome_test.go, report_test.go: what came of them, and what must not
package soak
