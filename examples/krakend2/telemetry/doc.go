// Command telemetry is a KrakenD 2 gateway with OpenTelemetry: traces of requests and of the
// functions that they invoke, and metrics for Prometheus. It does by hand what KrakenD-CE does
// with its component krakend-otel, and is a start for a build without that component.
//
// Read main.go first: it builds the gateway and serves it. Then:
//
//   - telemetry.go: the SDK, the spans of requests and of backends, and the metrics
package main
