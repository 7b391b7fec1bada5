// Package sdkv2 knows the world by aws-sdk-go-v2, for KrakenD 2: where the Invoke API is, how
// often the SDK would try a call again, which transport a call goes through, and where
// credentials come from. It makes no calls itself, but with an [Invoker] that the build has set,
// and it keeps no credentials: internal/credentials does.
//
// Read sdk.go first: [SDK.Client], which is called once for each backend when the pipes are built.
// Then:
//
//   - profile.go, load.go, files.go: what is read of the environment and the shared AWS files
//   - target.go: region, endpoint, number of retries, user agent
//   - http.go: the transport of calls
//   - lookup.go: how credentials are found, as a credentials.Finder
//   - send.go: requests and answers of lookups, bounded and checked
//   - process.go: credential_process, bounded
//   - errors.go: errors of the SDK, fit for a log
//   - invoker.go, exchange.go, stream.go: calls with a custom Invoker
//
// # Limits
//
// The SDK's aws.CredentialsCache calls its provider in a goroutine where nothing can recover a
// panic. So a provider of a build's own that panics inside of one ends the process, and so does
// the SDK's for aws login where its cache file holds null (credentials v1.19.12). What comes over
// the network is checked before it gets there.
//
// An HTTP client of a build's own type, neither an *http.Client nor the SDK's, follows redirects if
// it likes. The SDK's own client behind an Invoker follows one of a call without a payload.
package sdkv2
