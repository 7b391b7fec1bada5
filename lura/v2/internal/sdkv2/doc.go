// Package sdkv2 uses aws-sdk-go-v2 to find what internal/invoke needs: the address of
// the Invoke API, the number of retries, the transport of calls,
// and the credentials. It serves KrakenD 2. It makes the calls of builds that set an
// [Invoker]; in all others it only looks up credentials, and internal/credentials caches them.
//
// Read sdk.go first: [SDK.Client], which is called once for each backend when the pipes are built.
// Then:
//
//   - profile.go, load.go, files.go: the environment and the shared AWS files
//   - target.go: region, endpoint, number of retries, user agent
//   - http.go: the transport of calls
//   - lookup.go: lookups of credentials, as a credentials.Finder
//   - send.go: requests and answers of lookups, bounded and checked
//   - process.go, login.go: credential_process, bounded; the cache file of aws login, checked
//   - errors.go: errors of the SDK, safe to log
//   - invoker.go, exchange.go, stream.go: calls with a custom Invoker; watched.go: why its client
//     has no credentials
//
// # Limits
//
// A panic of a custom provider is an error of the lookup, unless the provider is behind an
// aws.CredentialsCache, as LoadDefaultConfig puts it: the cache calls it in a goroutine where nothing
// can recover the panic, and the process ends. The SDK's providers are in such caches too. What
// comes over the network, and the cache file of aws login, is checked before it gets to them.
//
// An HTTP client of a custom type, neither an *http.Client nor the SDK's, may follow redirects. The
// SDK's default client behind an Invoker follows one of a call without a payload.
//
// With an Invoker that drops the options of a call, the limits of replies, the headers and the
// cached credentials are those of its client.
package sdkv2
