// Package sdktest has the tests that both sdkv1 and sdkv2 must pass: what the shared AWS files,
// STS and the metadata services may do to a client of the Invoke API.
//
// It uses no AWS SDK: tests for a single SDK are in that SDK's package.
//
// Read sdktest.go first: [New]. Then:
//
//   - rotation.go: keys that change, and endpoints that refuse good ones
//   - profiles.go: roles of profiles that cannot be assumed
//   - secrets.go: errors that repeat secrets
//   - answers.go: invalid answers of STS
//   - sts.go, transport.go: an STS, and transports, for other tests of these packages
package sdktest
