// Package amplification counts how many calls reach AWS for each request while calls fail: for
// good, or now and then. Its tests are those of the workers, one for each AWS SDK. They count and
// measure no time. `go test -v -run TestAmplification ./worker`, in the directory bench, logs the
// counts as a table for KrakenD 2, and the same with `.` in bench/lura1/ours for KrakenD 1.x.
// docs/operating.md has both.
//
// Read amplification.go first: what is checked. Then:
//
//   - api.go: the requests, and the API that fails and counts
package amplification
