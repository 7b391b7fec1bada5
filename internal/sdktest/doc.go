// Package sdktest has the cases that both sdkv1 and sdkv2 must pass: what the shared AWS files, STS
// and the metadata services may do to a client of the Invoke API.
//
// It knows no AWS SDK: what only one of them does is in the tests of its package.
//
// Read sdktest.go first: [New]. Then:
//
//   - rotation.go: keys that change, and endpoints that refuse good ones
//   - profiles.go: roles of profiles that cannot be assumed
//   - secrets.go: errors that repeat secrets
package sdktest
