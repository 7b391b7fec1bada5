//go:build !race

package gatewaytest

// raceDetector tells whether the tests, and so the gateways, have the race detector.
const raceDetector = false
