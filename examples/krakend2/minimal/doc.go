// Command minimal is the least that makes a KrakenD gateway whose backends can be AWS Lambda
// functions. It reads krakend.json in the directory that it is started in.
//
// Read main.go first: it is the only file.
package main
