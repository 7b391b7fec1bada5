// Package apigw translates HTTP requests to the events that AWS sends to functions, and the
// results of functions to HTTP responses. It supports API Gateway's payload formats 1.0 and 2.0,
// the format of Application Load Balancers, and the preludes at the start of streams. Its
// functions are pure: they do no I/O, log nothing, and use no clock, no configuration and no
// KrakenD.
//
// Read event.go first: [API] and [Request]. Then:
//
//   - rest.go, http.go, alb.go: the events, one format each
//   - object.go: writes them as JSON
//   - target.go, template.go: the path and the query string that a function sees
//   - host.go, headers.go, body.go: code that all formats share
//   - response.go, head.go: replies that are HTTP responses
//   - prelude.go, preludescanner.go: the head of a stream, and how it is detected
package apigw
