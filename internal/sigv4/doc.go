// Package sigv4 signs requests with AWS Signature Version 4. Its functions are pure: they do no
// I/O and get the time from their caller. It only signs requests to the Invoke API, so it
// supports requests with at most one query parameter, to services other than S3.
//
// Read signer.go first: [Signer]. It is the only file.
package sigv4
