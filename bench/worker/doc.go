// Command worker is the process of a contestant for KrakenD 2, the one that its argument names. It
// takes commands on standard input, as package load says, and ends with it.
//
// It measures nothing itself: package load does.
//
// Read main.go first: the names of the contestants. Then:
//
//   - adapter.go: this module, and the published one
//   - sdk.go: the AWS SDK alone
//   - floor.go: net/http and a signature
package main
