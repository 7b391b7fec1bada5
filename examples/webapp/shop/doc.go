// Package shop is a tea shop for people with a browser: an ordinary net/http application. It uses
// Lambda only for the footer of each page, which names the function, its version and the request.
//
// The shop stores nothing between two requests, because the execution environment of a function may
// end after one. The teas are fixed, and an order is in a cookie of the browser that placed it.
//
// Read shop.go first: [New] and the routes. Then:
//
//   - page.go: renders pages, and sets the headers that protect them
//   - teas.go: what the shop sells
//   - order.go: the order form and its errors, and the page of an order
//   - kettle.go: a stream
//   - templates, assets: HTML; style sheet, script and icon
package shop
