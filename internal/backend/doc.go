// Package backend is the Lambda backend itself, free of KrakenD: its
// configuration, the function's name, the payload, the invocation through the
// AWS SDK, the reply and the errors. The doors, one for each generation of
// KrakenD, translate their framework's types into this package's and back.
package backend
