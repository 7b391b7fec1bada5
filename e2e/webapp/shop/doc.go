// Package shop is a tea shop: an ordinary net/http application with a router of github.com/go-
// chi/chi. It knows nothing of Lambda or of gateways.
//
// The shop keeps nothing between two requests: an environment that executes a function may be gone
// after it. The catalogue is fixed, a change of it is answered as if it were stored, and a
// customer's basket is in the customer's cookies.
//
// Read shop.go first: [New] and the routes. Then:
//
//   - pages.go: pages for people
//   - catalogue.go, basket.go, counter.go, account.go: what customers do
//   - downloads.go: files, with conditions and ranges
//   - inspection.go: how requests arrive
package shop
