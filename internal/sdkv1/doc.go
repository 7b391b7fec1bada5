// Package sdkv1 tells internal/invoke what it needs to know of the world, by aws-sdk-go: sessions,
// credentials, regions, endpoints, the number of retries, and the SDK's error types. It serves
// KrakenD 1.x. It makes the calls of builds that set an Invoker; in all others it only looks up
// credentials.
//
// Read sdk.go first: [SDK.Client]. Then:
//
//   - session.go, profile.go: sessions, and profiles that the SDK would misread
//   - finder.go, lookup.go, process.go: where credentials come from, and the limits of a lookup
//   - files.go: the shared AWS files
//   - endpoint.go: endpoints of the environment and of partitions that the SDK does not know
//   - handlers.go: handlers of a session, which calls do not run
//   - errors.go: errors of the SDK
//   - invoker.go, exchange.go, stream.go, framing.go: calls by an Invoker that the build has set
package sdkv1
