// Package webapp proves Lambda backends with software that was not written for them: an ordinary
// net/http application, the one in package shop, that runs as a function through
// github.com/awslabs/aws-lambda-go-api-proxy. Each request of a table is sent to the shop itself,
// and to the shop behind a gateway of each generation of KrakenD and in each of API Gateway's
// payload formats. The answers must be the same, but for the exceptions that are listed, with
// their reasons, in exceptions_test.go.
//
// Read answers_test.go first: the comparison. Then:
//
//   - cases_test.go, exceptions_test.go: the requests, and the known differences
//   - gateway_test.go: the gateways
//   - events_test.go, concurrency_test.go: the events, and many clients at once
package webapp
