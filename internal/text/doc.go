// Package text writes strings: into log lines, so that each stays on one line, and into
// JSON. It imports the standard library only and decides nothing.
//
// Read quote.go and secrets.go for log lines, and json.go for JSON.
package text
