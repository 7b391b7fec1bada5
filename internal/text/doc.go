// Package text writes strings: into log lines, so that each stays on one line, and into JSON. It
// imports only the standard library.
//
// Read quote.go first: text for log lines. Then:
//
//   - secrets.go: secrets that no log line may repeat
//   - repeats.go: whether a text repeats another one, in any of several encodings
//   - json.go, appendjson.go: JSON, and strings in it
package text
