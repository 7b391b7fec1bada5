package faults

import "github.com/devopsfaith/krakend-lambda/internal/gatewaytest"

// A protocol is the HTTP version between clients and a gateway.
type protocol struct {
	name string
	// http2: the clients speak HTTP/2, and reset a stream instead of closing the connection.
	http2   bool
	options gatewaytest.Options
	service object // of krakend.json
}

// protocols returns those of a gateway. net/http serves HTTP/2 over TLS, and golang.org/x/net/http2
// serves h2c.
func protocols(g generation) []protocol {
	all := []protocol{{name: "http1"}}
	if g.http2 {
		all = append(all,
			protocol{name: "http2", http2: true, options: gatewaytest.Options{TLS: true}},
			protocol{name: "h2c", http2: true, service: object{"use_h2c": true}},
		)
	}
	return all
}
