// Command ours is the process of this repository's adapter for KrakenD 1.4. It takes commands on
// standard input, as package load says, and ends with it.
//
// It measures nothing itself. It is a module of its own, because both modules for KrakenD 1.4 have
// the same name.
//
// Read main.go first: it is the only file.
package main
