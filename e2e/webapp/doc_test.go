// Package webapp tests Lambda backends with an ordinary net/http application, the one in package shop.
// It runs as a function through github.com/awslabs/aws-lambda-go-api-proxy. The test sends each
// request of a table to the shop without a gateway, and to the shop behind a gateway, for each
// generation of KrakenD and each of API Gateway's payload formats. The answers must be the same,
// except for the exceptions in exceptions_test.go, which have reasons.
//
// Read answers_test.go first: the comparison. Then:
//
//   - cases_test.go, exceptions_test.go: the requests, and the known differences
//   - gateway_test.go: the gateways
//   - events_test.go, concurrency_test.go: the events, and many clients at once
package webapp
