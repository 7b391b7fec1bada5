// Package sdkv1 uses aws-sdk-go to give internal/invoke what it needs: sessions, credentials,
// regions, endpoints, the number of retries, and the SDK's error types. It serves KrakenD 1.x.
// It makes the calls only for builds that set an Invoker; for all others it only looks up
// credentials.
//
// Read sdk.go first: [SDK.Client]. Then:
//
//   - session.go: sessions and their HTTP clients
//   - files.go, profile.go: the shared AWS files, and profiles that the SDK would misread
//   - finder.go, lookup.go: the sources of credentials, and the limits of a lookup
//   - process.go: credential_process, with limits and with all of its arguments
//   - endpoint.go: endpoints in the environment, and in partitions that the SDK does not know
//   - handlers.go: a session's handlers, which calls do not run
//   - errors.go: errors of the SDK
//   - invoker.go, exchange.go, stream.go, framing.go: calls with a build's Invoker
//
// # Limits
//
// The SDK calls credentials providers in a goroutine where this module cannot recover a panic.
// So if a provider of a build's session panics, the process ends. This module checks network
// answers before the SDK's providers read them, except for the providers of a build's session,
// whose requests it does not control.
//
// The next retrieval waits for one that hangs. The SDK does not tell providers when a lookup
// ends, so only operations with a timeout end by themselves: requests, and a credential_process.
//
// If the credential_process of a role's source profile has a word that begins with a comma, the
// SDK treats the profile as one without credentials. This module reports that as an error at
// start.
package sdkv1
