// Package invoke calls the Invoke API of AWS Lambda: it signs, sends, limits and decodes each
// attempt, decides which failures to retry and when, and reads event streams. It imports no AWS
// SDK and no KrakenD, and declares what it needs from them: [Credentials] and the fields of
// [Target].
//
// Read client.go first: [Client.Invoke], the one path of a call. Then:
//
//   - request.go, response.go: the request, and the response
//   - attempt.go: one attempt over HTTP
//   - retry.go, budget.go, clock.go: which failures are retried, how often, and the time in
//     signatures
//   - errors.go, codes.go: errors and AWS's error codes
//   - redact.go: secrets that no error repeats
//   - body.go, payload.go: limits for reading, and payloads in pieces
//   - memory.go: payloads whose memory is reused
//   - credentials.go, sdk.go: what an AWS SDK provides
//   - stream.go, streamevents.go, eventstream.go: replies that come as event streams
package invoke
