// Package logstash reads the log of a KrakenD 2 gateway as logstash does: each line of KrakenD-CE's
// logger with "format": "logstash" is JSON. The logger pastes messages into JSON as they are.
//
// Read logstash_test.go first: it is the only test.
package logstash
