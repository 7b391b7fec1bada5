// Command minimal is the smallest KrakenD gateway whose backends can be AWS Lambda functions.
// docs/build.md shows it, and docs/local-development.md its test of krakend.json.
//
// Read main.go first. example_test.go tests krakend.json.
package main
