// Package apigw maps HTTP requests to the events that AWS hands to functions, and what
// functions return to HTTP responses. It knows API Gateway's payload formats 1.0 and 2.0, the
// format of Application Load Balancers, and the preludes that streams begin with. Its functions
// are pure: they do no I/O, log nothing, and know no clock, no configuration and no KrakenD.
//
// Read event.go first: [API] and [Request]. Then:
//
//   - rest.go, http.go, alb.go: the events, one format each
//   - object.go: writes them as JSON
//   - target.go, template.go: the path and the query string that a function sees
//   - host.go, headers.go, body.go: what all formats share
//   - response.go, head.go: replies that are HTTP responses
//   - prelude.go, preludescanner.go: the head of a stream, and whether there is one
package apigw
