// Package backend turns one request from an adapter into a reply: it finds the function's name,
// builds the payload, makes the call, translates the reply, and decides what the client and the
// log get for an error. The adapters, one for each generation of KrakenD, translate between
// their framework's types and this package's. The package imports no KrakenD and no AWS SDK:
// internal/invoke makes the calls, and adapters pass in the code that uses an SDK.
//
// Read backend.go first: [Factory.New] and [Backend.Invoke]. Then:
//
//   - spec.go: what an adapter knows of a backend
//   - invocation.go: the call for one request, and how its result is handled
//   - payload.go, parameters.go, clientcontext.go, requestid.go: what the function receives
//   - templates.go: the values of template placeholders, and claims that KrakenD may not set
//   - reply.go, nesting.go, metadata.go: replies in one piece, and headers that come with data
//   - stream.go, longreply.go: replies that are streamed; receiver.go: the client that receives
//     them
//   - report.go: the result of checking a configuration
//   - policies.go: what backends with equal settings share
//   - transport.go: a build's own transports
//   - errors.go: the status and the message of each error; codes.go: those of AWS's error codes
//   - logline.go: the log line for an error
//   - undecodable.go: the log line for a reply that does not decode
//   - functionerror.go: what a client gets for a function's error
//   - namespaces.go: the check for components that a build lacks
//   - observer.go, watch.go, logreport.go: what observers see of an invocation
//   - accessors.go: what Go code can read from an error
//   - context.go, logger.go: the request's context, and loggers with clean lines
package backend
