// Package e2e has the black-box tests of the module. They build a KrakenD gateway, run it as a separate
// process with a krakend.json for the test, and send HTTP requests to it. lambdatest stands in for
// AWS in the test's process, and verifies the signature of every call.
//
// The gateway writes its log lines before the client gets its answer, so a test can read the log
// without waiting.
//
// Read harness_test.go first: how a test starts a gateway and an Invoke API. Then
// fixtures_test.go: the configurations and functions that tests share. Each other file has one
// subject, which its name says:
//
//   - payload_test.go, event_test.go, alb_test.go, request_test.go and others: what functions
//     receive
//   - reply_test.go, stream_test.go, merge_test.go: what clients get
//   - errors_test.go, error_details_test.go, return_error_test.go, retry_test.go: calls that fail
//   - config_test.go, command_test.go, credentials_test.go: what a gateway reads at start
//   - docs_test.go, documentation_test.go: the documentation
//   - adapters_test.go and serverless_test.go, with the build tag integration: other projects'
//     software on Node.js
//   - browser_test.go, also with that tag: the example shop in a browser
package e2e
