// Package invoke calls the Invoke API of AWS Lambda: it signs, sends, limits and decodes each
// attempt, decides which failures are tried again and when, and reads event streams. It imports
// no AWS SDK and no KrakenD, and declares what it needs of them: [Credentials] and the fields of
// [Target].
//
// Read client.go first: [Client.Invoke], the one path of a call. Then:
//
//   - request.go, response.go: what goes out, and what comes back
//   - attempt.go: one attempt over HTTP
//   - retry.go, budget.go, clock.go: what is tried again, how often, and at what time it is signed
//   - errors.go, codes.go: errors and AWS's error codes
//   - redact.go: what no error repeats
//   - body.go, payload.go: limits of what is read, and payloads in pieces
//   - memory.go: payloads whose memory is used again
//   - credentials.go, sdk.go: what an AWS SDK tells
//   - stream.go, streamevents.go, eventstream.go: replies that come as event streams
package invoke
