// Package answertest sends requests exactly as written, and compares the answers of an
// application that is served directly with its answers behind a gateway.
//
// It starts neither of the two, and has no cases: these are in e2e and e2e/webapp.
//
// Read answertest.go first: [Send] and [Differences]. changes.go has changes of a request
// that must not change the answer.
package answertest
