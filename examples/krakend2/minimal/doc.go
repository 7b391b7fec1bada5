// Command minimal is the smallest KrakenD gateway whose backends can be AWS Lambda functions.
// docs/build.md shows it, and docs/local-development.md its test of krakend.json.
//
// Read main.go first: it is the only file.
package main
