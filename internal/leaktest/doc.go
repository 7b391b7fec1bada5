// Package leaktest fails a test binary that leaves goroutines behind.
//
// It detects goroutines, but not connections or files.
//
// Read leaktest.go first: it is the only file.
package leaktest
