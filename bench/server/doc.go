// Command server is the Invoke API that the benchmarks call: as little as can answer as AWS does,
// so that what is measured is the caller. It listens on loopback, with and without TLS, prints
// where on standard output as one line of JSON, and ends with its standard input.
//
// What a function does is in its name:
//
//	reply-SIZE   answers with a document of SIZE bytes
//	barrier-N    answers when N calls are waiting
//	half-SIZE    answers with half of a document, and with the rest when it is released
//	late-SIZE    answers when it is released
//
// It checks the form of signatures and does not verify them: that would take more time than the
// calls.
//
// Read main.go first: the listeners. Then:
//
//   - api.go: functions and their names, and what was counted
//   - reply.go: replies, prepared once
//   - signature.go: the form of a signature
//   - certificate.go: the certificate of the listener with TLS
package main
