// Package credentials keeps AWS credentials fresh for calls: it looks them up at start and in the
// background before they expire, so that no request waits for a lookup while there are
// credentials, and no lookup that hangs, fails, panics or lies does harm. It knows no AWS SDK: a
// [Finder] does the lookup. It signs nothing and calls no function; what AWS says about the
// credentials it learns from the Mark methods of a [View].
//
// Read cache.go first: [Cache] and [Cache.For]. Then:
//
//   - view.go: what one endpoint gets, and when its requests wait ([View.Retrieve])
//   - marks.go: what AWS's answers to one endpoint mean ([View.MarkExpired], [View.MarkInvalid])
//   - schedule.go: when lookups start; all pauses and limits are there
//   - change.go: how a change of the shared files is found out before the next pause ends
//   - lookup.go: one lookup, its time limit and its result
//   - process_unix.go, process_other.go: a credential_process ends with what it has started
//   - errors.go: [Error]
//   - log.go: what is logged, once for each change
package credentials
