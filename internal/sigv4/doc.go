// Package sigv4 signs requests with AWS Signature Version 4. Its functions are pure: they do no
// I/O and know no clock but the time that they are handed. It signs requests to the Invoke API
// and no others: requests of one query parameter at most, to services that are not S3.
//
// Read signer.go first: [Signer]. It is the only file.
package sigv4
