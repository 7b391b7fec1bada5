// Command webapp runs an ordinary web application as a function, behind an Invoke API on loopback
// that takes the place of AWS Lambda.
//
//	go run .
//
// The example gateways have endpoints for it: `make run`, in the repository's root, starts it
// beside one of them, and the shop is open at http://127.0.0.1:8080/. At another address without HTTPS,
// with KrakenD 1.0 to 1.3, orders need that address as the host of their backend in krakend.json.
//
// The application itself is in package shop.
//
// Read main.go first: it is the only file.
package main
