// Package transport has the HTTP transports for calls to AWS: http.DefaultTransport as it is at
// the time of a call, with the certificates of a CA bundle if one is configured. It uses no AWS
// SDK, and it never follows redirects: they would send payloads and credentials to any address
// in an answer.
//
// Read transport.go first: it is the only file.
package transport
