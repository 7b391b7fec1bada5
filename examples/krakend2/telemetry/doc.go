// Command telemetry is a KrakenD 2 gateway with OpenTelemetry: traces of requests and of the
// functions that they invoke, and metrics for Prometheus. Use it as a start for a build without
// KrakenD-CE's component krakend-otel, which does the same.
//
// Read main.go first: it builds the gateway and serves it. Then:
//
//   - telemetry.go: the SDK, the spans of requests and of backends, and the metrics
package main
