// Package sdkv1 tells internal/invoke what it needs to know of the world, by aws-sdk-go: sessions,
// credentials, regions, endpoints, the number of retries, and the SDK's error types. It serves
// KrakenD 1.x. It makes the calls of builds that set an Invoker; in all others it only looks up
// credentials.
//
// Read sdk.go first: [SDK.Client]. Then:
//
//   - session.go: sessions and their HTTP clients
//   - files.go, profile.go: the shared AWS files, and profiles that the SDK would misread
//   - finder.go, lookup.go: where credentials come from, and the limits of a lookup
//   - process.go: credential_process, bounded, and with all of its arguments
//   - endpoint.go: endpoints of the environment and of partitions that the SDK does not know
//   - handlers.go: handlers of a session, which calls do not run
//   - errors.go: errors of the SDK
//   - invoker.go, exchange.go, stream.go, framing.go: calls by an Invoker that the build has set
//
// # Limits
//
// The SDK calls credentials providers in a goroutine where no code of this module can recover a
// panic. So a provider of a build's session that panics ends the process. Answers that come over the
// network are checked before the SDK's providers read them, but for the providers of a build's
// session: their requests are the build's.
//
// A retrieval that hangs is waited for before the next one starts. The SDK hides the end of a lookup
// from providers, so only what has a timeout ends by itself: requests, and a credential_process.
//
// The SDK takes a role's source profile for one without credentials where its credential_process has
// a word that begins with a comma. That is an error at start.
package sdkv1
