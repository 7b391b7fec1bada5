// Package e2e has the black-box tests of the module. They build a KrakenD gateway, run it as a
// process of its own with a krakend.json written for the test, and talk HTTP to it, while
// lambdatest stands in for AWS in the test's process and verifies the signature of every call.
//
// What the gateway logs is in its file before the client has its answer, so a test reads it and
// waits for nothing.
//
// Read harness_test.go first: how a test starts a gateway and an Invoke API. Then
// fixtures_test.go: the configurations and functions that tests share. Each other file is about
// one subject, which its name says:
//
//   - payload_test.go, event_test.go, alb_test.go, request_test.go and others: what functions
//     receive
//   - reply_test.go, stream_test.go, merge_test.go: what clients get
//   - errors_test.go, error_details_test.go, return_error_test.go, retry_test.go: calls that fail
//   - config_test.go, command_test.go, credentials_test.go: what a gateway reads at start
//   - docs_test.go, documentation_test.go: the documentation
//   - adapters_test.go and serverless_test.go, with the build tag integration: software of others
//     on Node.js
//   - browser_test.go, with that tag, too: the example shop in a browser
package e2e
