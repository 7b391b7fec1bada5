// Package transport has the HTTP transports of calls to AWS: http.DefaultTransport as it is at
// the time of a call, with the certificates of a CA bundle where one is configured. It knows no
// AWS SDK, and it never follows redirects: they would carry payloads and credentials to wherever
// an answer says.
//
// Read transport.go first: it is the only file.
package transport
