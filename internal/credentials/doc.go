// Package credentials keeps AWS credentials fresh for calls. It looks them up at start, and in
// the background before they expire, so that no request waits for a lookup while there are
// credentials. A lookup that hangs, fails, panics or returns wrong data does no harm. The
// package uses no AWS SDK: a [Finder] does the lookup. It signs nothing and calls no function;
// the Mark methods of a [View] tell it how AWS responds to the credentials.
//
// Read cache.go first: [Cache] and [Cache.For]. Then:
//
//   - view.go: the credentials for one endpoint, and when its requests wait ([View.Retrieve])
//   - marks.go: how AWS's responses to one endpoint change its state ([View.MarkExpired],
//     [View.MarkInvalid])
//   - schedule.go: when lookups start; all pauses and limits are there
//   - change.go: how changes of the shared files are detected before the next pause ends
//   - lookup.go: one lookup, its time limit and its result
//   - process_unix.go, process_other.go: end a credential_process with its child processes
//   - environment.go: half of a key in the environment ([Environment])
//   - errors.go: [Error]
//   - log.go: what is logged, once for each change
package credentials
