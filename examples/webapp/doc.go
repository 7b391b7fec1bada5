// Command webapp runs an ordinary web application as a function, behind an Invoke API on loopback
// that takes the place of AWS Lambda: once for each of API Gateway's payload formats.
//
//	go run .
//
// The example gateways have endpoints for it: `make run`, in the repository's root, starts it
// beside one of them, and the shop is open at http://127.0.0.1:8080/.
//
// The application itself, in package shop, knows nothing of Lambda.
//
// Read main.go first: it is the only file.
package main
