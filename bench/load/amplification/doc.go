// Package amplification counts how many calls reach AWS for each request while calls fail: for
// good, or now and then. Its tests are those of the workers, one for each AWS SDK. They count and
// measure no time.
//
// Read amplification.go first: it is the only file.
package amplification
