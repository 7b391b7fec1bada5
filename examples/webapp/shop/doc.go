// Package shop is a tea shop for people with a browser: an ordinary net/http application. Of
// Lambda it knows one thing: the footer of each page names the function, its version and the
// request.
//
// The shop keeps nothing between two requests, because the execution environment of a function may
// be gone after one. The teas are fixed, and an order is in a cookie of the browser that placed it.
//
// Read shop.go first: [New] and the routes. Then:
//
//   - page.go: how pages are made, and the headers that protect them
//   - teas.go: what the shop sells
//   - order.go: the order form and its errors, and the page of an order
//   - kettle.go: a stream
//   - templates, assets: HTML; style sheet, script and icon
package shop
