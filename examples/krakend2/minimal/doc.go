// Command minimal is the least that makes a KrakenD gateway whose backends can be AWS Lambda
// functions. docs/build.md shows it, and docs/local-development.md its test of krakend.json.
//
// Read main.go first: it is the only file.
package main
