// Package leaktest fails a test binary that leaves goroutines behind.
//
// It sees goroutines, and neither connections nor files.
//
// Read leaktest.go first: it is the only file.
package leaktest
