// Package components tests a Lambda backend together with KrakenD's other backend components, in the
// versions of KrakenD-CE 1.4.1. The components are stacked as in its backend_factory.go,
// proxy_factory.go and handler_factory.go. KrakenD's parser reads the configurations, its gin
// handlers serve the requests, and lambdatest stands in for AWS.
//
// Read stack_test.go first: the gateway of the tests. Then:
//
//   - errors_test.go, breaker_test.go: how components handle a backend's errors
//   - cel_test.go, lua_test.go, jose_test.go, decoders_test.go: one component each
//   - docs_test.go: the sections of the documentation about components
package components
