// Package text writes strings: into log lines, so that each stays on one line, and into
// JSON. It imports the standard library only and decides nothing.
//
// Read quote.go first: text for log lines. Then:
//
//   - secrets.go: what no log line may repeat
//   - repeats.go: whether a text repeats another one, in whatever encoding
//   - json.go, appendjson.go: JSON, and strings in it
package text
