// Package components has the tests of a Lambda backend beside KrakenD's other backend components,
// at the versions that KrakenD-CE 1.4.1 is built with. The components are stacked as its
// backend_factory.go, proxy_factory.go and handler_factory.go do, configurations go through
// KrakenD's own parser, requests through its gin handlers, and lambdatest stands in for AWS.
//
// Read stack_test.go first: the gateway that the tests have. Then:
//
//   - errors_test.go, breaker_test.go: what components make of a backend's errors
//   - cel_test.go, lua_test.go, jose_test.go, decoders_test.go: one component each
//   - docs_test.go: the sections of the documentation about components
package components
