// Package backend takes one request from an adapter to the reply: the function's name, the
// payload, the call, the reply, and what a client and the log get of an error. The adapters, one
// for each generation of KrakenD, translate their framework's types into this package's and
// back. It imports no KrakenD and no AWS SDK: internal/invoke makes the calls, and what knows an
// SDK is handed to it.
//
// Read backend.go first: [Factory.New] and [Backend.Invoke]. Then:
//
//   - spec.go: what an adapter knows of a backend
//   - invocation.go: the call of one request, and what becomes of its result
//   - payload.go, parameters.go, clientcontext.go, requestid.go: what the function receives
//   - templates.go: what templates stand for, and claims that KrakenD may not set
//   - reply.go, nesting.go, metadata.go: replies in one piece, and headers beside data
//   - stream.go, longreply.go: replies that go on as they come; receiver.go: the client that they go to
//   - report.go: what has become of a configuration
//   - transport.go: transports of a build
//   - errors.go: the status and the message of each error; codes.go: those of AWS's error codes
//   - logline.go: the line that the log has for an error
//   - undecodable.go: what the log says of a reply that does not decode
//   - functionerror.go: what a client gets of an error of the function's
//   - namespaces.go: the check for components that a build does not contain
//   - observer.go, watch.go, logreport.go: what observers learn of an invocation
//   - accessors.go: what Go code learns of an error
//   - context.go, logger.go: the request's context, and loggers whose lines are clean
package backend
